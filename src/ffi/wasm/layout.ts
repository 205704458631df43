// How values lie in a guest's memory: clang's layout of C types for wasm32, where pointers, `size_t` and `long` have four
// bytes and everything is aligned to its size.

import type { ArrayType, FieldType, ScalarType, StructType } from '../definitions.ts'
import { fits, isScalar, misfit, SCALAR, unfit } from '../scalars.ts'
import type { FrameStack } from './frame-stack.ts'

/** A type with its place in memory. */
export interface Layout {
  readonly size: number
  readonly align: number
  /** @throws FramegateError `ARGUMENT_INVALID`, `ARGUMENT_OUT_OF_RANGE`, `STRING_INVALID` */
  write(stack: FrameStack, at: number, value: unknown, place: string): void
  /** @throws FramegateError `RESULT_INVALID` */
  read(stack: FrameStack, at: number, place: string): unknown
}

export function layoutOf(type: FieldType): Layout {
  if (isScalar(type)) return scalarLayout(type)
  if (type === 'cstring') return TEXT
  return type.type === 'struct' ? structLayout(type) : arrayLayout(type)
}

/** The scalar that a struct consists of, if it does: such a struct crosses by value as the scalar itself. */
export function singleScalar(type: FieldType): ScalarType | 'cstring' | undefined {
  if (typeof type === 'string') return type
  if (type.type === 'array') return type.length === 1 ? singleScalar(type.of) : undefined
  const fields = Object.values(type.fields)
  return fields.length === 1 ? singleScalar(fields[0] as FieldType) : undefined
}

const SIZES: Readonly<Record<ScalarType, number>> = {
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  isize: 4,
  usize: 4,
  f32: 4,
  f64: 8,
  bool: 1,
  pointer: 4,
  i64: 8,
  u64: 8,
}

function scalarLayout(type: ScalarType): Layout {
  const code = SCALAR[type]
  const size = SIZES[type]
  return {
    size,
    align: size,
    write({ data }, at, value, place) {
      if (!fits(code, value)) throw misfit(type, value, place)
      WRITERS[type](data, at, value as never)
    },
    read: ({ data }, at) => READERS[type](data, at),
  }
}

type Writer = (data: DataView, at: number, value: never) => void

const writeI8: Writer = (data, at, value) => data.setInt8(at, value)
const writeI16: Writer = (data, at, value) => data.setInt16(at, value, true)
const writeI32: Writer = (data, at, value) => data.setInt32(at, value, true)
const writeI64: Writer = (data, at, value) => data.setBigInt64(at, value, true)

const WRITERS: Readonly<Record<ScalarType, Writer>> = {
  i8: writeI8,
  u8: writeI8,
  i16: writeI16,
  u16: writeI16,
  i32: writeI32,
  u32: writeI32,
  isize: writeI32,
  usize: writeI32,
  f32: (data, at, value) => data.setFloat32(at, value, true),
  f64: (data, at, value) => data.setFloat64(at, value, true),
  bool: (data, at, value) => data.setUint8(at, value ? 1 : 0),
  pointer: (data, at, value) => data.setUint32(at, value ?? 0, true),
  i64: writeI64,
  u64: writeI64,
}

const READERS: Readonly<Record<ScalarType, (data: DataView, at: number) => unknown>> = {
  i8: (data, at) => data.getInt8(at),
  u8: (data, at) => data.getUint8(at),
  i16: (data, at) => data.getInt16(at, true),
  u16: (data, at) => data.getUint16(at, true),
  i32: (data, at) => data.getInt32(at, true),
  u32: (data, at) => data.getUint32(at, true),
  isize: (data, at) => data.getInt32(at, true),
  usize: (data, at) => data.getUint32(at, true),
  f32: (data, at) => data.getFloat32(at, true),
  f64: (data, at) => data.getFloat64(at, true),
  bool: (data, at) => data.getUint8(at) !== 0,
  pointer: (data, at) => data.getUint32(at, true) || null,
  i64: (data, at) => data.getBigInt64(at, true),
  u64: (data, at) => data.getBigUint64(at, true),
}

const TEXT: Layout = {
  size: 4,
  align: 4,
  write(stack, at, value, place) {
    if (value !== null && typeof value !== 'string') throw unfit(place, value, 'a string or null')
    const address = value === null ? 0 : stack.pushText(value, place)
    stack.data.setUint32(at, address, true)
  },
  read(stack, at, place) {
    const address = stack.data.getUint32(at, true)
    return address === 0 ? null : stack.text(address, place)
  },
}

function structLayout({ fields }: StructType): Layout {
  let size = 0
  let align = 1
  const members = Object.entries(fields).map(([name, type]) => {
    const layout = layoutOf(type)
    const offset = aligned(size, layout.align)
    size = offset + layout.size
    align = Math.max(align, layout.align)
    return { name, layout, offset }
  })
  return {
    size: aligned(size, align),
    align,
    write(stack, at, value, place) {
      if (typeof value !== 'object' || value === null) throw unfit(place, value, `an object with ${names(members)}`)
      for (const { name, layout, offset } of members) {
        layout.write(stack, at + offset, (value as Record<string, unknown>)[name], `field ${name} of ${place}`)
      }
    },
    read(stack, at, place) {
      const value: Record<string, unknown> = {}
      for (const { name, layout, offset } of members) {
        value[name] = layout.read(stack, at + offset, `field ${name} of ${place}`)
      }
      return value
    },
  }
}

function names(members: readonly { readonly name: string }[]): string {
  return members.map(({ name }) => name).join(', ')
}

function arrayLayout({ of, length }: ArrayType): Layout {
  const element = layoutOf(of)
  return {
    size: element.size * length,
    align: element.align,
    write(stack, at, value, place) {
      if (typeof value !== 'object' || (value as ArrayLike<unknown>)?.length !== length) {
        throw unfit(place, value, `an array of exactly ${length} elements`)
      }
      for (let index = 0; index < length; index++) {
        const name = `element ${index} of ${place}`
        element.write(stack, at + index * element.size, (value as ArrayLike<unknown>)[index], name)
      }
    },
    read(stack, at, place) {
      const read = (_: unknown, index: number) =>
        element.read(stack, at + index * element.size, `element ${index} of ${place}`)
      return Array.from({ length }, read)
    },
  }
}

function aligned(size: number, align: number): number {
  return Math.ceil(size / align) * align
}
