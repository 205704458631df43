// Makes what the cases' processes run. A loader that transforms sources takes 60 MB of each process, and a thread.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { projectFolder } from '../workload.ts'

const project = 'bench/isolation/tsconfig.json'

/** A file of this folder as it is compiled. */
export function compiled(name: string): string {
  return join(projectFolder, '.cache/isolation/bench/isolation', `${name}.js`)
}

export function compile(): void {
  const tsc = join(projectFolder, 'node_modules/.bin/tsc')
  const made = spawnSync(tsc, ['--project', project], { cwd: projectFolder, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`tsc --project ${project} failed:\n${made.stdout}${made.stderr}`)
}
