/**
 * From specs to the first answer: by reading the payload's JSON, from a snapshot of the loaded specs, and from a snapshot's
 * bytes, which are summed up first. Warm: in one process, in turns, with what the turn before left collected outside the
 * measured time. Fresh: once in a process of its own, in which the module is compiled already and nothing has run.
 *
 * Beside the warm ones stands what a new instance takes at the least: an instance of the module, its memory, and as many
 * bytes copied into it, by hand. Most of that are faults of pages that nobody has touched yet.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Snapshot as SnapshotType } from '../../../src/node.ts'
import { createEvaluator, engineModule, Snapshot } from '../built.ts'
import { compiled } from '../compile.ts'
import { collect, MB } from '../memory.ts'
import { gateNames, payload, subscriber } from '../payload.ts'
import { atMost, type CaseReport, type Row, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const origins = ['json', 'snapshot', 'bytes'] as const
export type Origin = (typeof origins)[number]

const titles: Record<Origin, string> = {
  json: 'JSON',
  snapshot: 'a snapshot',
  bytes: "a snapshot's bytes, with checksum",
}
const longest = 3
const share = 1 / 20

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const gates = isQuick ? 500 : 5000
  const rounds = isQuick ? 5 : 21
  const freshRounds = isQuick ? 1 : 5
  const specs = new TextEncoder().encode(payload({ gates, seed: 1 }))
  using first = createEvaluator({ specs })
  const { snapshot } = first
  const names = gateNames(gates)
  compareAnswers(specs, snapshot, names)
  const byHand: number[] = []
  const warm = await warmTimes(specs, snapshot, names, rounds, byHand)
  const fresh = freshTimes(specs, snapshot, names, freshRounds)
  return {
    title: 'snapshot: from specs to the first answer',
    sizes: `${gates} gates; medians of ${rounds} runs in turns warm, of ${freshRounds} processes fresh`,
    rows: [
      row('the JSON', 'MB', specs.length / MB),
      row('the snapshot', 'MB', snapshot.bytes.length / MB),
      row('memory of the instance', 'MB', first.memoryBytes / MB),
      ...timeRows('warm', warm),
      row('warm: an instance and its bytes by hand', 'ms', byHand),
      ...timeRows('fresh', fresh),
    ],
    notes: [],
  }
}

type Times = Record<Origin, number[]>

function timeRows(when: string, times: Times): Row[] {
  const ratios = (origin: Origin) => times[origin].map((time, round) => time / times.json[round]!)
  return [
    row(`${when}: from ${titles.json}`, 'ms', times.json),
    ...(['snapshot', 'bytes'] as const).flatMap((origin) => [
      row(`${when}: from ${titles[origin]}`, 'ms', times[origin], atMost(longest)),
      row(`${when}: from ${titles[origin]}, to JSON`, 'x', ratios(origin), atMost(share)),
    ]),
  ]
}

async function warmTimes(
  specs: Uint8Array,
  snapshot: SnapshotType,
  names: readonly string[],
  rounds: number,
  byHand: number[],
): Promise<Times> {
  const times: Times = { json: [], snapshot: [], bytes: [] }
  for (let round = -2; round < rounds; round++) {
    await collect()
    const time = filledByHand(snapshot)
    if (round >= 0) byHand.push(time)
    for (const origin of origins) {
      // What the one before has left is freed for a while after its collection, on threads of their own.
      await collect()
      const time = firstAnswer(origin, origin === 'json' ? specs : snapshot.bytes, snapshot, names[0]!)
      if (round >= 0) times[origin].push(time)
    }
  }
  return times
}

/** Milliseconds for what a start from a snapshot asks of V8 and the system. */
function filledByHand({ bytes, note, memoryBytes }: SnapshotType): number {
  const image = bytes.subarray(note.length)
  const began = performance.now()
  const { memory } = new WebAssembly.Instance(engineModule()).exports as { memory: WebAssembly.Memory }
  memory.grow((memoryBytes - memory.buffer.byteLength) / 65_536)
  new Uint8Array(memory.buffer).set(image, memoryBytes - image.length)
  return performance.now() - began
}

function freshTimes(specs: Uint8Array, snapshot: SnapshotType, names: readonly string[], rounds: number): Times {
  const folder = mkdtempSync(join(tmpdir(), 'framegate-bench-'))
  try {
    const paths = { specs: join(folder, 'specs.json'), snapshot: join(folder, 'snapshot') }
    writeFileSync(paths.specs, specs)
    writeFileSync(paths.snapshot, snapshot.bytes)
    const times: Times = { json: [], snapshot: [], bytes: [] }
    for (let round = 0; round < rounds; round++)
      for (const origin of origins) {
        const path = origin === 'json' ? paths.specs : paths.snapshot
        const command = [compiled('first-answer'), origin, path, names[0]!]
        times[origin].push(Number(execFileSync(process.execPath, command, { encoding: 'utf8' })))
      }
    return times
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Milliseconds until the first answer. */
export function firstAnswer(
  origin: Origin,
  bytes: Uint8Array,
  snapshot: SnapshotType | undefined,
  gate: string,
): number {
  const user = subscriber(1)
  const began = performance.now()
  const specs = origin === 'json' ? bytes : origin === 'bytes' ? Snapshot.from(bytes) : snapshot!
  const evaluator = createEvaluator({ specs })
  evaluator.checkGate(user, gate)
  const time = performance.now() - began
  evaluator.dispose()
  return time
}

function compareAnswers(specs: Uint8Array, snapshot: SnapshotType, names: readonly string[]): void {
  using loaded = createEvaluator({ specs })
  using started = createEvaluator({ specs: snapshot })
  using read = createEvaluator({ specs: Snapshot.from(snapshot.bytes.slice()) })
  for (let number = 0; number < 10; number++)
    for (const name of names) {
      const right = loaded.getFeatureGate(subscriber(number), name).ruleID
      for (const other of [started, read])
        expectSame(`${name} for user ${number}`, other.getFeatureGate(subscriber(number), name).ruleID, right)
    }
}
