// The machine values: which JavaScript values fit them, and the error for one that does not. Both backends check here,
// before anything crosses.

import type { ScalarType } from './definitions.ts'
import { FramegateError } from './errors.ts'

/** Numbers for the scalars, so that a hot path compares integers. */
export const SCALAR = {
  i8: 0,
  u8: 1,
  i16: 2,
  u16: 3,
  i32: 4,
  u32: 5,
  isize: 6,
  usize: 7,
  f32: 8,
  f64: 9,
  bool: 10,
  pointer: 11,
  i64: 12,
  u64: 13,
} as const

/** Which of the {@link SCALAR} a type is. */
export type ScalarCode = (typeof SCALAR)[ScalarType]

export function isScalar(type: unknown): type is ScalarType {
  return typeof type === 'string' && Object.hasOwn(SCALAR, type)
}

// Constants of their own: a property of SCALAR is looked up, and keeps `fits` from being inlined.
const { i32: I32, f64: F64, i64: I64, u64: U64, bool: BOOL, pointer: POINTER } = SCALAR

const LARGEST_F32 = 3.4028234663852886e38
/** `Number.MAX_SAFE_INTEGER`; formatting it takes V8 30 ms and 7.7 MB for what it knows of languages. */
const EXACT = '9,007,199,254,740,991'

/**
 * Whether `value` is of the scalar's type and in its range; `isize`, `usize` and `pointer` as in a 32-bit memory. The
 * commonest come first and the rest apart: this much is inlined into a call, and saves 15 ns where a double is checked.
 */
export function fits(code: ScalarCode, value: unknown): boolean {
  // The type first: arithmetic throws on a bigint and runs an object's own code.
  if (typeof value === 'number') return code === I32 ? (value | 0) === value : code === F64 || fitsNumber(code, value)
  if (typeof value === 'bigint') {
    return code === I64 ? BigInt.asIntN(64, value) === value : code === U64 && BigInt.asUintN(64, value) === value
  }
  return code === BOOL ? typeof value === 'boolean' : code === POINTER && value === null
}

function fitsNumber(code: ScalarCode, value: number): boolean {
  switch (code) {
    case SCALAR.i8:
      return (value << 24) >> 24 === value
    case SCALAR.u8:
      return (value & 0xff) === value
    case SCALAR.i16:
      return (value << 16) >> 16 === value
    case SCALAR.u16:
      return (value & 0xffff) === value
    case SCALAR.isize:
      return (value | 0) === value
    case SCALAR.usize:
    case SCALAR.u32:
    case SCALAR.pointer:
      return value >>> 0 === value
    case SCALAR.f32:
      return Math.abs(value) <= LARGEST_F32 || !Number.isFinite(value)
    default:
      return false
  }
}

/** {@link fits} for a 64-bit address space, whose sizes and addresses are exact up to 2^53. */
export function fitsNative(code: ScalarCode, value: unknown): boolean {
  switch (code) {
    case SCALAR.isize:
      return Number.isSafeInteger(value)
    case SCALAR.usize:
      return Number.isSafeInteger(value) && (value as number) >= 0
    case SCALAR.pointer:
      return value === null || (Number.isSafeInteger(value) && (value as number) >= 0)
    default:
      return fits(code, value)
  }
}

const RANGES: Readonly<Record<ScalarType, string>> = {
  i8: '-128 to 127',
  u8: '0 to 255',
  i16: '-32,768 to 32,767',
  u16: '0 to 65,535',
  i32: '-2,147,483,648 to 2,147,483,647',
  u32: '0 to 4,294,967,295',
  i64: '-2^63 to 2^63 - 1',
  u64: '0 to 2^64 - 1',
  isize: `-2^31 to 2^31 - 1 in WebAssembly, whole numbers up to ${EXACT} natively`,
  usize: `0 to 2^32 - 1 in WebAssembly, up to ${EXACT} natively`,
  f32: 'up to 3.4e38 in size',
  f64: 'every number',
  bool: 'true and false',
  pointer: 'addresses that the guest gave, and null',
}

/** What JavaScript calls the values of a scalar. */
function expected(type: ScalarType): string {
  if (type === 'i64' || type === 'u64') return 'bigint'
  return type === 'bool' ? 'boolean' : 'number'
}

/**
 * The error for a value that does not fit.
 *
 * @param place - where the value stood, as in `argument 2 of add`
 */
export function misfit(type: ScalarType, value: unknown, place: string): FramegateError {
  const wanted = expected(type)
  if (typeof value !== wanted) {
    const hint = wanted === 'bigint' && typeof value === 'number' ? ' (write 1n for 1)' : ''
    return new FramegateError(
      'ARGUMENT_INVALID',
      `${place} is ${named(value)}, but ${type} takes a ${wanted}; pass one${hint}`,
    )
  }
  return new FramegateError(
    'ARGUMENT_OUT_OF_RANGE',
    `${place} is ${String(value)}, which does not fit ${type}; its values are ${RANGES[type]}`,
  )
}

/** A value in an error message: its kind, never its whole content. */
export function named(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'object') return value.constructor?.name ? `a ${value.constructor.name}` : 'an object'
  return typeof value === 'function' ? 'a function' : `a ${typeof value}`
}

/** The error for a value of a wrong kind. */
export function unfit(place: string, value: unknown, wanted: string): FramegateError {
  return new FramegateError('ARGUMENT_INVALID', `${place} is ${named(value)}; pass ${wanted}`)
}

/** What is wrong with a text for a C string, or undefined. Neither fault survives the crossing: C ends a string at a NUL, and UTF-8 has no lone surrogates. */
export function textFault(text: string): string | undefined {
  if (text.indexOf('\0') >= 0) return `has a NUL at index ${text.indexOf('\0')}, where C would end it`
  if (!isWellFormed(text)) return 'has half of a surrogate pair, which UTF-8 cannot express'
  return undefined
}

/** The error for a text that is no C string. */
export function unfitText(place: string, fault: string): FramegateError {
  return new FramegateError('STRING_INVALID', `${place} ${fault}; pass it as a buffer, or without that`)
}

export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}
