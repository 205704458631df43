// A frame of the native backend: memory of its own, which goes with the object.

import { FramegateError } from '../errors.ts'
import { checkedSize, exhausted, type Frame, type Memory } from '../frame.ts'

export class Owned implements Frame {
  readonly memory: Memory
  readonly base = 0
  readonly size: number
  released = false

  /** @param memory - views of exactly that size; default new memory */
  constructor(size: number, memory?: Memory) {
    this.size = checkedSize(size)
    this.memory = memory ?? allocated(this.size)
  }

  release(): void {
    // The memory goes with the object: nobody else ever had it.
    if (this.released) throw new FramegateError('FRAME_STALE', 'the frame was released before; release it once')
    this.released = true
  }
}

function allocated(size: number): Memory {
  let buffer: ArrayBuffer
  try {
    buffer = new ArrayBuffer(size)
  } catch {
    throw exhausted(size)
  }
  return { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
}
