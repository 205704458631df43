// Values as a guest gives them, in the form that callers get.

import type { FieldType } from '../definitions.ts'
import { SCALAR, unfit } from '../scalars.ts'
import type { Instance } from './instance.ts'

/** A machine value as JavaScript has it; the upper bits of small types are the callee's leftovers. */
export function scalarFromGuest(code: number, raw: number | bigint | undefined): unknown {
  switch (code) {
    case SCALAR.u32:
    case SCALAR.usize:
      return (raw as number) >>> 0
    case SCALAR.bool:
      return ((raw as number) & 0xff) !== 0
    case SCALAR.pointer:
      return (raw as number) >>> 0 || null
    case SCALAR.i8:
      return ((raw as number) << 24) >> 24
    case SCALAR.u8:
      return (raw as number) & 0xff
    case SCALAR.i16:
      return ((raw as number) << 16) >> 16
    case SCALAR.u16:
      return (raw as number) & 0xffff
    case SCALAR.u64:
      return BigInt.asUintN(64, raw as bigint)
    default:
      return raw
  }
}

/** A copy of bytes of the guest; null for the null pointer. */
export function bytesAt({ stack }: Instance, address: number, length: number, place: string): Uint8Array | null {
  if (address === 0) return null
  stack.checkRange(address, length, place)
  return stack.memory.u8.slice(address, address + length)
}

/** The scalar within a struct that consists of it. */
export function unwrapped(type: FieldType, value: unknown, place: string): unknown {
  if (typeof type === 'string') return value
  if (typeof value !== 'object' || value === null) throw unfit(place, value, `a ${type.type}`)
  if (type.type === 'array') return unwrapped(type.of, (value as ArrayLike<unknown>)[0], place)
  const [[name, field]] = Object.entries(type.fields) as [[string, FieldType]]
  return unwrapped(field, (value as Record<string, unknown>)[name], `field ${name} of ${place}`)
}

/** The struct that a scalar stands for. */
export function wrapped(type: FieldType, value: unknown): unknown {
  if (typeof type === 'string') return value
  if (type.type === 'array') return [wrapped(type.of, value)]
  const [[name, field]] = Object.entries(type.fields) as [[string, FieldType]]
  return { [name]: wrapped(field, value) }
}
