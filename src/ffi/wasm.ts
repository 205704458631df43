// The wasm backend: instances of a module, frames in their linear memory, and what happens when a call does not
// return. Nothing here outlives a call except the instance: arguments live in the call's own frame, carved from a
// stack region that the instance allocated once, and a nested call's frame lies above it.

import type { Definitions, SymbolDefinition, Symbols } from './definitions.ts'
import { FramegateError } from './errors.ts'
import { checkedSize, exhausted, type Frame, type Memory } from './frame.ts'
import type { Library, Start } from './library.ts'

/** A guest compiled to WebAssembly. */
export interface WasmGuest {
  readonly module: WebAssembly.Module
  /** Names of the guest's allocator: `alloc(size)` returns an address (0: none), `free(address, size)` takes it back. */
  readonly allocator: { readonly alloc: string; readonly free: string }
  /** Name of the function that tells where the guest leaves the text of a panic: a 32-bit length, then UTF-8. */
  readonly panicMessage?: string
  readonly imports?: WebAssembly.Imports
}

/** The region that frames are carved from. Larger frames get a block of their own from the guest's allocator. */
const STACK_BYTES = 64 * 1024

type Export = (...parameters: number[]) => number

/** Opens a module. Instances are made when they are needed: now, and after each one that was retired. */
export function openWasm<Defined extends Definitions>(
  guest: WasmGuest,
  definitions: Defined,
  start?: Start<Defined>,
): Library<Defined> {
  return new WasmLibrary(guest, definitions, start)
}

class WasmLibrary<Defined extends Definitions> implements Library<Defined> {
  readonly backend = 'wasm'
  readonly symbols: Symbols<Defined>
  readonly #guest: WasmGuest
  readonly #names: readonly string[]
  readonly #start: Start<Defined> | undefined
  #instance: Instance | undefined
  #generation = 0
  #closed = false

  constructor(guest: WasmGuest, definitions: Defined, start: Start<Defined> | undefined) {
    this.#guest = guest
    this.#names = Object.keys(definitions)
    this.#start = start
    const symbols: Record<string, unknown> = {}
    for (const [name, definition] of Object.entries(definitions)) symbols[name] = this.#bind(name, definition)
    this.symbols = symbols as Symbols<Defined>
    this.#live()
  }

  get generation(): number {
    return this.#generation
  }

  get memoryBytes(): number {
    return this.#instance?.memory.u8.byteLength ?? 0
  }

  frame(size: number): Frame {
    return this.#live().carve(size)
  }

  close(): void {
    this.#closed = true
    this.#instance = undefined
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The instance that answers, a new one if the last was retired. */
  #live(): Instance {
    const current = this.#instance
    if (current !== undefined && !current.retired) return current
    if (this.#closed) throw new FramegateError('DISPOSED', 'the library was closed; open it again to call it')
    const instance = new Instance(this.#guest, this.#names, this.#generation + 1)
    this.#instance = instance
    this.#generation++
    try {
      this.#start?.(this)
    } catch (error) {
      this.#instance = undefined
      throw error
    }
    return instance
  }

  #bind(name: string, { parameters, result }: SymbolDefinition): Export {
    const unsigned = result === 'u32' || result === 'usize'
    // The shape of nearly every hot call, without arrays of arguments.
    if (parameters.length === 2 && parameters[0] === 'usize' && parameters[1] === 'frame') {
      return ((handle: number, frame: unknown) => {
        if (frame === undefined) throw wrongCount(name, parameters.length)
        const instance = this.#live()
        const address = addressOf(frame, instance)
        const call = instance.functions[name] as Export
        try {
          const returned = call(handle, address)
          return unsigned ? returned >>> 0 : returned
        } catch (error) {
          throw instance.ended(name, error)
        } finally {
          instance.settle()
        }
      }) as Export
    }
    return (...values) => {
      if (values.length !== parameters.length) throw wrongCount(name, parameters.length)
      const instance = this.#live()
      const converted = values.map((value, index) =>
        parameters[index] === 'frame' ? addressOf(value, instance) : value,
      )
      const returned = instance.call(name, converted)
      return unsigned ? returned >>> 0 : returned
    }
  }
}

function wrongCount(name: string, expected: number): FramegateError {
  return new FramegateError('ARGUMENT_INVALID', `${name} takes ${expected} arguments; see its definition`)
}

function addressOf(frame: unknown, instance: Instance): number {
  if (frame === null) return 0
  const carved = frame as Carved
  if (carved.instance !== instance || carved.released) {
    throw new FramegateError('FRAME_STALE', 'the frame was released, or its instance was retired; take a new one')
  }
  return carved.base
}

/** One instantiation: its functions, its memory, its stack of frames. */
class Instance {
  readonly functions: Record<string, Export>
  readonly memory: Memory
  retired = false
  readonly #generation: number
  readonly #linear: WebAssembly.Memory
  readonly #alloc: string
  readonly #free: string
  readonly #panicAddress: number
  readonly #end: number
  #top: number

