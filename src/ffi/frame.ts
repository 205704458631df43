// A frame: the bytes that hold one call's arguments and result. It belongs to that call from before it starts until
// its result has been copied out, and nobody else ever sees it.

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
  /** Gives the memory back. Frames are released in the reverse of the order they were taken in. */
  release(): void
}
