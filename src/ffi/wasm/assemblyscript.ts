// AssemblyScript: strings and arrays are objects of the guest's garbage collector. What a call passes is pinned until the
// call has returned; what it returns is copied out before anything else can allocate. A string keeps what UTF-8 cannot
// express: AssemblyScript's strings are sequences of UTF-16 units, as JavaScript's are.

import type { TypedArrayType } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import { unfit } from '../scalars.ts'
import {
  functionOf,
  type Guard,
  guardedImports,
  type Instantiated,
  memoryOf,
  merged,
  staleGlue,
  type WasmGuest,
} from './guest.ts'

/** The part of `@assemblyscript/loader` that is used; the caller loads it, so that this module needs no package. */
export interface ManagedLoader {
  /** Makes an instance, with what the loader adds to its exports. */
  instantiateSync(
    module: WebAssembly.Module,
    imports?: WebAssembly.Imports,
  ): { instance: WebAssembly.Instance; exports: unknown }
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
  __new(size: number, id: number): number
  __pin(address: number): number
  __unpin(address: number): void
  __newString(text: string): number
  __getString(address: number): string
  __newArray(id: number, values: ArrayLike<unknown>): number
}

const ARRAY_BUFFER_ID = 1

const ELEMENTS = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const

/** Makes an instance through the loader. */
export function instantiateManaged(guest: WasmGuest, loader: ManagedLoader, guard: Guard): Instantiated {
  // The loader adds to the imports that it is given.
  const { instance, exports } = loader.instantiateSync(guest.module, merged({}, guardedImports(guest.imports, guard)))
  const loaded = exports as Loaded
  for (const name of ['__new', '__pin', '__unpin']) {
    if (functionOf(instance.exports, name)) continue
    throw new FramegateError('GUEST_INCOMPATIBLE', `the module exports no ${name}; build it with --exportRuntime`)
  }
  const { table } = instance.exports
  return {
    toolchain: 'assemblyscript',
    memory: memoryOf(instance.exports),
    table: table instanceof WebAssembly.Table ? table : undefined,
    glue: guarded(loaded as unknown as Record<string, unknown>, instance.exports, guard),
    lookup: (name) => functionOf(instance.exports, name),
    alloc: (size) => loaded.__pin(loaded.__new(size, ARRAY_BUFFER_ID)),
    free: (address) => loaded.__unpin(address),
    managed: {
      lower(type, value, place) {
        if (type === 'string') return guard.run('__new', () => loaded.__pin(loaded.__newString(value as string)))
        const id = classId(instance.exports, type, place)
        return guard.run('__new', () => loaded.__pin(loaded.__newArray(id, value as ArrayLike<unknown>)))
      },
      lift: (type, address, place) => lift(loaded, type, address, place),
      pin: (address) => guard.run('__pin', () => loaded.__pin(address)),
      unpin: (address) => guard.run('__unpin', () => loaded.__unpin(address)),
    },
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

function classId(exports: WebAssembly.Exports, { id }: TypedArrayType, place: string): number {
  const found = exports[id]
  if (found instanceof WebAssembly.Global) return Number(found.value)
  throw new FramegateError(
    'SYMBOL_NOT_FOUND',
    `the module exports no global ${id} for ${place}; add: export const ${id} = idof<…>()`,
  )
}

function lift(loaded: Loaded, type: 'string' | TypedArrayType, address: number, place: string): unknown {
  try {
    if (type === 'string') return loaded.__getString(address)
    const name = `__get${ELEMENTS[type.of].name.replace('Big', '')}` as keyof Loaded
    const get = loaded[name] ?? loaded[`__get${ELEMENTS[type.of].name}` as keyof Loaded]
    return (get as (address: number) => unknown)(address)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new FramegateError(
      'RESULT_INVALID',
      `${place} is no ${type === 'string' ? type : type.of} array: ${message}`,
      {
        cause,
      },
    )
  }
}

/** The loader's exports, whose functions retire the instance when they end abruptly. */
function guarded(loaded: Record<string, unknown>, exports: WebAssembly.Exports, guard: Guard): unknown {
  const glue: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(loaded)) {
    glue[name] = typeof value === 'function' ? guardedFunction(name, value, name in exports, guard) : value
  }
  return glue
}

function guardedFunction(name: string, call: unknown, entersGuest: boolean, guard: Guard): unknown {
  return (...values: unknown[]) => {
    if (guard.isRetired()) throw staleGlue(name)
    const run = () => (call as (...values: unknown[]) => unknown)(...values)
    if (entersGuest) return guard.run(name, run)
    try {
      return run()
    } catch (error) {
      // The loader's own complaints leave the guest as it was; a trap within it does not.
      if (!(error instanceof WebAssembly.RuntimeError)) throw error
      return guard.run(name, () => {
        throw error
      })
    }
  }
}
