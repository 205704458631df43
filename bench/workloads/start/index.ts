/** Starting, and memory: each figure from a process of its own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineNames } from '../../../src/cli/bench/engine.ts'
import { type Figure, figure } from '../../../src/cli/bench/figure.ts'
import type { Watch } from '../../../src/cli/bench/rounds.ts'
import { flagEngineNames } from '../../engines/index.ts'
import { built } from '../../project.ts'
import { loadWorkload } from '../../workload.ts'
import { told } from '../told.ts'
import type { BusyLoop } from './busy-loop-process.ts'
import type { FirstAnswer, Origin } from './first-answer-process.ts'

export interface StartResult {
  readonly engine: string
  readonly origin: Origin
  /** Milliseconds. */
  readonly load: Figure
  readonly firstAnswer: Figure
  /** Resident MB over a Node that has done nothing. */
  readonly memory: Figure
}

export interface StartReport {
  readonly specs: string
  readonly bytes: number
  readonly processes: number
  readonly bareNodeMB: number
  readonly started: readonly StartResult[]
  readonly busyLoops: readonly (BusyLoop & { readonly engine: string })[]
}

export interface StartSizes {
  /** How often each engine is started. */
  readonly processes: number
  /** In the loop that never yields. */
  readonly users: number
}

const megabyte = 1e6
/** A loop that has taken so much will not stop of itself. */
const mostBytes = 2e9

export async function benchStart({ processes, users }: StartSizes, watch: Watch): Promise<StartReport> {
  const { specsName, specs, gates } = loadWorkload()
  const folder = mkdtempSync(join(tmpdir(), 'framegate-bench-'))
  try {
    const file = join(folder, 'specs.json')
    writeFileSync(file, specs)
    const snapshot = join(folder, 'snapshot')
    writeFileSync(snapshot, await snapshotOf(specs))
    const starts = [
      ...engineNames.map((engine) => ({ engine, origin: 'specs' as const, file })),
      { engine: 'framegate wasm', origin: 'snapshot' as const, file: snapshot },
      ...flagEngineNames.map((engine) => ({ engine, origin: 'flags' as const, file })),
    ]
    const all = starts.length * processes + engineNames.length
    let done = 0
    const answers = starts.map((): FirstAnswer[] => [])
    for (let round = 0; round < processes; round++)
      for (const [index, { engine, origin, file }] of starts.entries()) {
        watch(done++, all, `${engine}: start from ${origin}`)
        answers[index]!.push(
          await told<FirstAnswer>(engine, 'start/first-answer-process', [engine, origin, file, gates[0]!]),
        )
      }
    const bare = figure(Array.from({ length: processes }, bareNode)).median
    const busyLoops: StartReport['busyLoops'][number][] = []
    for (const engine of engineNames) {
      watch(done++, all, `${engine}: a loop that never yields`)
      const args = [engine, file, gates.join(','), String(users), String(mostBytes)]
      busyLoops.push({ engine, ...(await told<BusyLoop>(engine, 'start/busy-loop-process', args)) })
    }
    watch(all, all, '')
    const started = starts.map(({ engine, origin }, index) => resultOf(engine, origin, answers[index]!, bare))
    const bytes = Buffer.byteLength(specs)
    return { specs: specsName, bytes, processes, bareNodeMB: bare / megabyte, started, busyLoops }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function resultOf(engine: string, origin: Origin, answers: readonly FirstAnswer[], bare: number): StartResult {
  return {
    engine,
    origin,
    load: figure(answers.map(({ loadMs }) => loadMs)),
    firstAnswer: figure(answers.map(({ firstAnswerMs }) => firstAnswerMs)),
    memory: figure(answers.map(({ rss }) => (rss - bare) / megabyte)),
  }
}

async function snapshotOf(specs: string): Promise<Uint8Array> {
  const { createEvaluator } = await built<typeof import('../../../src/node.ts')>('node.js')
  const evaluator = createEvaluator({ specs })
  try {
    return evaluator.snapshot.bytes
  } finally {
    evaluator.dispose()
  }
}

/** What a loop's memory grew by in its second half, in MB; of one that was stopped, in all. */
export function growthOf({ early, half, end, isStopped }: BusyLoop): number {
  return (end - (isStopped ? early : half)) / megabyte
}

/** Resident bytes of a Node that has done nothing. */
function bareNode(): number {
  const program = 'process.stdout.write(String(process.memoryUsage.rss()))'
  return Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }))
}
