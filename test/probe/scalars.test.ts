/** Numbers, booleans and addresses cross unchanged, in any number and mixture, on both backends. */
import { describe, expect, test } from 'vitest'
import { open, type Pointer, type ScalarType } from '../../src/ffi/index.ts'
import { backends } from '../support/backends.ts'
import { probe } from './guests.ts'

const integers = {
  i8: [-128, -1, 0, 1, 127],
  u8: [0, 1, 255],
  i16: [-32_768, -1, 0, 32_767],
  u16: [0, 65_535],
  i32: [-2_147_483_648, -1, 0, 2_147_483_647],
  u32: [0, 1, 2_147_483_648, 4_294_967_295],
  i64: [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  u64: [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n],
  isize: [-2_147_483_648, -1, 0, 2_147_483_647],
  usize: [0, 4_294_967_295],
} as const
const others = {
  f32: [0, -0, 0.5, Math.fround(0.1), 3.4028234663852886e38, Number.POSITIVE_INFINITY, Number.NaN],
  f64: [0, -0, 0.1, 5e-324, 1.7976931348623157e308, Number.NEGATIVE_INFINITY, Number.NaN],
  bool: [true, false],
} as const
const beyond: Partial<Record<ScalarType, readonly unknown[]>> = {
  i8: [-129, 128, 0.5, Number.NaN],
  u8: [-1, 256],
  i16: [-32_769, 32_768],
  u16: [-1, 65_536],
  i32: [-2_147_483_649, 2_147_483_648, 0.5, Number.NaN, Number.POSITIVE_INFINITY],
  u32: [-1, 4_294_967_296],
  i64: [-(2n ** 63n) - 1n, 2n ** 63n],
  u64: [-1n, 2n ** 64n],
  isize: [2 ** 53, 0.5],
  usize: [-1, 2 ** 53],
  f32: [3.5e38, -1e300],
}

describe.each(backends)('%s', (backend) => {
  const identity = <Type extends ScalarType>(type: Type) =>
    open(probe(backend), { call: { parameters: [type], result: type, symbol: `probe_${type}` } }).symbols.call as (
      value: unknown,
    ) => unknown

  test.each(Object.entries({ ...integers, ...others }))('every value of %s comes back', (type, values) => {
    const call = identity(type as ScalarType)
    for (const value of values) expect(call(value)).toBe(value)
  })

  test.each(Object.entries(beyond))('what does not fit %s is refused before it crosses', (type, values) => {
    const call = identity(type as ScalarType)
    for (const value of values) expect(() => call(value)).toThrow(failing('ARGUMENT_OUT_OF_RANGE'))
    for (const value of ['1', null, undefined, {}, type.endsWith('64') && type !== 'f64' ? 1 : 1n]) {
      expect(() => call(value)).toThrow(failing('ARGUMENT_INVALID'))
    }
  })

  test('addresses come back, and null is the null pointer', () => {
    const call = identity('pointer')
    for (const value of [null, 8, 2 ** 31, 2 ** 32 - 8]) expect(call(value)).toBe(value)
    expect(call(0)).toBe(null)
    for (const value of [undefined, true, '8', 8n]) expect(() => call(value)).toThrow(failing('ARGUMENT_INVALID'))
    for (const value of [-1, 0.5]) expect(() => call(value)).toThrow(failing('ARGUMENT_OUT_OF_RANGE'))
  })

  test('sums wrap around in the guest and come back in range', () => {
    const { symbols } = open(probe(backend), {
      probe_add_i8: { parameters: ['i8', 'i8'], result: 'i8' },
      probe_add_u8: { parameters: ['u8', 'u8'], result: 'u8' },
      probe_add_i16: { parameters: ['i16', 'i16'], result: 'i16' },
      probe_add_u16: { parameters: ['u16', 'u16'], result: 'u16' },
      probe_add_i32: { parameters: ['i32', 'i32'], result: 'i32' },
      probe_add_u32: { parameters: ['u32', 'u32'], result: 'u32' },
      probe_add_i64: { parameters: ['i64', 'i64'], result: 'i64' },
      probe_add_u64: { parameters: ['u64', 'u64'], result: 'u64' },
      probe_add_isize: { parameters: ['isize', 'isize'], result: 'isize' },
      probe_add_usize: { parameters: ['usize', 'usize'], result: 'usize' },
      probe_add_f32: { parameters: ['f32', 'f32'], result: 'f32' },
      probe_add_f64: { parameters: ['f64', 'f64'], result: 'f64' },
      probe_xor_bool: { parameters: ['bool', 'bool'], result: 'bool' },
    })
    expect([
      symbols.probe_add_i8(127, 1),
      symbols.probe_add_u8(255, 2),
      symbols.probe_add_i16(-32_768, -1),
      symbols.probe_add_u16(65_535, 3),
      symbols.probe_add_i32(2_147_483_647, 1),
      symbols.probe_add_u32(4_294_967_295, 4),
      symbols.probe_add_i64(2n ** 63n - 1n, 1n),
      symbols.probe_add_u64(2n ** 64n - 1n, 5n),
      symbols.probe_add_isize(-5, 3),
      symbols.probe_add_usize(5, 3),
      symbols.probe_add_f32(0.1, 0.2),
      symbols.probe_add_f64(0.1, 0.2),
      symbols.probe_xor_bool(true, false),
    ]).toEqual([
      -128,
      1,
      32_767,
      2,
      -2_147_483_648,
      3,
      -(2n ** 63n),
      4n,
      -2,
      8,
      Math.fround(0.1 + 0.2),
      0.1 + 0.2,
      true,
    ])
  })

  const mixed20 = ['i32', 'f64', 'i64', 'f32', 'u32', 'f64', 'i32', 'f32', 'u64', 'f64'] as const
  const mixed20b = ['i32', 'f64', 'i64', 'f32', 'u32', 'f64', 'i32', 'f32', 'u64', 'f64'] as const
  const half32 =
    'f64 i8 f32 u8 i16 f64 u16 i32 f32 u32 i64 f64 u64 bool f32 i32 f64 i8 f32 u8 i16 f64 u16 i32 f32 u32 i64 f64 u64 bool f32 i32'
  const small = 'i8 u8 i16 u16 bool f32'
  const many: readonly (readonly [name: string, types: readonly ScalarType[], result: 'f64' | 'i64'])[] = [
    ['probe_mixed_20', [...mixed20, ...mixed20b], 'f64'],
    ['probe_mixed_32', half32.split(' ') as ScalarType[], 'f64'],
    ['probe_integers_20', Array.from({ length: 20 }, () => 'i64' as const), 'i64'],
    ['probe_floats_20', Array.from({ length: 20 }, () => 'f64' as const), 'f64'],
    ['probe_small_24', Array.from({ length: 4 }, () => small.split(' ') as ScalarType[]).flat(), 'f64'],
  ]

  test.each(many)('%s gets each argument at its place', (name, types, result) => {
    const call = open(probe(backend), { call: { parameters: types, result, symbol: name } }).symbols.call
    const values = types.map((type, index) => valueAt(type, index))
    const sum = values.reduce<number>((total, value, index) => total + Number(value) * (index + 1), 0)
    expect(Number(call(...values))).toBe(sum)
    expect(() => call(...values.slice(1))).toThrow(failing('ARGUMENT_INVALID'))
    expect(() => call(...values, 1)).toThrow(failing('ARGUMENT_INVALID', `takes ${types.length} arguments`))
  })

  test('outs come back as a tuple or by name, and are not passed', () => {
    const { symbols } = open(probe(backend), {
      probe_divide_out: { parameters: ['i32', 'i32', { out: 'i32' }, { out: 'i32' }], result: 'bool' },
      named: {
        symbol: 'probe_divide_out',
        parameters: ['i32', 'i32', { out: 'i32', name: 'quotient' }, { out: 'i32', name: 'remainder' }],
        result: 'bool',
      },
      probe_increment: { parameters: [{ inout: 'i32' }, 'i32'], result: 'i32' },
      probe_swap_f64: { parameters: [{ inout: 'f64' }, { inout: 'f64' }], result: 'void' },
      probe_read_i64: { parameters: [{ in: 'i64' }], result: 'i64' },
    })
    expect(symbols.probe_divide_out(17, 5)).toEqual([true, 3, 2])
    expect(symbols.named(-17, 5)).toEqual({ result: true, quotient: -3, remainder: -2 })
    // Nothing was written: what is there is nobody else's.
    expect(symbols.probe_divide_out(17, 0)).toEqual([false, 0, 0])
    expect(symbols.probe_increment(40, 2)).toEqual([40, 42])
    expect(symbols.probe_swap_f64(0.25, -4)).toEqual([-4, 0.25])
    expect([symbols.probe_read_i64(-(2n ** 60n)), symbols.probe_read_i64(null)]).toEqual([-(2n ** 60n), -1n])
    expect(() => symbols.probe_increment(2 ** 31, 1)).toThrow(failing('ARGUMENT_OUT_OF_RANGE'))
  })

  test('an out of every type', () => {
    const types = 'i8 u8 i16 u16 i32 u32 i64 u64 isize usize f32 f64 bool pointer'.split(' ') as ScalarType[]
    const { symbols } = open(probe(backend), {
      probe_extremes_out: { parameters: types.map((out) => ({ out })), result: 'void' },
    })
    const wide = backend === 'native' ? [Number(-(2n ** 63n)), Number(2n ** 64n - 1n)] : [-2_147_483_648, 4_294_967_295]
    expect((symbols.probe_extremes_out as () => unknown)()).toEqual([
      ...[-128, 255, -32_768, 65_535, -2_147_483_648, 4_294_967_295, -(2n ** 63n), 2n ** 64n - 1n],
      ...wide,
      ...[Math.fround(0.1), 0.1, true, null],
    ])
  })

  test('address arithmetic in the guest', () => {
    const { symbols } = open(probe(backend), {
      probe_add_pointer: { parameters: ['pointer', 'isize'], result: 'pointer' },
      probe_high_pointer: { parameters: [], result: 'pointer' },
    })
    expect(symbols.probe_add_pointer(4096 as Pointer, -96)).toBe(4000)
    expect(symbols.probe_high_pointer()).toBeGreaterThan(2 ** 31)
  })
})

function valueAt(type: ScalarType, index: number): unknown {
  const small = (index * 7 + 3) % 100
  if (type === 'bool') return index % 2 === 0
  if (type === 'i64' || type === 'u64') return BigInt(small) * 1000n
  if (type === 'f32' || type === 'f64') return small + 0.5
  return type.startsWith('i') ? -small : small
}

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(text) })
}
