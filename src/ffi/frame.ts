// A frame: the bytes that hold one call's arguments and result. It belongs to that call from before it starts until
// its result has been copied out, and nobody else ever sees it.

import { FramegateError } from './errors.ts'

/** The views on the memory that frames lie in. They are replaced when that memory grows. */
export interface Memory {
  u8: Uint8Array
  i32: Int32Array
  f64: Float64Array
}

/**
 * One call's memory. Write at `base + offset` through {@link Frame.memory}'s views, pass the frame to a symbol, read
 * the result, and release it in a `finally`.
 *
 * `memory` must be read anew after every call and after anything else that may enter the guest: growth replaces its views.
 */
export interface Frame {
  readonly memory: Memory
  /** Index of the frame's first byte in `memory.u8`; a multiple of 8. */
  readonly base: number
  /** Size in bytes. */
  readonly size: number
  /**
   * Gives the memory back.
   *
   * @throws {@link FramegateError} `FRAME_STALE` when it was released before, or while a frame taken later is in use
   */
  release(): void
}

/** Sizes of frames are 32-bit integers. */
const LARGEST = 0x7fff_fff0

/**
 * A frame's size, rounded up to a multiple of 8.
 *
 * @throws {@link FramegateError} `ARGUMENT_INVALID`, `GUEST_MEMORY_EXHAUSTED`
 */
export function checkedSize(size: number): number {
  if (size > LARGEST) throw exhausted(size)
  if (size >= 0 && Number.isInteger(size)) return (size + 7) & ~7
  throw new FramegateError('ARGUMENT_INVALID', `a frame of ${size} bytes is none; pass a whole number from 0`)
}

/** The error of a guest that has no memory for a frame. */
export function exhausted(size: number): FramegateError {
  return new FramegateError(
    'GUEST_MEMORY_EXHAUSTED',
    `there is no memory for a frame of ${size} bytes; pass less data in one call`,
  )
}
