// What a caller of debug mode holds for a frame: its views are refused once it was released.

import { FramegateError } from '../errors.ts'
import type { Memory } from '../frame.ts'
import type { Call } from './calls.ts'

/** The views of a frame's memory for as long as it is held. */
export class GuardedMemory implements Memory {
  readonly #memory: Memory
  readonly #call: Call
  #released = false

  /** @param call - the call that took the frame */
  constructor(memory: Memory, call: Call) {
    this.#memory = memory
    this.#call = call
  }

  get u8(): Uint8Array {
    return this.#held().u8
  }

  get i32(): Int32Array {
    return this.#held().i32
  }

  get f64(): Float64Array {
    return this.#held().f64
  }

  release(): void {
    this.#released = true
  }

  #held(): Memory {
    if (!this.#released) return this.#memory
    throw new FramegateError(
      'READ_AFTER_RELEASE',
      'the memory of a frame was used after the frame was released; copy out what you need before',
      { cause: this.#call.origin },
    )
  }
}
