/** Starts a runtime that came as an npm package on one of this folder's scripts. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { projectFolder } from '../support/data.ts'
import { runtimeSets, withInputFiles } from './sets.ts'

export function runScript(runtime: string, options: readonly string[], script: string): SpawnSyncReturns<string> {
  const program = join(projectFolder, 'node_modules/.bin', runtime)
  return withInputFiles(runtimeSets, (input, table) =>
    spawnSync(program, [...options, join(import.meta.dirname, script), input, table], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 100_000,
      env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
    }),
  )
}
