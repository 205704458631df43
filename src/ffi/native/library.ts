// The native backend: the same definitions as koffi prototypes. Every call brings memory of its own; nothing is kept
// between calls. It offers libraries as they are, not isolation: a crash in a shared object is a crash of the process.

import { Callback } from '../callback.ts'
import type { CallbackFunction, CallbackType, Definitions, Pointer, Symbols } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import { checkedSize, exhausted, type Frame, type Memory } from '../frame.ts'
import type { HandleOwner } from '../handle.ts'
import type { Library, OpenOptions } from '../library.ts'
import { checkCallback, type Signature, signaturesOf } from '../signature.ts'
import { bindNative, type NativeOwner } from './call.ts'
import { dispatcher } from './callback-values.ts'
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
  const library = new NativeLibrary(guest, definitions)
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
  readonly traces = false
  readonly koffi: Koffi
  readonly types: KoffiTypes
  readonly #path: string
  readonly #loaded: ReturnType<Koffi['load']>
  readonly #frees = new Map<string, KoffiFunction>()
  readonly #registered = new Map<Callback, unknown>()
  lives = true

  constructor({ library, koffi }: NativeGuest, definitions: Defined) {
    this.koffi = koffi
    this.types = new KoffiTypes(koffi)
    this.#path = library
    const signatures = signaturesOf(definitions)
    this.#loaded = load(koffi, library)
    const symbols: Record<string, unknown> = {}
    for (const signature of signatures) symbols[signature.name] = bindNative(this, signature)
    this.symbols = symbols as Symbols<Defined>
  }

  prototype({ symbol, parameters, result }: Signature): KoffiFunction {
    return this.function(
      symbol,
      this.types.result(result),
      parameters.map(({ type }) => this.types.parameter(type)),
    )
  }

  function(name: string, result: KoffiType, parameters: KoffiType[]): KoffiFunction {
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
    this.free(free)(address)
  }

  frame(size: number): Frame {
    this.checkOpen()
    return new Owned(size)
  }

  callback<const Type extends CallbackType>(type: Type, call: CallbackFunction<Type>): Callback<Type> {
    checkCallback('library.callback', type)
    return new Callback(this, type, call)
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
      found = this.koffi.register(dispatcher(this, callback.type, callback.call), type)
      this.#registered.set(callback, found)
    }
    return found
  }

  uninstall(callback: Callback): void {
    const found = this.#registered.get(callback)
    if (found !== undefined) this.koffi.unregister(found)
    this.#registered.delete(callback)
  }

  close(): void {
    this.lives = false
    for (const callback of [...this.#registered.keys()]) this.uninstall(callback)
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
    return koffi.load(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FramegateError(
      'LIBRARY_NOT_LOADED',
      `${path} cannot be loaded: ${reason}; build it for this machine, or use the wasm backend`,
      { cause },
    )
  }
}

/** A frame with memory of its own. */
export class Owned implements Frame {
  readonly memory: Memory
  readonly base = 0
  readonly size: number
  released = false

  constructor(size: number) {
    this.size = checkedSize(size)
    let buffer: ArrayBuffer
    try {
      buffer = new ArrayBuffer(this.size)
    } catch {
      throw exhausted(size)
    }
    this.memory = { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
  }

  release(): void {
    // The memory goes with the object: nobody else ever had it.
    if (this.released) throw new FramegateError('FRAME_STALE', 'the frame was released before; release it once')
    this.released = true
  }
}
