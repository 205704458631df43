// What was given back rests here, filled with a pattern, before it can be used for something else: a first-in first-out
// list, bounded by count and bytes. A write is noticed when the memory leaves the list or the library is closed.

import type { FramegateError } from '../errors.ts'
import type { Call, Calls } from './calls.ts'
import { lateWrite } from './faults.ts'
import { FILL, firstOther } from './pattern.ts'

/** Bounds of what rests: small, because a guest may have little memory. */
const MOST_BLOCKS = 256
const MOST_BYTES = 1 << 20

/** Memory that debug mode can reach by address. */
export interface Ground {
  /** The bytes there, a view or a copy. */
  bytes(address: number, size: number): Uint8Array
  write(address: number, bytes: Uint8Array): void
}

/** Something given back. */
export interface Resting {
  readonly address: number
  /** How many bytes are known to belong to it; 0 where that is not known, and nothing can be filled. */
  readonly size: number
  /** What messages call it, before `a call of …`. */
  readonly what: string
  /** The function that it was given to; undefined for frames. */
  readonly free: string | undefined
  /** The call that gave it back. */
  readonly call: Call
  readonly ground: Ground
  /** Gives it back for good. */
  end(): void
}

interface Held extends Resting {
  /** What was in it: the function that frees it may read it. */
  readonly contents: Uint8Array
}

export class Quarantine {
  readonly #calls: Calls
  readonly #held: Held[] = []
  #bytes = 0
  #mostBlocks = MOST_BLOCKS

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** What rests at exactly this address. */
  startingAt(address: number): Resting | undefined {
    return this.#held.find((each) => each.address === address)
  }

  /** What rests around this address. */
  around(address: number): Resting | undefined {
    return this.#held.find((each) => address >= each.address && address < each.address + Math.max(each.size, 1))
  }

  hold(resting: Resting): void {
    const { address, size, ground, free } = resting
    const contents = free === undefined ? NOTHING : ground.bytes(address, size).slice()
    if (size > 0) ground.write(address, new Uint8Array(size).fill(FILL.released))
    this.#held.push({ ...resting, contents })
    this.#bytes += size
    while (this.#held.length > this.#mostBlocks || this.#bytes > MOST_BYTES) this.#endOldest()
  }

  /** Gives everything back; what is found goes to the call that runs, or is thrown. */
  drain(): void {
    while (this.#held.length > 0) this.#endOldest()
  }

  /** Gives everything back, now and from now on: calls on other threads may end later. */
  close(): void {
    this.#mostBlocks = 0
    this.drain()
  }

  #endOldest(): void {
    const oldest = this.#held.shift() as Held
    this.#bytes -= oldest.size
    const fault = faultOf(oldest)
    try {
      if (oldest.contents.length > 0) oldest.ground.write(oldest.address, oldest.contents)
      oldest.end()
    } catch (error) {
      this.#calls.report(error as FramegateError)
    }
    if (fault) this.#calls.report(fault)
  }
}

const NOTHING = new Uint8Array()

function faultOf({ address, size, what, call, ground }: Held): FramegateError | undefined {
  const changed = size === 0 ? -1 : firstOther(ground.bytes(address, size), 0, size, FILL.released)
  return changed < 0 ? undefined : lateWrite(what, changed, call)
}
