// The structs of wasm/probe/probe.h, and a value of each.

import type { FieldType, StructType } from '../../src/ffi/index.ts'

const struct = <const Fields extends Record<string, FieldType>>(fields: Fields) => ({ type: 'struct', fields }) as const
const array = <const Of extends FieldType, const Length extends number>(of: Of, length: Length) =>
  ({ type: 'array', of, length }) as const

export const Size8 = struct({ a: 'i32', b: 'f32' })
export const Point = struct({ x: 'f64', y: 'f64' })
export const Padded = struct({ a: 'u8', b: 'f64', c: 'i16', d: 'i64', e: 'f32' })
export const Nested = struct({ head: Size8, middle: Point, tail: 'u8' })
export const Arrays = struct({ numbers: array('i32', 3), bytes: array('u8', 5), ratio: 'f64' })
export const Record = struct({ name: 'cstring', id: 'i32', active: 'bool', weight: 'f64' })
export const SingleF32 = struct({ value: 'f32' })
export const Size3 = struct({ a: 'u8', b: 'u8', c: 'u8' })

/** Each struct that the probe changes: its name, its type, a value, and that value with each field's place added. */
export const changed: readonly (readonly [name: string, type: StructType, value: object, after: object])[] = [
  ['size_1', struct({ a: 'u8' }), { a: 7 }, { a: 8 }],
  ['size_2', struct({ a: 'u8', b: 'i8' }), { a: 7, b: -7 }, { a: 8, b: -5 }],
  ['size_3', Size3, { a: 1, b: 2, c: 3 }, { a: 2, b: 4, c: 6 }],
  ['size_4', struct({ a: 'i16', b: 'u16' }), { a: -300, b: 65_000 }, { a: -299, b: 65_002 }],
  ['size_8', Size8, { a: -5, b: 0.5 }, { a: -4, b: 2.5 }],
  ['size_12', struct({ x: 'f32', y: 'f32', z: 'f32' }), { x: 1, y: 2, z: 3 }, { x: 2, y: 4, z: 6 }],
  ['size_16', struct({ x: 'f64', n: 'i64' }), { x: 0.25, n: -9n }, { x: 1.25, n: -7n }],
  ['point', Point, { x: 1.5, y: -2.5 }, { x: 2.5, y: -0.5 }],
  ['size_24', struct({ x: 'f64', y: 'f64', z: 'f64' }), { x: 1, y: 2, z: 3 }, { x: 2, y: 4, z: 6 }],
  ['size_32', struct({ v: array('f64', 4) }), { v: [1, 2, 3, 4] }, { v: [2, 4, 6, 8] }],
  ['padded', Padded, { a: 1, b: 2.5, c: -3, d: 4n, e: 0.5 }, { a: 2, b: 4.5, c: 0, d: 8n, e: 5.5 }],
  ['single_i64', struct({ value: 'i64' }), { value: -(2n ** 62n) }, { value: 1n - 2n ** 62n }],
  ['single_f32', SingleF32, { value: 0.5 }, { value: 1.5 }],
  ['single_f64', struct({ value: 'f64' }), { value: 0.1 }, { value: 1.1 }],
  ['wrapped', struct({ inner: struct({ value: 'f64' }) }), { inner: { value: 2 } }, { inner: { value: 3 } }],
  ['array_of_1', struct({ v: array('f32', 1) }), { v: [4] }, { v: [5] }],
  [
    'nested',
    Nested,
    { head: { a: 1, b: 2 }, middle: { x: 3, y: 4 }, tail: 5 },
    { head: { a: 2, b: 4 }, middle: { x: 6, y: 8 }, tail: 10 },
  ],
  [
    'arrays',
    Arrays,
    { numbers: [1, 2, 3], bytes: [4, 5, 6, 7, 8], ratio: 0.5 },
    { numbers: [2, 4, 6], bytes: [8, 10, 12, 14, 16], ratio: 9.5 },
  ],
]
