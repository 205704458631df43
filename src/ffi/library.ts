// What both backends offer: a guest's functions, frames for their calls, and the number of the instance that answers.

import type { Callback } from './callback.ts'
import type { CallbackFunction, CallbackType, Definitions, Symbols } from './definitions.ts'
import type { ErrorCode, FramegateError } from './errors.ts'
import type { Frame } from './frame.ts'
import type { Snapshot } from './snapshot.ts'
import type { Spares } from './wasm/spares.ts'

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
  /** Counters of the library since it was opened. */
  readonly stats: LibraryStats
  /**
   * Takes a snapshot of the instance at rest. From now on every instance of this library starts from it, without
   * {@link OpenOptions.start}; so does any library that is opened with it, in this process or another.
   *
   * It holds the linear memory and the exported mutable globals, which is all there is of a guest in C or Rust. Of the
   * memory it leaves out frames, and blocks of 4 KiB that are as the module itself makes them. Objects that are alive in
   * the guest are so in every instance that starts from it. State in globals that are not exported is lost: guests that
   * are known to have such, those of AssemblyScript, and those with glue or a factory are refused.
   *
   * @param note - bytes to travel with it, such as the addresses of what the snapshot is about
   * @throws {@link FramegateError} `SNAPSHOT_REFUSED` while a call is in flight or a frame is held, after callbacks were
   * given to the guest, and for guests whose snapshots would not be whole: the message says which
   */
  snapshot(note?: Uint8Array): Snapshot
  /**
   * Makes the next instance, if the last one ended abruptly. Calls and frames do so too; this returns the error where there
   * is none to be had, for an error takes V8 the longer the farther it is thrown: 4.7 µs from within a frame, 2.5 from here.
   *
   * @returns `ENGINE_UNSTABLE`, or `DISPOSED` after `close`; undefined when calls are answered, and for native libraries
   * @throws {@link FramegateError} what keeps the next instance from being made
   * @internal
   */
  ready(): FramegateError | undefined
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

/** What has become of a library's instances. */
export interface LibraryStats {
  /** As {@link Library.generation}. */
  readonly generation: number
  /** How many instances ended abruptly, by the code of the error that their caller got. */
  readonly ends: Readonly<Partial<Record<ErrorCode, number>>>
  /** As {@link Library.memoryBytes}. */
  readonly memoryBytes: number
  /** The most bytes that one instance's memory had. */
  readonly peakBytes: number
}

/** Called with every new instance, to bring it to where calls can be answered. */
export type Start<Defined extends Definitions> = (library: Library<Defined, unknown>) => void

/** How a guest is opened. */
export interface OpenOptions<Defined extends Definitions> {
  /** Not called for the instance that runs nonblocking symbols, nor for instances that start from a snapshot. */
  readonly start?: Start<Defined>
  /**
   * What instances start from, instead of the module's own beginning: nothing of the guest runs, and the first call finds
   * everything as it was when the snapshot was taken.
   *
   * A function is asked for each instance, so that the bytes need not be kept while one answers. `open` throws
   * `SNAPSHOT_MISMATCH` when it is another module's.
   */
  readonly snapshot?: Snapshot | (() => Snapshot)
  /**
   * How many abrupt ends a second are followed by a new instance; default 200, `Infinity` for all. One counts once more for
   * each MiB that the memory of the instance had grown by. Beyond, calls throw `ENGINE_UNSTABLE` with the last end as their
   * cause, so that an input that traps costs its sender more than the host.
   */
  readonly recoveriesPerSecond?: number
  /**
   * Fuel of each call from outside, for guests with {@link WasmGuest.fuel}: a whole number up to 2^31 - 1, the default.
   * A call that uses it up throws `FUEL_EXHAUSTED`, at the same place for the same memory and arguments.
   */
  readonly fuel?: number
  /**
   * Where the instances of several libraries go and come from, for guests that are {@link WasmGuest.interchangeable}.
   * Without it, a library begins only in instances of its own that ended.
   *
   * @internal
   */
  readonly spares?: Spares
  /** Told of each abrupt end, once, before the caller gets the error. It must not throw or call the library. */
  readonly onEnd?: (error: FramegateError) => void
  /**
   * Checks every frame and everything owned. Without it the environment variable `FRAMEGATE_DEBUG=1` decides, where there
   * is an environment. A call takes some ten microseconds then; off, nothing is checked and nothing costs.
   *
   * Each fault is an error that names the symbol and carries the stack of its call:
   * - `FRAME_OVERRUN`: a write beside an argument, an out slot or a frame, seen when the call returns. Red zones of 16
   *   bytes lie around each, from the very byte after a string's NUL.
   * - `WRITE_AFTER_RELEASE`: a write into a frame whose call is over, or into what was given back. That memory is filled
   *   with 0xDD, and looked at when it is used again or at `close`.
   * - `READ_AFTER_RELEASE`: an address of such memory, or its contents, comes from the guest; or the host uses the
   *   `memory` of a frame that it released.
   * - `DOUBLE_FREE`: something is given to its function `free` twice, or returned as owned after it was given back.
   * - `LEAKED`, thrown by `close` when all is closed: pointers not freed, handles not disposed of (the garbage collector
   *   ends none of them here), frames not released, callbacks not disposed of.
   *
   * What is given back rests in a quarantine: the guest's `free` is called later, in order, and at `close` at the latest.
   * There is room for 256 blocks and 1 MiB; a fault is no longer seen once its block has left. A function `free` that has
   * a result is called at once when it is called as a symbol. Function pointers are never used again.
   *
   * Not seen, on both backends: what the guest does within its own memory; values of a `bytes` or `pointer` type that are
   * stored rather than returned; calls through `glue`, and objects of AssemblyScript but for their handles.
   *
   * A shared object's memory is the process's, so natively these go unseen as well: writes by an address that is not in
   * the red zones of a call; strings within structs, structs by value, and the values of callbacks; a write into a block
   * that was given back whose size the definition does not tell. The guest gets copies of buffers, so that it must not
   * expect two calls, or two arguments, to share one; and of callbacks that are over, the latest 1,024 are known.
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
