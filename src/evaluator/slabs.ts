// Memory for the images of bound users. A buffer of its own for each would take a microsecond, six evaluations' worth of
// encoding, and the garbage collector tracks every one; a slab is cut into pieces from front to back instead. No piece is
// given twice: when the slab is full another follows, and the old one goes with the last user in it.

import type { Memory } from '../ffi/index.ts'

/** A stretch of a slab that is its holder's alone. It begins at a multiple of 8 and is zero. */
export interface Piece {
  readonly memory: Memory
  readonly base: number
}

const FIRST_BYTES = 4 * 1024
const MOST_BYTES = 32 * 1024
/** Larger pieces have a buffer of their own, lest what is left of a slab be lost. */
const LARGEST_PIECE = 4 * 1024

export class Slabs {
  #memory: Memory | undefined
  /** Where the next piece begins, and where the slab ends; the first is small, for who binds one user. */
  #next = 0
  #end = 0
  #size = FIRST_BYTES

  take(bytes: number): Piece {
    const length = (bytes + 7) & ~7
    if (length > LARGEST_PIECE) return { memory: views(length), base: 0 }
    if (this.#memory === undefined || this.#next + length > this.#end) {
      this.#memory = views(this.#size)
      this.#next = 0
      this.#end = this.#size
      this.#size = Math.min(2 * this.#size, MOST_BYTES)
    }
    const base = this.#next
    this.#next += length
    return { memory: this.#memory, base }
  }
}

function views(bytes: number): Memory {
  const buffer = new ArrayBuffer(bytes)
  return { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
}
