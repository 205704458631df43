/** A peer's package, as `bench/package.json` has it. Types are written down where it is used: they are what is relied on. */
import { loadPackage, packageVersion } from '../../src/cli/packages.ts'
import { benchFolder } from '../project.ts'

export function loadPeer<Exports>(name: string): Exports {
  return loadPackage<Exports>(name, benchFolder)
}

export function peerVersion(name: string): string {
  return packageVersion(name, benchFolder)
}

/** Nobody listens there: what a peer wants to send stays in its process. */
export const nowhere = 'http://127.0.0.1:9'
