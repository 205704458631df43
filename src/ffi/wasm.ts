// The wasm backend: instances of a module, frames in their linear memory, and what happens when a call does not
// return. Nothing here outlives a call except the instance: arguments live in the call's own frame, carved from a
// stack region that the instance allocated once, and a nested call's frame lies above it.

import type { Definitions, SymbolDefinition, Symbols } from './definitions.ts'
import { FramegateError } from './errors.ts'
import type { Frame, Memory } from './frame.ts'
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

/** Sizes of frames are 32-bit integers. */
const LARGEST_FRAME = 0x7fff_fff0

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
  readonly #start: Start<Defined> | undefined
  readonly #names: readonly string[]
  #instance: Instance | undefined
  #generation = 0
  #closed = false

  constructor(guest: WasmGuest, definitions: Defined, start: Start<Defined> | undefined) {
    this.#guest = guest
    this.#start = start
    this.#names = Object.keys(definitions)
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
    return (this.#instance ?? this.#live()).carve(size)
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
    if (this.#instance) return this.#instance
    if (this.#closed) throw new FramegateError('DISPOSED', 'the library was closed; open it again to call it')
    const instance = new Instance(this.#guest, this.#names)
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
    // The shape of nearly every hot call, without an array of arguments.
    if (parameters.length === 2 && parameters[0] === 'usize' && parameters[1] === 'frame') {
      return ((handle: number, frame: unknown) => {
        const instance = this.#instance ?? this.#live()
        const address = addressOf(frame, instance)
        try {
          const returned = (instance.functions[name] as Export)(handle, address)
          if (instance.memory.u8.byteLength === 0) instance.refresh()
          return unsigned ? returned >>> 0 : returned
        } catch (error) {
          throw this.#ended(instance, name, error)
        }
      }) as Export
    }
    return (...values) => {
      if (values.length !== parameters.length) {
        throw new FramegateError(
          'ARGUMENT_INVALID',
          `${name} takes ${parameters.length} arguments, not ${values.length}; see its definition`,
        )
      }
      const instance = this.#instance ?? this.#live()
      const converted = values.map((value, index) =>
        parameters[index] === 'frame' ? addressOf(value, instance) : value,
      )
      try {
        const returned = (instance.functions[name] as Export)(...converted)
        if (instance.memory.u8.byteLength === 0) instance.refresh()
        return unsigned ? returned >>> 0 : returned
      } catch (error) {
        throw this.#ended(instance, name, error)
      }
    }
  }

  /** Retires the instance whose call did not return and says why in the caller's terms. */
  #ended(instance: Instance, symbol: string, cause: unknown): FramegateError {
    if (this.#instance === instance) this.#instance = undefined
    instance.retired = true
    const panic = instance.panicMessage()
    const next = `the instance was retired, the next call runs on generation ${this.#generation + 1}`
    if (cause instanceof WebAssembly.RuntimeError) {
      const reason = panic || cause.message
      return new FramegateError('GUEST_TRAPPED', `${symbol} trapped: ${reason}; ${next}`, { cause })
    }
    const message = cause instanceof Error ? cause.message : String(cause)
    return new FramegateError('GUEST_STACK_EXHAUSTED', `${symbol} did not return: ${message}; ${next}`, { cause })
  }
}

function addressOf(frame: unknown, instance: Instance): number {
  if (frame === null) return 0
  if ((frame as Carved).instance !== instance) {
    throw new FramegateError('FRAME_STALE', 'the frame belongs to an instance that was retired; take a new one')
  }
  return (frame as Carved).base
}

/** One instantiation: its functions, its memory, its stack of frames. */
class Instance {
  readonly functions: Record<string, Export>
  readonly memory: Memory
  retired = false
  readonly #linear: WebAssembly.Memory
  readonly #alloc: Export
  readonly #free: Export
  readonly #panicAddress: number
  readonly #end: number
  #top: number

  constructor(guest: WasmGuest, names: readonly string[]) {
    const { exports } = new WebAssembly.Instance(guest.module, guest.imports ?? {})
    this.functions = exports as Record<string, Export>
    for (const name of names) this.#export(name)
    if (!(exports.memory instanceof WebAssembly.Memory)) {
      throw new FramegateError('GUEST_INCOMPATIBLE', 'the module exports no memory; build it with its memory exported')
    }
    this.#linear = exports.memory
    this.memory = views(this.#linear.buffer)
    this.#alloc = this.#export(guest.allocator.alloc)
    this.#free = this.#export(guest.allocator.free)
    this.#panicAddress = guest.panicMessage ? this.#export(guest.panicMessage)() >>> 0 : 0
    this.#top = this.allocate(STACK_BYTES)
    this.#end = this.#top + STACK_BYTES
  }

  carve(size: number): Carved {
    if (size > LARGEST_FRAME) throw exhausted(size)
    const rounded = (size + 7) & ~7
    const base = this.#top
    if (base + rounded > this.#end) return new Carved(this, this.allocate(rounded), rounded, true)
    this.#top = base + rounded
    return new Carved(this, base, rounded, false)
  }

  uncarve(frame: Carved): void {
    if (this.retired) return
    if (frame.block) this.#free(frame.base, frame.size)
    else this.#top = frame.base
  }

  allocate(size: number): number {
    const address = this.#alloc(size) >>> 0
    if (this.memory.u8.byteLength === 0) this.refresh()
    if (address === 0) throw exhausted(size)
    return address
  }

  /** Memory grew: the old views are detached. */
  refresh(): void {
    Object.assign(this.memory, views(this.#linear.buffer))
  }

  /** What the guest said before it trapped; reading it does not enter the guest. */
  panicMessage(): string {
    const at = this.#panicAddress
    if (at === 0) return ''
    const bytes = new Uint8Array(this.#linear.buffer)
    const length = new DataView(this.#linear.buffer).getUint32(at, true)
    return new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length))
  }

  #export(name: string): Export {
    const found = this.functions[name]
    if (typeof found !== 'function') {
      throw new FramegateError('SYMBOL_NOT_FOUND', `the module exports no function ${name}; check its name and build`)
    }
    return found
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

  constructor(instance: Instance, base: number, size: number, block: boolean) {
    this.instance = instance
    this.memory = instance.memory
    this.base = base
    this.size = size
    this.block = block
  }

  release(): void {
    this.instance.uncarve(this)
  }
}

function exhausted(size: number): FramegateError {
  return new FramegateError(
    'GUEST_MEMORY_EXHAUSTED',
    `the guest has no ${size} bytes for a frame; pass less data in one call`,
  )
}

function views(buffer: ArrayBuffer): Memory {
  return { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
}
