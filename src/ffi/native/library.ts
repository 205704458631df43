// The native backend: the same definitions as koffi prototypes. Every call brings memory of its own; nothing is kept
// between calls. It offers libraries as they are, not isolation: a crash in a shared object is a crash of the process.

import { Callback } from '../callback.ts'
import { isDebugging } from '../debug/environment.ts'
import { NativeGuards } from '../debug/native-guards.ts'
import type { CallbackFunction, CallbackType, Definitions, Pointer, Symbols } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import type { Frame } from '../frame.ts'
import type { HandleLedger, HandleOwner } from '../handle.ts'
import type { Library, OpenOptions } from '../library.ts'
import { checkCallback, type Signature, signaturesOf } from '../signature.ts'
import { bindNative, type NativeOwner } from './call.ts'
import { CallQueue } from './call-queue.ts'
import { dispatcher } from './callback-values.ts'
import { Owned } from './owned-frame.ts'
import { type Koffi, type KoffiFunction, type KoffiType, KoffiTypes } from './types.ts'

export type { Koffi } from './types.ts'

/** A guest built as a shared object. */
export interface NativeGuest {
  /** Path of the library, or a name that the system's loader finds, as `libz.so.1`. */
  readonly library: string
  readonly koffi: Koffi
}

/**
 * Opens a shared object.
 *
 * @throws {@link FramegateError} `LIBRARY_NOT_LOADED` when the file is no library for this machine, `SYMBOL_NOT_FOUND`
 * when it lacks a defined function
 */
export function openNative<Defined extends Definitions>(
  guest: NativeGuest,
  definitions: Defined,
  options: OpenOptions<Defined>,
): Library<Defined> {
  const library = new NativeLibrary(guest, definitions, options)
  options.start?.(library)
  return library
}

class NativeLibrary<Defined extends Definitions> implements Library<Defined>, NativeOwner, HandleOwner {
  readonly backend = 'native'
  readonly toolchain = 'native'
  readonly glue = undefined
  readonly symbols: Symbols<Defined>
  readonly generation = 1
  readonly memoryBytes = 0
  readonly stats = { generation: 1, ends: {}, memoryBytes: 0, peakBytes: 0 }
  readonly koffi: Koffi
  readonly types: KoffiTypes
  readonly queue: CallQueue
  readonly #guards: NativeGuards | undefined
  readonly #path: string
  readonly #loaded: ReturnType<Koffi['load']>
  readonly #frees = new Map<string, KoffiFunction>()
  readonly #registered = new Map<Callback, unknown>()
  lives = true

  constructor({ library, koffi }: NativeGuest, definitions: Defined, { debug }: OpenOptions<Defined>) {
    this.koffi = koffi
    this.types = new KoffiTypes(koffi)
    this.#path = library
    const signatures = signaturesOf(definitions)
    const guards = isDebugging(debug) ? new NativeGuards(koffi, this.types, signatures) : undefined
    this.#guards = guards
    this.queue = guards?.queue ?? new CallQueue()
    this.#loaded = load(koffi, library)
    const symbols: Record<string, unknown> = {}
    for (const signature of signatures) {
      const call = bindNative(this, signature)
      symbols[signature.name] = guards?.calls.guarded(signature.name, call) ?? call
    }
    this.symbols = symbols as Symbols<Defined>
  }

  get traces(): boolean {
    return this.#guards !== undefined
  }

  get ledger(): HandleLedger | undefined {
    return this.#guards?.ledger
  }

  prototype(signature: Signature): KoffiFunction {
    const { symbol, parameters, result } = signature
    if (this.#guards) return this.#guards.prototype(signature, (...types) => this.#load(...types))
    return this.#load(
      symbol,
      this.types.result(result),
      parameters.map(({ type }) => this.types.parameter(type)),
    )
  }

  function(name: string, result: KoffiType, parameters: KoffiType[]): KoffiFunction {
    const call = this.#load(name, result, parameters)
    return this.#guards?.free(name, call) ?? call
  }

  #load(name: string, result: KoffiType, parameters: KoffiType[]): KoffiFunction {
    try {
      return this.#loaded.func(name, result, parameters)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new FramegateError(
        'SYMBOL_NOT_FOUND',
        `${this.#path} has no function ${name}: ${reason}; is it another version?`,
        { cause },
      )
    }
  }

  free(name: string): KoffiFunction {
    let found = this.#frees.get(name)
    if (found === undefined) {
      found = this.function(name, 'void', ['void *'])
      this.#frees.set(name, found)
    }
    return found
  }

  end(address: number, free: string): void {
    const call = this.free(free)
    if (this.#guards) this.#guards.during(free, () => call(address))
    else call(address)
  }

  snapshot(): never {
    throw new FramegateError(
      'SNAPSHOT_REFUSED',
      'a shared object’s memory is the process’s, which no snapshot holds; open the WebAssembly build of the library',
    )
  }

  ready(): undefined {}

  frame(size: number): Frame {
    this.checkOpen()
    return this.#guards?.frame(size) ?? new Owned(size)
  }

  callback<const Type extends CallbackType>(type: Type, call: CallbackFunction<Type>): Callback<Type> {
    checkCallback('library.callback', type)
    const callback = new Callback(this, type, call)
    this.#guards?.opened(callback as unknown as Callback)
    return callback
  }

  install(callback: Callback): Pointer {
    return addressOf(this.koffi, this.registered(callback))
  }

  /** koffi's own reference to a registered callback. */
  registered(callback: Callback): unknown {
    this.checkOpen()
    let found = this.#registered.get(callback)
    if (found === undefined) {
      const type = this.koffi.pointer(this.types.prototype(callback.type))
      const call = dispatcher(this, callback.type, callback.call)
      found = this.#guards?.register(callback, call, type) ?? this.koffi.register(call, type)
      this.#registered.set(callback, found)
    }
    return found
  }

  uninstall(callback: Callback): void {
    const found = this.#registered.get(callback)
    this.#registered.delete(callback)
    if (this.#guards) this.#guards.closed(callback, found)
    else if (found !== undefined) this.koffi.unregister(found)
  }

  close(): void {
    if (!this.lives) return
    this.lives = false
    const finish = this.#guards?.finishing()
    // A call on another thread may still enter callbacks. What it runs in stays loaded as long as its function is known.
    this.queue.close(() => {
      for (const callback of [...this.#registered.keys()]) this.uninstall(callback)
      this.#guards?.callbacks.close()
    })
    finish?.()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  checkOpen(): void {
    if (!this.lives) throw new FramegateError('DISPOSED', 'the library was closed; open it again to call it')
  }
}

function addressOf(koffi: Koffi, callback: unknown): Pointer {
  return Number(typeof callback === 'bigint' ? callback : koffi.address(callback)) as Pointer
}

function load(koffi: Koffi, path: string): ReturnType<Koffi['load']> {
  try {
    // Deep: a library's own functions call one another, and not what Node has under the same name (it has all of zlib).
    return koffi.load(path, { deep: true })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FramegateError(
      'LIBRARY_NOT_LOADED',
      `${path} cannot be loaded: ${reason}; build it for this machine, or use the wasm backend`,
      { cause },
    )
  }
}
