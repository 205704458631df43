// Definitions as koffi's types, and values as koffi gives them. How they lie in memory is koffi's business.

import type { CallbackType, FieldType, ParameterType, ResultType, ScalarType } from '../definitions.ts'
import { isScalar } from '../scalars.ts'
import { isOwnedOut, pointee } from '../signature.ts'

/** A type of koffi's: a name or an object. */
export type KoffiType = string | object

/** A function of a loaded library. */
export interface KoffiFunction {
  (...parameters: unknown[]): unknown
  /** Calls on another thread; the last argument is told the outcome. */
  async(...parameters: unknown[]): void
}

/** The part of koffi that is used; the caller loads koffi, so that this module needs no runtime of its own. */
export interface Koffi {
  /** Loads a shared object; `func` makes a function of it callable. */
  load(
    path: string,
    options: { deep: boolean },
  ): {
    /** The function of that name. */
    func(name: string, result: KoffiType, parameters: KoffiType[]): KoffiFunction
  }
  /** A struct's type. */
  struct(fields: Record<string, KoffiType>): KoffiType
  /** An array's type, whose values are plain arrays. */
  array(type: KoffiType, length: number, hint: 'Array'): KoffiType
  /** A pointer's type. */
  pointer(type: KoffiType): KoffiType
  /** A parameter that the callee fills. */
  out(type: KoffiType): KoffiType
  /** A parameter that the callee reads and fills. */
  inout(type: KoffiType): KoffiType
  /** A function's type, for callbacks. */
  proto(name: string, result: KoffiType, parameters: KoffiType[]): KoffiType
  /** Reads a value, or `length` of them, at an address. */
  decode(address: unknown, type: KoffiType, length?: number): unknown
  /** Writes a value, or `length` of them, at an address. */
  encode(address: unknown, type: KoffiType, value: unknown, length?: number): void
  /** The size of a type in bytes. */
  sizeof(type: KoffiType): number
  /** Memory of the callee, not copied. */
  view(address: unknown, length: number): ArrayBuffer
  /** Makes a callback that outlives the call. */
  register(call: (...parameters: never[]) => unknown, type: KoffiType): unknown
  /** Ends such a callback. */
  unregister(callback: unknown): void
  /** The address of a callback or a buffer. */
  address(value: unknown): bigint
}

const SCALARS: Readonly<Record<ScalarType, string>> = {
  i8: 'int8_t',
  u8: 'uint8_t',
  i16: 'int16_t',
  u16: 'uint16_t',
  i32: 'int32_t',
  u32: 'uint32_t',
  i64: 'int64_t',
  u64: 'uint64_t',
  isize: 'intptr_t',
  usize: 'size_t',
  f32: 'float',
  f64: 'double',
  bool: 'bool',
  pointer: 'void *',
}

/** Makes koffi's types, each prototype once. */
export class KoffiTypes {
  readonly #koffi: Koffi
  readonly #prototypes = new Map<string, KoffiType>()

  constructor(koffi: Koffi) {
    this.#koffi = koffi
  }

  parameter(type: ParameterType): KoffiType {
    const koffi = this.#koffi
    if (isScalar(type)) return SCALARS[type]
    if (type === 'cstring') return 'str'
    if (typeof type === 'string') return 'void *'
    if ('lengthOf' in type) return SCALARS[type.as ?? 'usize']
    const inner = pointee(type)
    if (inner === 'buffer') return 'void *'
    if (inner !== undefined) {
      const pointer = koffi.pointer(isOwnedOut(inner) ? 'void *' : this.field(inner))
      if ('in' in type) return pointer
      return 'out' in type ? koffi.out(pointer) : koffi.inout(pointer)
    }
    const named = type as Exclude<typeof type, { lengthOf: number }>
    if (!('type' in named)) return 'void *'
    if (named.type === 'callback') return koffi.pointer(this.prototype(named))
    return named.type === 'struct' ? this.field(named) : 'void *'
  }

  result(type: ResultType): KoffiType {
    if (type === 'void') return 'void'
    if (isScalar(type)) return SCALARS[type]
    return typeof type === 'object' && 'type' in type && type.type === 'struct' ? this.field(type) : 'void *'
  }

  field(type: FieldType): KoffiType {
    if (isScalar(type)) return SCALARS[type]
    if (type === 'cstring') return 'str'
    if (type.type === 'array') return this.#koffi.array(this.field(type.of), type.length, 'Array')
    const fields = Object.entries(type.fields).map(([name, field]) => [name, this.field(field)])
    return this.#koffi.struct(Object.fromEntries(fields))
  }

  prototype({ parameters, result }: CallbackType): KoffiType {
    const key = JSON.stringify([parameters, result])
    let made = this.#prototypes.get(key)
    if (made === undefined) {
      const types = parameters.map((type) => this.#callbackParameter(type))
      // koffi's names are the process's; the number keeps ours apart.
      made = this.#koffi.proto(`framegate_callback_${++prototypes}`, this.result(result), types)
      this.#prototypes.set(key, made)
    }
    return made
  }

  /** Pointers come as addresses, and are read when the callback is called. */
  #callbackParameter(type: CallbackType['parameters'][number]): KoffiType {
    if (isScalar(type)) return SCALARS[type]
    return typeof type === 'object' && 'type' in type && type.type === 'struct' ? this.field(type) : 'void *'
  }
}

let prototypes = 0

/** A scalar as koffi gives it: 64-bit integers and addresses as numbers where they fit, else as bigints. */
export function scalarFromNative(type: ScalarType, value: unknown): unknown {
  switch (type) {
    case 'i64':
      return BigInt(value as number | bigint)
    // koffi gives a callback's unsigned arguments beyond the registers with a sign.
    case 'u64':
      return BigInt.asUintN(64, BigInt(value as number | bigint))
    case 'usize':
      return typeof value === 'number' && value >= 0
        ? value
        : Number(BigInt.asUintN(64, BigInt(value as number | bigint)))
    case 'isize':
      return Number(value)
    case 'pointer':
      return addressFromNative(value) || null
    default:
      return value
  }
}

export function addressFromNative(value: unknown): number {
  return value === null ? 0 : Number(value)
}

/** A field, array or struct as koffi gives it. */
export function valueFromNative(type: FieldType, value: unknown): unknown {
  if (isScalar(type)) return scalarFromNative(type, value)
  if (type === 'cstring') return value
  if (type.type === 'array') return (value as unknown[]).map((each) => valueFromNative(type.of, each))
  const fields = Object.entries(type.fields)
  return Object.fromEntries(
    fields.map(([name, field]) => [name, valueFromNative(field, (value as Record<string, unknown>)[name])]),
  )
}
