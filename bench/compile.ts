// Makes what the engines' processes run. A loader that transforms sources takes 60 MB of each process, and a thread.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { benchFolder, projectFolder } from './project.ts'

/** A file of this folder as it is compiled. */
export function compiled(name: string): string {
  return join(benchFolder, '.cache/bench', `${name}.js`)
}

export function compile(): void {
  const tsc = join(projectFolder, 'node_modules/.bin/tsc')
  const made = spawnSync(tsc, ['--project', 'bench/tsconfig.json'], { cwd: projectFolder, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`tsc --project bench/tsconfig.json failed:\n${made.stdout}${made.stderr}`)
}
