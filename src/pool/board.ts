// The memory by which a thread hands snapshots to the others. They see a new one at their next call, without an event
// loop: a thread that computes, or waits in `Atomics.wait` as piscina's idle threads do, gets no messages.
//
// The board holds snapshots; the control words say where the current one lies:
//
//     0  version          of the current snapshot, from 1
//     1  ended            1: no more versions will come
//     2  fence            written and read for the sake of order
//     4  offset, length   of even versions in the board: units of 8 bytes, bytes
//     6  offset, length   of odd versions
//
//     board   | free            | version 8          | free         ->  grows up to what was reserved
//               version 9 goes here, or behind 8 where it does not fit
//
//     owner                                        thread
//       writes the bytes into a free stretch         n := version
//       their place into the words of version n + 1  copies the stretch that the words of version n name
//       fence                                        fence
//       version := n + 1                             once more, unless the version is still n
//       fence
//
// What belongs to the current version is never written to: neither its stretch nor its words. The owner writes over
// those of version n only when n + 1 is current, so a thread whose copy is torn finds another version when it looks
// again. Threads take no lock and register nowhere: one that is ended in the middle of a copy holds nothing up. A thread
// may miss versions.

import { FramegateError, type Snapshot } from '../evaluator/index.ts'

const WORD = { version: 0, ended: 1, fence: 2, places: 4 } as const
const WORDS = 8

/** Address space that is reserved unless the caller says otherwise; what is not written to takes no memory. */
const RESERVED = 256 * 1024 * 1024

/** A snapshot's bytes that were copied off the board. */
export interface Posted {
  readonly version: number
  readonly bytes: Uint8Array
}

/** The buffers of a board, as they go to other threads. */
export interface BoardMemory {
  /** Snapshots; it grows. */
  readonly board: SharedArrayBuffer
  /** The control words. */
  readonly control: SharedArrayBuffer
}

/** The owner's side. */
export class BoardWriter implements BoardMemory {
  readonly board: SharedArrayBuffer
  readonly control: SharedArrayBuffer
  readonly #words: Int32Array

  /**
   * @param maxBytes - of address space to reserve; default 256 MiB, or eight times the first snapshot if that is more
   * @throws {@link FramegateError} `SHARED_MEMORY_EXHAUSTED`, `SHARING_REFUSED`
   */
  constructor(first: Snapshot, maxBytes: number | undefined) {
    const reserved = maxBytes ?? Math.max(RESERVED, 8 * first.bytes.length)
    const initial = Math.min(first.bytes.length, reserved)
    this.board = growable(initial, reserved)
    this.control = new SharedArrayBuffer(4 * WORDS)
    this.#words = new Int32Array(this.control)
    this.post(first)
  }

  /** The version that was posted last. */
  get version(): number {
    return Atomics.load(this.#words, WORD.version)
  }

  /**
   * Makes a snapshot the current one.
   *
   * @throws {@link FramegateError} `SHARED_MEMORY_EXHAUSTED`; the one before stays current
   */
  post({ bytes }: Snapshot): void {
    const words = this.#words
    const offset = this.#freeStretch(bytes.length)
    new Uint8Array(this.board, offset, bytes.length).set(bytes)
    const next = this.version + 1
    Atomics.store(words, placeOf(next), offset / 8)
    Atomics.store(words, placeOf(next) + 1, bytes.length)
    fence(words)
    Atomics.store(words, WORD.version, next)
    fence(words)
  }

  /** Says that no more will come. */
  end(): void {
    Atomics.store(this.#words, WORD.ended, 1)
  }

  /** Before the current snapshot where there is room, else behind it. */
  #freeStretch(length: number): number {
    const place = placeOf(this.version)
    const start = 8 * Atomics.load(this.#words, place)
    if (length <= start) return 0
    const behind = multipleOf8(start + Atomics.load(this.#words, place + 1))
    const needed = behind + length
    if (needed <= this.board.byteLength) return behind
    if (needed > this.board.maxByteLength) throw full(needed, this.board.maxByteLength)
    try {
      this.board.grow(needed)
    } catch (cause) {
      throw full(needed, this.board.maxByteLength, cause)
    }
    return behind
  }
}

/** A thread's side. */
export class BoardReader {
  readonly #board: SharedArrayBuffer
  readonly #words: Int32Array

  constructor({ board, control }: BoardMemory) {
    this.#board = board
    this.#words = new Int32Array(control)
  }

  /**
   * The current version, or one that was it a moment ago: a plain read of 2 ns, where `Atomics.load` calls a builtin of
   * V8 and takes 15. No engine keeps the value across a call into a guest.
   */
  get version(): number {
    return this.#words[WORD.version] as number
  }

  /** Whether no more versions will come. */
  get ended(): boolean {
    return Atomics.load(this.#words, WORD.ended) === 1
  }

  /** A copy of the current snapshot, which the owner may write over from now on. */
  read(): Posted {
    for (;;) {
      const version = Atomics.load(this.#words, WORD.version)
      const offset = 8 * Atomics.load(this.#words, placeOf(version))
      const length = Atomics.load(this.#words, placeOf(version) + 1)
      // Of two versions they may name a stretch that reaches beyond the end.
      const bytes = new Uint8Array(this.#board, offset, Math.min(length, this.#board.byteLength - offset)).slice()
      fence(this.#words)
      if (version === Atomics.load(this.#words, WORD.version)) return { version, bytes }
    }
  }
}

/** Where a version's offset and length are. */
function placeOf(version: number): number {
  return WORD.places + 2 * (version & 1)
}

/**
 * Whatever was read and written before is done before whatever is read and written afterwards. Atomic accesses keep their
 * order with one another; a store also comes after, and a load before, the plain ones around it.
 */
function fence(words: Int32Array): void {
  Atomics.store(words, WORD.fence, 0)
  Atomics.load(words, WORD.fence)
}

function growable(initial: number, maxByteLength: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer !== 'function') {
    throw new FramegateError(
      'SHARING_REFUSED',
      'threads share no memory here: there is no SharedArrayBuffer; in browsers, isolate the page from other origins',
    )
  }
  try {
    const board = new SharedArrayBuffer(initial, { maxByteLength })
    if (typeof board.grow === 'function') return board
  } catch (cause) {
    throw full(initial, maxByteLength, cause)
  }
  throw new FramegateError('SHARING_REFUSED', 'shared memory cannot grow on this runtime; use a newer one')
}

function full(needed: number, reserved: number, cause?: unknown): FramegateError {
  return new FramegateError(
    'SHARED_MEMORY_EXHAUSTED',
    `the snapshots of the specs need ${needed} bytes of shared memory, ${reserved} are reserved; raise maxBytes of share`,
    { cause },
  )
}

function multipleOf8(length: number): number {
  return (length + 7) & ~7
}
