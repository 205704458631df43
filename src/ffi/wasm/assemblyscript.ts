// AssemblyScript: strings and arrays are objects of the guest's garbage collector. What a call passes is pinned until the
// call has returned; what it returns is copied out before anything else can allocate. A string keeps what UTF-8 cannot
// express: AssemblyScript's strings are sequences of UTF-16 units, as JavaScript's are.

import type { TypedArrayType } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import { unfit } from '../scalars.ts'
import { type AnyFunction, Boundary, type Guard } from './boundary.ts'
import { functionOf, type Instantiated, importsOf, memoryOf, merged, type WasmGuest } from './guest.ts'
import { guardedLoader } from './managed-glue.ts'
import { ELEMENTS, ManagedMemory } from './managed-memory.ts'

/** The part of `@assemblyscript/loader` that is used; the caller loads it, so that this module needs no package. */
export interface ManagedLoader<Glue = unknown> {
  /** Makes an instance, with what the loader adds to its exports. */
  instantiateSync(
    module: WebAssembly.Module,
    imports?: WebAssembly.Imports,
  ): { instance: WebAssembly.Instance; exports: Glue }
}

/** Values of the guest's garbage collector. */
export interface ManagedValues {
  /** Makes a pinned object of the guest from a value; the caller unpins it. */
  lower(type: 'string' | TypedArrayType, value: unknown, place: string): number
  /** Copies an object of the guest out. */
  lift(type: 'string' | TypedArrayType, address: number, place: string): unknown
  pin(address: number): void
  unpin(address: number): void
}

/** What the loader adds to the module's exports. */
interface Loaded {
  __newString(text: string): number
  __newArray(id: number, values: ArrayLike<unknown>): number
}

/** The runtime's functions, which `--exportRuntime` exports. */
interface Runtime {
  __new(size: number, id: number): number
  __pin(address: number): number
  __unpin(address: number): void
}

const ARRAY_BUFFER_ID = 1

/** Makes an instance through the loader. */
export function instantiateManaged(guest: WasmGuest, loader: ManagedLoader, guard: Guard): Instantiated {
  const boundary = new Boundary()
  let managed: ManagedMemory | undefined
  const given = merged(
    defaultImports(() => managed),
    importsOf(guest, guard),
  )
  const { instance, exports: loaded } = loaderOf(loader).instantiateSync(
    guest.module,
    boundary.imports(guest.module, given),
  )
  const { exports } = instance
  const memory = memoryOf(exports)
  managed = new ManagedMemory(memory, exports)
  for (const name of ['__new', '__pin', '__unpin']) {
    if (functionOf(exports, name)) continue
    throw new FramegateError('GUEST_INCOMPATIBLE', `the module exports no ${name}; build it with --exportRuntime`)
  }
  boundary.attach(guard)
  const pins = new Pins(exports as unknown as Runtime, boundary)
  const { table } = exports
  return {
    toolchain: 'assemblyscript',
    memory,
    table: table instanceof WebAssembly.Table ? table : undefined,
    glue: guardedLoader(loaded as Record<string, unknown>, boundary, pins),
    lookup: (name) => counting(exports, functionOf(exports, name) as AnyFunction | undefined),
    ...blocksOf(exports as unknown as Runtime),
    managed: managedValues(loaded as Loaded, managed, pins, boundary),
  }
}

/** The loader's package is an ES module with a default export too, which some bundlers wrap once more. */
function loaderOf(loader: ManagedLoader): ManagedLoader {
  const { default: inner } = loader as { default?: ManagedLoader }
  const found = typeof loader.instantiateSync === 'function' ? loader : inner
  if (typeof found?.instantiateSync === 'function') return found
  throw new FramegateError(
    'GUEST_INCOMPATIBLE',
    'the loader has no instantiateSync; pass the module of the package @assemblyscript/loader',
  )
}

/** What AssemblyScript's own library imports, as the loader has it; with these the instance knows what an abort threw. */
function defaultImports(managed: () => ManagedMemory | undefined): WebAssembly.Imports {
  const text = (address: number) => managed()?.textOrNothing(address) ?? 'not known'
  return {
    env: {
      abort(message: number, file: number, line: number, column: number) {
        throw new Error(`abort: ${text(message)} at ${text(file)}:${line}:${column}`)
      },
      trace(message: number, count = 0, ...values: number[]) {
        console.log(`trace: ${text(message)}${count > 0 ? ' ' : ''}${values.slice(0, count).join(', ')}`)
      },
      seed: Date.now,
    },
    Math: Math as unknown as WebAssembly.ModuleImports,
    Date: Date as unknown as WebAssembly.ModuleImports,
  }
}

/** A function with optional parameters reads from the guest how many were passed. */
function counting(exports: WebAssembly.Exports, call: AnyFunction | undefined): AnyFunction | undefined {
  const setCount = functionOf(exports, '__setArgumentsLength') as AnyFunction | undefined
  if (setCount === undefined || call === undefined) return call
  return (...values) => {
    setCount(values.length)
    return call(...values)
  }
}

/** Blocks of bytes that the collector leaves alone. */
function blocksOf({ __new, __pin, __unpin }: Runtime): Pick<Instantiated, 'alloc' | 'free'> {
  return { alloc: (size) => __pin(__new(size, ARRAY_BUFFER_ID)), free: __unpin }
}

function managedValues(
  { __newString, __newArray }: Loaded,
  memory: ManagedMemory,
  pins: Pins,
  boundary: Boundary,
): ManagedValues {
  const lower = (type: 'string' | TypedArrayType, value: unknown, place: string): number => {
    if (type === 'string') return boundary.enter('__new', () => __newString(value as string))
    const id = memory.classOf(type, place)
    return boundary.enter('__new', () => __newArray(id, value as ArrayLike<unknown>))
  }
  return {
    lower(type, value, place) {
      const address = lower(type, value, place) >>> 0
      pins.add(address)
      return address
    },
    lift: (type, address, place) =>
      type === 'string' ? memory.text(address, place) : memory.array(type, address, place),
    pin: (address) => pins.add(address),
    unpin: (address) => pins.remove(address),
  }
}

/** The guest pins an object once and aborts at the second time; here it counts. */
export class Pins {
  readonly #runtime: Runtime
  readonly #boundary: Boundary
  readonly #counts = new Map<number, number>()

  constructor(runtime: Runtime, boundary: Boundary) {
    this.#runtime = runtime
    this.#boundary = boundary
  }

  add(address: number): void {
    const count = this.#counts.get(address) ?? 0
    if (count === 0) this.#boundary.enter('__pin', () => this.#runtime.__pin(address))
    this.#counts.set(address, count + 1)
  }

  remove(address: number): void {
    const count = this.#counts.get(address) ?? 0
    if (count > 1) {
      this.#counts.set(address, count - 1)
      return
    }
    this.#counts.delete(address)
    this.#boundary.enter('__unpin', () => this.#runtime.__unpin(address))
  }
}

/** @throws {@link FramegateError} `ARGUMENT_INVALID` where a value is not of its managed type */
export function checkManaged(type: 'string' | TypedArrayType, value: unknown, place: string): void {
  if (type === 'string') {
    if (typeof value !== 'string') throw unfit(place, value, 'a string or null')
  } else if (!(value instanceof ELEMENTS[type.of])) {
    throw unfit(place, value, `a ${ELEMENTS[type.of].name} or null`)
  }
}
