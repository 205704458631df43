// What both backends offer: a guest's functions, frames for their calls, and the number of the instance that answers.

import type { Callback } from './callback.ts'
import type { CallbackFunction, CallbackType, Definitions, Symbols } from './definitions.ts'
import type { Frame } from './frame.ts'

/** What made a guest: it decides how the guest is instantiated and how it allocates. */
export type Toolchain = 'emscripten' | 'wasm-pack' | 'assemblyscript' | 'plain' | 'native'

/**
 * An opened guest. It belongs to the thread that opened it.
 *
 * A call that ends abruptly (a trap, an exhausted stack) retires the instance: it is never entered again, the caller
 * gets a typed error, and the next call runs on a new instance, {@link Library.generation} one higher.
 */
export interface Library<Defined extends Definitions, Glue = undefined> extends Disposable {
  readonly backend: 'wasm' | 'native'
  readonly toolchain: Toolchain
  readonly symbols: Symbols<Defined>
  /**
   * The toolchain's own interface: functions of wasm-bindgen's glue, Emscripten's Module object, the exports of
   * AssemblyScript's loader. Functions called through it are guarded like symbols: an abrupt end retires the instance.
   */
  readonly glue: Glue
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
  /**
   * Registers a function that the guest may keep; it is valid until it is disposed of.
   *
   * @throws {@link FramegateError} `DEFINITION_INVALID`
   */
  callback<const Type extends CallbackType>(type: Type, call: CallbackFunction<Type>): Callback<Type>
  /**
   * Ends the library; frames and symbols are of no use afterwards.
   *
   * @throws {@link FramegateError} in debug mode `LEAKED`, with what was never given back and where it came from
   */
  close(): void
}

/** Called with every new instance, to bring it to where calls can be answered. */
export type Start<Defined extends Definitions> = (library: Library<Defined, unknown>) => void

/** How a guest is opened. */
export interface OpenOptions<Defined extends Definitions> {
  readonly start?: Start<Defined>
  /**
   * Checks every frame and everything owned, at a cost: red zones, fill patterns, a quarantine for what was freed, a
   * report of leaks at `close`. Without it the environment variable `FRAMEGATE_DEBUG=1` decides.
   */
  readonly debug?: boolean
  /**
   * Starts the worker that runs the nonblocking symbols of a WebAssembly guest: a web worker of `framegate/ffi/worker`,
   * or `ffiWorker` of `framegate/node`.
   */
  readonly worker?: () => FfiWorker
}

/** A web worker or one of Node's worker threads. */
export interface FfiWorker {
  postMessage(message: unknown): void
  terminate(): unknown
}
