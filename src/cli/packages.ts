/** Packages: found from the folder that has them, not from where this file happens to be. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { CommandError } from './errors.ts'

/** The package's exports, as its types are known to the caller. */
export function loadPackage<Exports>(name: string, folder: string): Exports {
  resolved(name, folder)
  return createRequire(join(folder, 'package.json'))(name) as Exports
}

/** The version in the package's description. */
export function packageVersion(name: string, folder: string): string {
  const file = resolved(name, folder)
  const root = `${join('node_modules', ...name.split('/'))}${sep}`
  const end = file.lastIndexOf(root)
  const description = end < 0 ? join(dirname(file), 'package.json') : `${file.slice(0, end + root.length)}package.json`
  return (JSON.parse(readFileSync(description, 'utf8')) as { version: string }).version
}

export function isInstalled(name: string, folder: string): boolean {
  try {
    resolved(name, folder)
    return true
  } catch {
    return false
  }
}

function resolved(name: string, folder: string): string {
  try {
    return createRequire(join(folder, 'package.json')).resolve(name)
  } catch (cause) {
    throw new CommandError(
      'PACKAGE_MISSING',
      `the package ${name} is not installed in ${folder}; run \`npm install ${name}\``,
      {
        cause,
      },
    )
  }
}