  constructor(guest: WasmGuest, names: readonly string[], generation: number) {
    this.#generation = generation
    const exports = instantiate(guest)
    this.functions = exports as Record<string, Export>
    if (!(exports.memory instanceof WebAssembly.Memory)) {
      throw new FramegateError('GUEST_INCOMPATIBLE', 'the module exports no memory; build it with its memory exported')
    }
    this.#linear = exports.memory
    this.memory = views(this.#linear.buffer)
    this.#alloc = guest.allocator.alloc
    this.#free = guest.allocator.free
    const { panicMessage } = guest
    for (const name of [...names, this.#alloc, this.#free, ...(panicMessage ? [panicMessage] : [])]) {
      if (typeof exports[name] === 'function') continue
      throw new FramegateError('SYMBOL_NOT_FOUND', `the module exports no function ${name}; check its name and build`)
    }
    this.#panicAddress = panicMessage ? this.call(panicMessage, []) >>> 0 : 0
    this.#top = this.#allocate(STACK_BYTES)
    this.#end = this.#top + STACK_BYTES
  }

  /** Enters the guest. A call that does not return retires the instance. */
  call(name: string, parameters: readonly number[]): number {
    try {
      return (this.functions[name] as Export)(...parameters)
    } catch (error) {
      throw this.ended(name, error)
    } finally {
      this.settle()
    }
  }

  /** Where memory grew during a call, the old views are detached. */
  settle(): void {
    if (this.memory.u8.byteLength === 0) Object.assign(this.memory, views(this.#linear.buffer))
  }

  /** Retires the instance, whose call to `symbol` did not return, and says why in the caller's terms. */
  ended(symbol: string, cause: unknown): FramegateError {
    this.retired = true
    const next = `the instance was retired, the next call runs on generation ${this.#generation + 1}`
    const message = cause instanceof Error ? cause.message : String(cause)
    if (cause instanceof WebAssembly.RuntimeError) {
      const reason = this.#panicMessage() || message
      return new FramegateError('GUEST_TRAPPED', `${symbol} trapped: ${reason}; ${next}`, { cause })
    }
    // Firefox has an InternalError of its own for a stack that is full.
    if (cause instanceof RangeError || (cause instanceof Error && cause.name === 'InternalError')) {
      return new FramegateError('GUEST_STACK_EXHAUSTED', `${symbol} ran out of stack: ${message}; ${next}`, { cause })
    }
    return new FramegateError('GUEST_INTERRUPTED', `an exception went through ${symbol}: ${message}; ${next}`, {
      cause,
    })
  }

  carve(size: number): Carved {
    const rounded = checkedSize(size)
    const base = this.#top
    if (base + rounded > this.#end) return new Carved(this, this.#allocate(rounded), rounded, true)
    this.#top = base + rounded
    return new Carved(this, base, rounded, false)
  }

  uncarve({ base, size, block }: Carved): void {
    if (this.retired) return
    if (block) {
      this.call(this.#free, [base, size])
      return
    }
    if (base + size !== this.#top) {
      throw new FramegateError('FRAME_STALE', 'a frame above this one is still in use; release that one first')
    }
    this.#top = base
  }

  #allocate(size: number): number {
    const address = this.call(this.#alloc, [size]) >>> 0
    if (address === 0) throw exhausted(size)
    return address
  }

  /** What the guest said before it trapped; reading it does not enter the guest. */
  #panicMessage(): string {
    const at = this.#panicAddress
    if (at === 0) return ''
    const length = new DataView(this.#linear.buffer).getUint32(at, true)
    return new TextDecoder().decode(new Uint8Array(this.#linear.buffer, at + 4, length))
  }
}

function instantiate({ module, imports }: WasmGuest): WebAssembly.Exports {
  try {
    return new WebAssembly.Instance(module, imports ?? {}).exports
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (cause instanceof RangeError) {
      throw new FramegateError('GUEST_MEMORY_EXHAUSTED', `no memory for another instance: ${message}; close some`, {
        cause,
      })
    }
    throw new FramegateError('GUEST_INCOMPATIBLE', `the module cannot be instantiated: ${message}; pass its imports`, {
      cause,
    })
  }
}

/** A frame in an instance's memory. */
class Carved implements Frame {
  readonly instance: Instance
  readonly memory: Memory
  readonly base: number
  readonly size: number
  /** Whether it has a block of its own instead of a piece of the stack region. */
  readonly block: boolean
  released = false

  constructor(instance: Instance, base: number, size: number, block: boolean) {
    this.instance = instance
    this.memory = instance.memory
    this.base = base
    this.size = size
    this.block = block
  }

  release(): void {
    if (this.released) throw new FramegateError('FRAME_STALE', 'the frame was released before; release it once')
    this.instance.uncarve(this)
    this.released = true
  }
}

function views(buffer: ArrayBuffer): Memory {
  return { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
}
