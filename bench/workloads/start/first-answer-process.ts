/**
 * A fresh process that starts one engine once and says how long it took from what it is given, in memory, to the first answer, and what
 * the process then takes. Loading the engine's package comes before and is told apart: it is not the engine's to shorten.
 */
import { readFileSync } from 'node:fs'
import type { EngineName } from '../../../src/cli/bench/engine.ts'
import { makeUser } from '../../../src/cli/bench/users.ts'
import { type FlagEngineName, flagEngineModule, loadStatsig } from '../../engines/index.ts'
import { benchFolder, built } from '../../project.ts'
import { flagNames, people } from '../flags/definition.ts'

/** `specs` and `snapshot` are a file's; `flags` are the 3-rule flags. */
export type Origin = 'specs' | 'snapshot' | 'flags'

export interface FirstAnswer {
  readonly loadMs: number
  readonly firstAnswerMs: number
  /** Resident bytes of the whole process after the answer. */
  readonly rss: number
}

const [name, origin, file = '', gate = ''] = process.argv.slice(2) as [FlagEngineName, Origin, string?, string?]
const began = performance.now()
const start = await startOf()
const loaded = performance.now()
await start()
const answered = performance.now()
const told: FirstAnswer = {
  loadMs: loaded - began,
  firstAnswerMs: answered - loaded,
  rss: process.memoryUsage.rss(),
}
process.send!(told, () => process.exit())

async function startOf(): Promise<() => Promise<unknown>> {
  if (origin === 'flags') {
    const startEngine = await flagEngineModule(name)
    return async () => (await startEngine(name)).isOn(people[0]!, flagNames[0]!)
  }
  const bytes = readFileSync(file)
  if (origin === 'snapshot') {
    const { createEvaluator, Snapshot } = await built<typeof import('../../../src/node.ts')>('node.js')
    return async () => createEvaluator({ specs: Snapshot.from(bytes) }).checkGate(makeUser(0), gate)
  }
  const specs = bytes.toString()
  const { startEngine } = await built<typeof import('../../../src/cli/bench/engines.ts')>('cli/bench/engines.js')
  loadStatsig(name as EngineName)
  const source = { specs, idLists: {}, packagesFrom: benchFolder }
  return async () => (await startEngine(name as EngineName, source)).checkGate(makeUser(0), gate)
}
