// What both backends offer: a guest's functions, frames for their calls, and the number of the instance that answers.

import type { Definitions, Symbols } from './definitions.ts'
import type { Frame } from './frame.ts'

/**
 * An opened guest. It belongs to the thread that opened it.
 *
 * A call that ends abruptly (a trap, an exhausted stack) retires the instance: it is never entered again, the caller
 * gets a typed error, and the next frame is taken on a new instance, {@link Library.generation} one higher.
 */
export interface Library<Defined extends Definitions> extends Disposable {
  readonly backend: 'wasm' | 'native'
  readonly symbols: Symbols<Defined>
  /** The number of the instance within this library, from 1. A native library has only ever the one. */
  readonly generation: number
  /** Bytes of the instance's memory; 0 for a native library, whose memory is the process's. */
  readonly memoryBytes: number
  /**
   * Takes a frame of `size` bytes for one call. Its contents are whatever was there before.
   *
   * @throws {@link FramegateError} `GUEST_MEMORY_EXHAUSTED` when the guest has no memory for it, `DISPOSED` after `close`
   */
  frame(size: number): Frame
  /** Ends the library; frames and symbols are of no use afterwards. */
  close(): void
}

/** Called with every new instance, to bring it to where calls can be answered. */
export type Start<Defined extends Definitions> = (library: Library<Defined>) => void
