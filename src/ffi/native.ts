// The native backend: the same definitions as koffi prototypes. Every call brings memory of its own; nothing is kept
// between calls. It offers speed where there is no WebAssembly build and the library as it is, not isolation: a crash
// in a shared object is a crash of the process.

import type { Definitions, SymbolDefinition, Symbols } from './definitions.ts'
import { FramegateError } from './errors.ts'
import type { Frame, Memory } from './frame.ts'
import type { Library, Start } from './library.ts'

/** The part of koffi that is used; the caller loads koffi, so that this module needs no runtime of its own. */
export interface Koffi {
  load(path: string): {
    func(name: string, result: string, parameters: string[]): (...parameters: unknown[]) => unknown
  }
}

/** A guest built as a shared object. */
export interface NativeGuest {
  /** Path of the library. */
  readonly library: string
  readonly koffi: Koffi
}

const TYPES = {
  i32: 'int32_t',
  u32: 'uint32_t',
  usize: 'size_t',
  f64: 'double',
  frame: 'void *',
  void: 'void',
} as const

/**
 * Opens a shared object.
 *
 * @throws {@link FramegateError} `LIBRARY_NOT_LOADED` when the file is no library for this machine, `SYMBOL_NOT_FOUND`
 * when it lacks a defined function
 */
export function openNative<Defined extends Definitions>(
  guest: NativeGuest,
  definitions: Defined,
  start?: Start<Defined>,
): Library<Defined> {
  const library = new NativeLibrary(guest, definitions)
  start?.(library)
  return library
}

class NativeLibrary<Defined extends Definitions> implements Library<Defined> {
  readonly backend = 'native'
  readonly symbols: Symbols<Defined>
  readonly generation = 1
  readonly memoryBytes = 0
  #closed = false

  constructor(guest: NativeGuest, definitions: Defined) {
    const loaded = load(guest)
    const symbols: Record<string, unknown> = {}
    for (const [name, definition] of Object.entries(definitions)) {
      symbols[name] = bind(prototype(loaded, name, definition, guest.library), definition)
    }
    this.symbols = symbols as Symbols<Defined>
  }

  frame(size: number): Frame {
    if (this.#closed) throw new FramegateError('DISPOSED', 'the library was closed; open it again to call it')
    return new Owned(size)
  }

  close(): void {
    this.#closed = true
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function load(guest: NativeGuest): ReturnType<Koffi['load']> {
  try {
    return guest.koffi.load(guest.library)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FramegateError(
      'LIBRARY_NOT_LOADED',
      `${guest.library} cannot be loaded: ${reason}; build it for this machine, or use the wasm backend`,
      { cause },
    )
  }
}

function prototype(
  loaded: ReturnType<Koffi['load']>,
  name: string,
  definition: SymbolDefinition,
  path: string,
): (...parameters: unknown[]) => unknown {
  try {
    return loaded.func(
      name,
      TYPES[definition.result],
      definition.parameters.map((type) => TYPES[type]),
    )
  } catch (cause) {
    throw new FramegateError('SYMBOL_NOT_FOUND', `${path} has no function ${name}; is it another version?`, { cause })
  }
}

function bind(
  call: (...parameters: unknown[]) => unknown,
  { parameters, result }: SymbolDefinition,
): (...parameters: unknown[]) => unknown {
  const wide = result === 'usize'
  if (parameters.length === 2 && parameters[0] === 'usize' && parameters[1] === 'frame' && !wide) {
    return (handle, frame) => call(handle, (frame as Owned).memory.u8)
  }
  const frames = parameters.map((type) => type === 'frame')
  return (...values) => {
    const returned = call(
      ...values.map((value, index) => (frames[index] && value ? (value as Owned).memory.u8 : value)),
    )
    // koffi returns sizes as BigInt where they do not fit a number; addresses of user space do.
    return wide ? Number(returned) : returned
  }
}

/** A frame with memory of its own. */
class Owned implements Frame {
  readonly memory: Memory
  readonly base = 0
  readonly size: number

  constructor(size: number) {
    this.size = (size + 7) & ~7
    const buffer = new ArrayBuffer(this.size)
    this.memory = { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
  }

  release(): void {
    // The memory goes with the object: nobody else ever had it.
  }
}
