// The native backend: the same definitions as koffi prototypes. Every call brings memory of its own; nothing is kept
// between calls. It offers speed where there is no WebAssembly build and the library as it is, not isolation: a crash
// in a shared object is a crash of the process.

import type { Definitions, SymbolDefinition, Symbols } from './definitions.ts'
import { FramegateError } from './errors.ts'
import { checkedSize, exhausted, type Frame, type Memory } from './frame.ts'
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
      symbols[name] = this.#bind(name, prototype(loaded, name, definition, guest.library), definition)
    }
    this.symbols = symbols as Symbols<Defined>
  }

  frame(size: number): Frame {
    this.#checkOpen()
    return new Owned(size)
  }

  close(): void {
    this.#closed = true
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #checkOpen(): void {
    if (this.#closed) throw new FramegateError('DISPOSED', 'the library was closed; open it again to call it')
  }

  #bind(name: string, call: Prototype, { parameters, result }: SymbolDefinition): Prototype {
    const isFrame = parameters.map((type) => type === 'frame')
    // koffi returns sizes as BigInt where they do not fit a number; addresses of user space do.
    const convert = result === 'usize' ? Number : (returned: unknown) => returned
    return (...values) => {
      this.#checkOpen()
      if (values.length !== parameters.length) {
        throw new FramegateError('ARGUMENT_INVALID', `${name} takes ${parameters.length} arguments; see its definition`)
      }
      return convert(call(...values.map((value, index) => (isFrame[index] ? memoryOf(value) : value))))
    }
  }
}

type Prototype = (...parameters: unknown[]) => unknown

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
): Prototype {
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

/** A frame with memory of its own. */
class Owned implements Frame {
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

/** The memory that a call hands over. */
function memoryOf(frame: unknown): Uint8Array | null {
  if (frame === null) return null
  const { memory, released } = frame as Owned
  if (released) throw new FramegateError('FRAME_STALE', 'the frame was released; take a new one')
  return memory.u8
}
