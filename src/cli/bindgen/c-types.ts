/**
 * C's types, as far as a definition needs them, and the names that every platform gives the same meaning. `long` and
 * `size_t` are as wide as an address: 4 bytes in WebAssembly, 8 in a native library (of Linux and macOS).
 */
import type { ScalarType } from '../../ffi/index.ts'

export type CType =
  | { readonly kind: 'void' }
  | ScalarCType
  | { readonly kind: 'pointer'; readonly to: QualifiedType }
  | { readonly kind: 'array'; readonly of: QualifiedType; readonly length: number | undefined }
  | FunctionCType
  | RecordType
  | { readonly kind: 'typedef'; readonly name: string }
  | { readonly kind: 'inexpressible'; readonly reason: string }

export interface QualifiedType {
  readonly type: CType
  readonly isConst: boolean
}

export interface ScalarCType {
  readonly kind: 'scalar'
  readonly scalar: ScalarType
  /** Plain `char`, which texts are made of. */
  readonly isCharacter: boolean
}

export interface FunctionCType {
  readonly kind: 'function'
  readonly parameters: readonly CParameter[]
  readonly result: QualifiedType
  readonly isVariadic: boolean
}

export interface CParameter {
  readonly name: string | undefined
  readonly type: QualifiedType
}

/** A struct or union. It is incomplete until its fields are met, which may be never. */
export interface RecordType {
  readonly kind: 'record'
  readonly keyword: 'struct' | 'union'
  readonly tag: string | undefined
  /** The first typedef of it, and of a pointer to it. */
  typedef: string | undefined
  pointerTypedef: string | undefined
  fields: readonly CParameter[] | undefined
  /** Why its layout cannot be given in a definition: `has bit-fields`. */
  fault: string | undefined
  /** Whether it belongs to the system, whose layouts differ from platform to platform. */
  isSystem: boolean
}

/** What a definition calls a struct. */
export function structName({ typedef, tag, pointerTypedef, keyword }: RecordType): string {
  return typedef ?? tag ?? pointerTypedef ?? `an unnamed ${keyword}`
}

/** What a definition calls a struct that is handed around by pointer: libraries name that pointer where they hide the rest. */
export function handleName({ typedef, tag, pointerTypedef, keyword }: RecordType): string {
  return typedef ?? pointerTypedef ?? tag ?? `an unnamed ${keyword}`
}

/** A function that a header declares, or the reason why it cannot be called. */
export interface CFunction {
  readonly name: string
  /** The exported name, where the declaration gives another. */
  readonly symbol: string | undefined
  readonly type: FunctionCType | undefined
  readonly fault: string | undefined
  readonly documentation: readonly string[]
  readonly prototype: string
}

/** What a header says. */
export interface CHeader {
  readonly functions: readonly CFunction[]
  readonly typedefs: ReadonlyMap<string, QualifiedType>
}

export const voidType: CType = { kind: 'void' }

export function scalarType(scalar: ScalarType): CType {
  return { kind: 'scalar', scalar, isCharacter: false }
}

export function inexpressible(reason: string): CType {
  return { kind: 'inexpressible', reason }
}

/** The type of a name that C or its standard headers define, the same on all platforms; undefined for others. */
export function standardType(name: string): CType | undefined {
  if (Object.hasOwn(standardScalars, name)) return scalarType(standardScalars[name as keyof typeof standardScalars])
  if (variableArguments.has(name)) return inexpressible('takes a va_list')
  if (name === 'max_align_t') return inexpressible('uses max_align_t, whose layout differs between platforms')
  if (/^u?int_fast(16|32|64)_t$/.test(name)) return inexpressible(`uses ${name}, whose width differs between platforms`)
  return undefined
}

/** The type that keywords spell in any order: `unsigned long int`. */
export function keywordType(spelling: string): CType {
  const words = spelling.split(/\s+/).sort()
  const has = (word: string) => words.includes(word)
  const unsigned = has('unsigned')
  const longs = words.filter((word) => word === 'long').length
  if (has('double')) return longs > 0 ? inexpressible('uses long double') : scalarType('f64')
  if (has('char')) {
    if (unsigned || has('signed')) return scalarType(unsigned ? 'u8' : 'i8')
    return { kind: 'scalar', scalar: 'i8', isCharacter: true }
  }
  if (has('short')) return scalarType(unsigned ? 'u16' : 'i16')
  if (longs === 2) return scalarType(unsigned ? 'u64' : 'i64')
  if (longs === 1) return scalarType(unsigned ? 'usize' : 'isize')
  if (has('void')) return voidType
  if (has('float')) return scalarType('f32')
  const isInteger = words.every((word) => ['int', 'signed', 'unsigned'].includes(word))
  return isInteger ? scalarType(unsigned ? 'u32' : 'i32') : (standardType(spelling) ?? unknownType(spelling))
}

export function unknownType(name: string): CType {
  const isExtension = /^_*(Float|float|int|uint|Decimal|bf|Complex)\d*x?(_t)?$/i.test(name)
  return inexpressible(`uses ${name}, ${isExtension ? 'for which there is no type' : 'a type that is not declared'}`)
}

const standardScalars = {
  bool: 'bool',
  _Bool: 'bool',
  int8_t: 'i8',
  uint8_t: 'u8',
  int16_t: 'i16',
  uint16_t: 'u16',
  int32_t: 'i32',
  uint32_t: 'u32',
  int64_t: 'i64',
  uint64_t: 'u64',
  int_least8_t: 'i8',
  uint_least8_t: 'u8',
  int_least16_t: 'i16',
  uint_least16_t: 'u16',
  int_least32_t: 'i32',
  uint_least32_t: 'u32',
  int_least64_t: 'i64',
  uint_least64_t: 'u64',
  int_fast8_t: 'i8',
  uint_fast8_t: 'u8',
  intmax_t: 'i64',
  uintmax_t: 'u64',
  intptr_t: 'isize',
  uintptr_t: 'usize',
  size_t: 'usize',
  ssize_t: 'isize',
  ptrdiff_t: 'isize',
  char8_t: 'u8',
  char16_t: 'u16',
  char32_t: 'u32',
  wchar_t: 'i32',
  // 64 bits wide in Emscripten's C library too, where long has 32.
  off_t: 'i64',
  time_t: 'i64',
} as const satisfies Record<string, ScalarType>

const variableArguments: ReadonlySet<string> = new Set(['va_list', '__gnuc_va_list', '__builtin_va_list'])
