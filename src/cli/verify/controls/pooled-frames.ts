/**
 * Control, built to fail: a backend with the defect of purego 0.9.0. Nothing of it is in the product.
 *
 * Call frames are recycled through a free list that all threads share. Argument and result have one word of the frame, as
 * purego's `a1`. A call returns a reference to that word, as `reflect.NewAt(T, &syscall.a1)` did, and gives the frame back
 * before the caller has looked: in between, another thread can take the frame and put its own argument, then its own
 * result, into the word. The list itself is sound (lock-free, its head is tagged against ABA), and every call really
 * enters the probe. No fault is injected: the race alone makes it fail.
 *
 * Shared memory, in 32-bit words:
 *
 *     word 0    head of the free list: frame number (low 16 bits, 0: empty), tag (high 16 bits)
 *          1    frames ever made
 *         16    frames of 16 words, a cache line each:   next | a1 | ...
 *
 * What the word can hold tells by itself what it is, and whose:
 *
 *     seed      1 | worker, 9 bits | count, 22 bits       the argument of alloc
 *     address   0 | worker + 1, 9 bits | address, 22 bits the result of alloc, the argument of free
 *     0                                                   the result of free, which has none
 */
import { readFileSync } from 'node:fs'
import { built, probeModuleName } from '../../built-files.ts'
import type { Tally } from '../counters.ts'
import type { WrongKind } from '../result.ts'
import type { Workload } from '../workload.ts'
import { instantiateProbe, type ProbeInstance } from './probe-instance.ts'

const headWord = 0
const framesMadeWord = 1
const firstFrame = 16
const frameWords = 16
const nextWord = 0
const a1Word = 1
/** A frame is made when the list is empty, so there are never more than threads. */
const mostFrames = 1024

const frameMask = 0xffff
const tagStep = 0x1_0000

const payloadBits = 22
const payloadMask = (1 << payloadBits) - 1
const seedMark = 1 << 31

/** Operations between two looks at the clock. */
const batch = 256

interface Shared {
  readonly module: WebAssembly.Module
  readonly pool: SharedArrayBuffer
}

export const pooledFrames: Workload<Shared> = {
  share: () => ({
    module: new WebAssembly.Module(readFileSync(built(probeModuleName))),
    pool: newPool(),
  }),
  prepare: ({ module, pool }, { thread }) => {
    const caller = new PooledCaller(instantiateProbe(module), pool, thread)
    return (tally: Tally) => {
      do for (let count = 0; count < batch; count++) operate(caller, thread, tally)
      while (tally.more(batch))
    }
  },
}

function operate(caller: PooledCaller, worker: number, tally: Tally): void {
  const seed = caller.nextSeed()
  const result = caller.alloc(seed)
  const word = result.value
  const wrong = caller.check(word, seed)
  if (wrong !== undefined)
    tally.wrong({ kind: wrong, worker, asked: `the address of a text with ${describe(seed)}`, got: describe(word) })
  caller.free()
}

/** Memory for a pool that is empty. */
export function newPool(): SharedArrayBuffer {
  return new SharedArrayBuffer((firstFrame + mostFrames * frameWords) * Int32Array.BYTES_PER_ELEMENT)
}

/** Points into a frame, whoever has that frame by now. */
class Reference {
  readonly #words: Int32Array
  readonly #at: number

  constructor(words: Int32Array, at: number) {
    this.#words = words
    this.#at = at
  }

  get value(): number {
    return Atomics.load(this.#words, this.#at)
  }
}

/** One thread's way to the probe: frames from the shared pool, an instance of its own. */
export class PooledCaller {
  readonly #probe: ProbeInstance
  readonly #words: Int32Array
  readonly #worker: number
  #count = 0
  /** The address that alloc really returned. The incident freed the one that was read; that would end the run. */
  #allocated = 0

  readonly #enterAlloc = (seed: number): number => {
    const address = this.#probe.alloc(BigInt(seed >>> 0))
    this.#allocated = ((this.#worker + 1) << payloadBits) | (address & payloadMask)
    return this.#allocated
  }

  readonly #enterFree = (address: number): number => {
    this.#probe.free(address & payloadMask)
    return 0
  }

  constructor(probe: ProbeInstance, pool: SharedArrayBuffer, worker: number) {
    this.#probe = probe
    this.#words = new Int32Array(pool)
    this.#worker = worker
  }

  nextSeed(): number {
    this.#count = (this.#count + 1) & payloadMask
    return seedMark | (this.#worker << payloadBits) | this.#count
  }

  alloc(seed: number): Reference {
    return this.#call(this.#enterAlloc, seed)
  }

  /** Frees what {@link PooledCaller.alloc} returned last. */
  free(): Reference {
    return this.#call(this.#enterFree, this.#allocated)
  }

  /** What is wrong with a word that should be the address of this thread's text with the seed. */
  check(word: number, seed: number): WrongKind | undefined {
    if (word === 0) return 'nothing'
    if (word < 0) return 'argument'
    if (word >>> payloadBits !== this.#worker + 1) return 'another'
    return this.#probe.textAt(word & payloadMask) === String(seed >>> 0) ? undefined : 'unknown'
  }

  #call(guestFunction: (argument: number) => number, argument: number): Reference {
    const words = this.#words
    const frame = this.#take()
    const a1 = frame + a1Word
    try {
      Atomics.store(words, a1, argument)
      Atomics.store(words, a1, guestFunction(Atomics.load(words, a1)))
      return new Reference(words, a1)
    } finally {
      this.#release(frame)
    }
  }

  #take(): number {
    const words = this.#words
    for (;;) {
      const head = Atomics.load(words, headWord)
      const number = head & frameMask
      if (number === 0) return frameAt(Atomics.add(words, framesMadeWord, 1) + 1)
      const next = Atomics.load(words, frameAt(number) + nextWord)
      const rest = ((head & ~frameMask) + tagStep) | next
      if (Atomics.compareExchange(words, headWord, head, rest | 0) === head) return frameAt(number)
    }
  }

  #release(frame: number): void {
    const words = this.#words
    const number = (frame - firstFrame) / frameWords + 1
    for (;;) {
      const head = Atomics.load(words, headWord)
      Atomics.store(words, frame + nextWord, head & frameMask)
      const rest = ((head & ~frameMask) + tagStep) | number
      if (Atomics.compareExchange(words, headWord, head, rest | 0) === head) return
    }
  }
}

function frameAt(number: number): number {
  return firstFrame + (number - 1) * frameWords
}

function describe(word: number): string {
  if (word === 0) return 'nothing'
  const payload = word & payloadMask
  if (word < 0) return `seed ${payload} of worker ${(word & ~seedMark) >>> payloadBits}`
  return `address ${payload} of worker ${(word >>> payloadBits) - 1}`
}
