/**
 * A fresh process that starts one build once and tells the milliseconds from specs or a snapshot, in memory, to the first answer.
 * Asked to `save`, it writes the snapshot instead, for each build reads its own; builds from before there were any write none.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { EngineTask } from '../../../src/cli/bench/engine-process.ts'
import { makeUser } from '../../../src/cli/bench/users.ts'
import { built } from '../../project.ts'

export type StartTask = 'specs' | 'snapshot' | 'save'

const [dist, what, file, snapshot] = process.argv.slice(2) as [string, StartTask, string, string]
const { createEvaluator, Snapshot } = await built<typeof import('../../../src/node.ts')>('node.js', dist)
const task = JSON.parse(readFileSync(file, 'utf8')) as EngineTask
// As a payload arrives: a text that was cut out of another one is slower to read.
const text = Buffer.from(task.specs).toString()
const specs = what === 'snapshot' ? Snapshot.from(readFileSync(snapshot)) : text
const began = performance.now()
const evaluator = createEvaluator({ specs, backend: 'wasm' })
if (what === 'save') save(evaluator.snapshot)
else evaluator.checkGate(makeUser(0), task.names.gates[0]!)
process.send!(performance.now() - began, () => process.exit())

function save(made: { readonly bytes: Uint8Array } | undefined): void {
  if (made !== undefined) writeFileSync(snapshot, made.bytes)
}
