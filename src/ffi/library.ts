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
   * Ends the library; frames and symbols are of no use afterwards. Promises of nonblocking calls are rejected with
   * `DISPOSED`; in a shared object such a call itself goes on, and what it returns is freed.
   *
   * @throws {@link FramegateError} in debug mode `LEAKED`, with what was never given back and where it came from
   */
  close(): void
}

/** Called with every new instance, to bring it to where calls can be answered. */
export type Start<Defined extends Definitions> = (library: Library<Defined, unknown>) => void

/** How a guest is opened. */
export interface OpenOptions<Defined extends Definitions> {
  /** Not called for the instance that runs nonblocking symbols. */
  readonly start?: Start<Defined>
  /**
   * Checks every frame and everything owned, at a cost: red zones, fill patterns, a quarantine for what was freed, a
   * report of leaks at `close`. Without it the environment variable `FRAMEGATE_DEBUG=1` decides.
   */
  readonly debug?: boolean
  /**
   * Starts the worker that runs the nonblocking symbols of a WebAssembly guest: a web worker of `framegate/ffi/worker`,
   * or `ffiWorker` of `framegate/node`. It is called by the first nonblocking call, and again after a worker has died,
   * which rejects its calls with `GUEST_INTERRUPTED`.
   *
   * The worker opens the module itself: {@link start} does not run there, and a guest with a factory, glue, a loader or
   * imported functions is refused, for functions cannot be posted. `close` ends the worker, also in the middle of a call.
   * Two runtimes have no means to stop an endless loop of WebAssembly: Deno in a web worker (in a thread it has), and Bun.
   * There the promise is rejected, but the loop goes on until the process exits. A thread that idles does not keep its
   * process alive, nor does a web worker, except on Deno, which waits for `close`.
   *
   * @example
   * ```
   * // worker.js: import 'framegate/ffi/worker'
   * { worker: () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }) }
   * ```
   */
  readonly worker?: () => FfiWorker
}

/** A web worker or one of Node's threads. */
export interface FfiWorker {
  /** Sends a message, and hands over the buffers in `transfer`. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
  /** Ends the thread. */
  terminate(): unknown
}
