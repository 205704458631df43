/** Where things are, seen from the sources as from what is compiled of them into `.cache/`. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const projectFolder = folderWith('bench/package.json', import.meta.dirname)

/** Whose packages are the peers. */
export const benchFolder = join(projectFolder, 'bench')

/** What is measured, unless another build is named. */
export const distFolder = join(projectFolder, 'dist')

/** A module of a build, given the type of the source that it was built from: what is measured is what is shipped. */
export async function built<Module>(name: string, dist = distFolder): Promise<Module> {
  return (await import(pathToFileURL(join(dist, name)).href)) as Module
}

function folderWith(file: string, within: string): string {
  return existsSync(join(within, file)) ? within : folderWith(file, dirname(within))
}
