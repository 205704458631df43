/** A worker thread with an engine of its own, which evaluates for as long as it is told to. */
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { evaluate } from '../../../src/cli/bench/contestant.ts'
import type { EngineName } from '../../../src/cli/bench/engine.ts'
import type { EngineTask } from '../../../src/cli/bench/engine-process.ts'
import { contestant } from '../../../src/cli/bench/workload.ts'
import { built } from '../../project.ts'

export interface ThreadData {
  readonly name: EngineName
  readonly file: string
}

const { name, file } = workerData as ThreadData
const { startEngine } = await built<typeof import('../../../src/cli/bench/engines.ts')>('cli/bench/engines.js')
const task = JSON.parse(readFileSync(file, 'utf8')) as EngineTask
const { version, turns } = contestant(await startEngine(name, task), task.names)

// Seconds come, evaluations go back.
parentPort!.on('message', async (seconds: number) => {
  parentPort!.postMessage(await evaluate(turns.fresh!, seconds))
})
parentPort!.postMessage(version)
