/**
 * The counters of a cell: shared memory that its threads write and its process reads while they run.
 *
 *     byte 0    i32  gate: 0 preparing, 1 running, 2 stop
 *          4    i32  threads that are ready
 *          8    i64  when the run began (nanoseconds of the machine's steady clock)
 *         64    one block of 64 bytes, a cache line, per thread:
 *               i64  operations
 *               i64  wrong replies, one count for each of `wrongKinds`
 *               i64  when the first one was seen, 0 for never
 */
import { type Counts, type WrongKind, type WrongReply, wrongKinds } from './result.ts'

const gateWord = 0
const readyWord = 1
const startCount = 1
const blockLength = 8
const operationsAt = 0
const wrongAt = 1
const firstWrongAt = wrongAt + wrongKinds.length

const preparing = 0
const running = 1
const stopping = 2

/** The side of the process: starts and stops the threads, and sums their counts. */
export class CellCounters {
  readonly memory: SharedArrayBuffer
  readonly #threads: number
  readonly #words: Int32Array
  readonly #counts: BigInt64Array

  constructor(threads: number) {
    this.memory = new SharedArrayBuffer((1 + threads) * blockLength * 8)
    this.#threads = threads
    this.#words = new Int32Array(this.memory)
    this.#counts = new BigInt64Array(this.memory)
  }

  get ready(): boolean {
    return Atomics.load(this.#words, readyWord) === this.#threads
  }

  start(): void {
    Atomics.store(this.#counts, startCount, process.hrtime.bigint())
    Atomics.store(this.#words, gateWord, running)
    Atomics.notify(this.#words, gateWord)
  }

  stop(): void {
    Atomics.store(this.#words, gateWord, stopping)
  }

  read(): Counts {
    const sum = (at: number) => this.#each(at).reduce((total, count) => total + Number(count), 0)
    const firsts = this.#each(firstWrongAt).filter((time) => time !== 0n)
    const began = Atomics.load(this.#counts, startCount)
    return {
      operations: sum(operationsAt),
      wrong: {
        another: sum(wrongAt + wrongKinds.indexOf('another')),
        nothing: sum(wrongAt + wrongKinds.indexOf('nothing')),
        argument: sum(wrongAt + wrongKinds.indexOf('argument')),
        unknown: sum(wrongAt + wrongKinds.indexOf('unknown')),
      },
      firstWrong: firsts.length === 0 ? null : Math.min(...firsts.map((time) => Number(time - began))) / 1e9,
    }
  }

  #each(at: number): bigint[] {
    return Array.from({ length: this.#threads }, (_, thread) =>
      Atomics.load(this.#counts, (1 + thread) * blockLength + at),
    )
  }
}

/** The side of a thread. */
export class Tally {
  readonly #words: Int32Array
  readonly #counts: BigInt64Array
  readonly #block: number
  readonly #tell: (reply: WrongReply) => void
  /** The kinds of which a reply was handed on as text; the rest is only counted. */
  readonly #told = new Set<WrongKind>()

  /**
   * @param thread - number of the thread within its cell
   * @param tell - is given the first wrong reply of each kind
   */
  constructor(memory: SharedArrayBuffer, thread: number, tell: (reply: WrongReply) => void) {
    this.#words = new Int32Array(memory)
    this.#counts = new BigInt64Array(memory)
    this.#block = (1 + thread) * blockLength
    this.#tell = tell
  }

  /** Says that this thread is ready, and returns when all are: they begin in the same instant. */
  waitForStart(): void {
    Atomics.add(this.#words, readyWord, 1)
    Atomics.wait(this.#words, gateWord, preparing)
  }

  /** Counts operations that are done; false when it is time to end. */
  more(operations: number): boolean {
    Atomics.add(this.#counts, this.#block + operationsAt, BigInt(operations))
    return Atomics.load(this.#words, gateWord) !== stopping
  }

  /** Counts wrong replies, of which one is described. */
  wrong(reply: WrongReply, count = 1): void {
    const firstWrong = this.#block + firstWrongAt
    Atomics.compareExchange(this.#counts, firstWrong, 0n, process.hrtime.bigint())
    Atomics.add(this.#counts, this.#block + wrongAt + wrongKinds.indexOf(reply.kind), BigInt(count))
    if (this.#told.has(reply.kind)) return
    this.#told.add(reply.kind)
    this.#tell(reply)
  }
}
