// The process of one cell: opens one peer, checks one operation's answers, times it, and prints the figures as JSON.
// It runs in Node, Deno and Bun.

import process from 'node:process'
import { type PeerOptions, Unavailable } from './calls.ts'
import { type CellReply, type CellRequest, peers } from './cells.ts'
import { type Batch, operations, type PromisedBatch, promisedOperations } from './operations.ts'

/** A batch is long beside the clock's reading, short beside what else happens on the machine. */
const batchMilliseconds = 0.4
const promisedBatchMilliseconds = 4
const checkedCalls = 1000

const request = JSON.parse(process.argv[2] as string) as CellRequest
let answer: CellReply
try {
  answer = await measured()
} catch (error) {
  if (!(error instanceof Unavailable)) throw error
  answer = { unavailable: error.message }
}
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0))

async function measured(): Promise<CellReply> {
  const { module, debug } = peers[request.peer]
  const options: PeerOptions = { ...request, debug }
  const { open } = (await import(`./peers/${module}.js`)) as typeof import('./peers/bare-wasm.ts')
  const peer = await open(options)
  const { version } = peer
  if (request.operation in operations) {
    const { run, expected } = operations[request.operation as keyof typeof operations].prepare(peer)
    mustReturn(run(checkedCalls), expected(checkedCalls))
    return { version, nanoseconds: timed(run, expected) }
  }
  const { run, expected } = promisedOperations[request.operation as keyof typeof promisedOperations].prepare(peer)
  mustReturn(await run(checkedCalls), expected(checkedCalls))
  return { version, nanoseconds: await timedPromises(run, expected) }
}

function timed(run: Batch, expected: (count: number) => number): number {
  let count = 16
  const warm = performance.now() + request.warmup
  for (let began = performance.now(); began < warm; began = performance.now()) {
    run(count)
    if (performance.now() - began < batchMilliseconds) count *= 2
  }
  // By now all code is compiled: what a batch holds is what the compiled code does in its time.
  const began = performance.now()
  run(count)
  count = Math.max(1, Math.round((count * batchMilliseconds) / (performance.now() - began)))
  const right = expected(count)
  const each: number[] = []
  const end = performance.now() + request.milliseconds
  for (let from = performance.now(); from < end || each.length < 8; ) {
    const sum = run(count)
    const to = performance.now()
    mustReturn(sum, right)
    each.push(((to - from) * 1e6) / count)
    from = performance.now()
  }
  return lowerQuartile(each)
}

async function timedPromises(run: PromisedBatch, expected: (count: number) => number): Promise<number> {
  const warm = performance.now() + request.warmup
  let count = 64
  for (let began = performance.now(); began < warm; began = performance.now()) {
    await run(count)
    if (performance.now() - began < promisedBatchMilliseconds) count *= 2
  }
  const right = expected(count)
  const each: number[] = []
  const end = performance.now() + request.milliseconds
  for (let from = performance.now(); from < end || each.length < 8; from = performance.now()) {
    mustReturn(await run(count), right)
    each.push(((performance.now() - from) * 1e6) / count)
  }
  return lowerQuartile(each)
}

/** The process's figure: a batch that was interrupted is longer, none is shorter than its calls take. */
function lowerQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 4)] as number
}

function mustReturn(given: number, right: number): void {
  if (given !== right) throw new Error(`a batch returned ${given} instead of ${right}`)
}
