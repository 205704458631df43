/** The process of one engine with Statsig's semantics; its argument is a file with what to load and what to ask for. */
import { readFileSync } from 'node:fs'
import { serve } from './contestant.ts'
import type { EngineName, EngineSource } from './engine.ts'
import { startEngine } from './engines.ts'
import type { AskedNames } from './names.ts'
import { contestant } from './workload.ts'

/** What the file holds. */
export interface EngineTask extends EngineSource {
  readonly names: AskedNames
}

const [name, file] = process.argv.slice(2) as [EngineName, string]
await serve(async () => {
  const task = JSON.parse(readFileSync(file, 'utf8')) as EngineTask
  return contestant(await startEngine(name, task), task.names)
})
