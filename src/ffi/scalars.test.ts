import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ScalarType } from './definitions.ts'
import { FramegateError } from './errors.ts'
import { fits, fitsNative, isScalar, misfit, named, SCALAR, textFault } from './scalars.ts'

/** For each scalar what just fits, and what just does not. */
const BOUNDARIES: Readonly<Record<ScalarType, { fit: readonly unknown[]; misfit: readonly unknown[] }>> = {
  i8: { fit: [-128, -1, -0, 0, 127], misfit: [-129, 128, 255, 0.5, 2 ** 32] },
  u8: { fit: [-0, 0, 1, 255], misfit: [-1, 256, 0.5, 2 ** 32, 2 ** 32 + 1] },
  i16: { fit: [-32_768, -1, -0, 0, 32_767], misfit: [-32_769, 32_768, 65_535, 0.5, 2 ** 32] },
  u16: { fit: [-0, 0, 65_535], misfit: [-1, 65_536, 0.5, 2 ** 32] },
  i32: { fit: [-(2 ** 31), -1, -0, 0, 2 ** 31 - 1], misfit: [-(2 ** 31) - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 0.5] },
  u32: { fit: [-0, 0, 2 ** 31, 2 ** 32 - 1], misfit: [-1, 2 ** 32, 2 ** 53, 0.5] },
  isize: { fit: [-(2 ** 31), -0, 0, 2 ** 31 - 1], misfit: [-(2 ** 31) - 1, 2 ** 31, 2 ** 53, 0.5] },
  usize: { fit: [-0, 0, 2 ** 32 - 1], misfit: [-1, 2 ** 32, 2 ** 53, 0.5] },
  pointer: { fit: [null, 0, 1, 2 ** 31, 2 ** 32 - 1], misfit: [-1, 2 ** 32, 0.5] },
  i64: { fit: [-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n], misfit: [-(2n ** 63n) - 1n, 2n ** 63n, 2n ** 64n] },
  u64: { fit: [0n, 2n ** 63n, 2n ** 64n - 1n], misfit: [-1n, 2n ** 64n, 2n ** 100n] },
  f32: {
    fit: [0, -0, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3.4028234663852886e38, 5e-324],
    misfit: [3.4028235677973366e38, -3.5e38, Number.MAX_VALUE],
  },
  f64: {
    fit: [0, -0, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE, 5e-324, 2 ** 53 + 2],
    misfit: [],
  },
  bool: { fit: [true, false], misfit: [] },
}

const scalars = Object.keys(SCALAR) as ScalarType[]

/** Values that are of no scalar's type, some with code of their own that arithmetic would run. */
const FOREIGN: readonly (readonly [name: string, value: unknown])[] = [
  ['undefined', undefined],
  ['a string', '1'],
  ['an empty string', ''],
  ['a symbol', Symbol('1')],
  ['a boxed number', new Number(1)],
  ['a boxed boolean', new Boolean(true)],
  ['a boxed bigint', Object(1n)],
  ['an array of a number', [1]],
  ['a date', new Date(0)],
  ['a function', () => 1],
  ['an object that is a number when asked', { valueOf: () => 1 }],
  ['an object that throws when asked', { valueOf: () => expect.fail('valueOf ran') }],
  ['an object without a prototype', Object.create(null)],
]

describe.each(scalars)('%s', (type) => {
  const { fit, misfit: unfit } = BOUNDARIES[type]
  const code = SCALAR[type]

  test('takes its boundaries', () => {
    for (const value of fit) expect([value, fits(code, value)]).toEqual([value, true])
  })

  test('takes nothing beyond them', () => {
    for (const value of unfit) {
      expect([value, fits(code, value)]).toEqual([value, false])
      const error = misfit(type, value, 'argument 1 of f')
      expect(error).toMatchObject({ code: 'ARGUMENT_OUT_OF_RANGE' })
      expect(error.message).toContain(`argument 1 of f is ${value}, which does not fit ${type}`)
    }
  })

  test('takes no NaN and no infinity, unless it is a float', () => {
    if (type === 'f32' || type === 'f64') return
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect([value, fits(code, value), fitsNative(code, value)]).toEqual([value, false, false])
    }
  })

  test('takes no value of another type, and runs no code of it', () => {
    const others = [...FOREIGN.map(([, value]) => value)]
    if (type !== 'bool') others.push(true, false)
    if (type !== 'i64' && type !== 'u64') others.push(1n, 0n)
    else others.push(1, 0)
    if (type === 'bool') others.push(1, 0)
    if (type !== 'pointer') others.push(null)
    for (const value of others) {
      expect([named(value), fits(code, value), fitsNative(code, value)]).toEqual([named(value), false, false])
      expect(misfit(type, value, 'argument 1 of f')).toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
  })

  test('takes the same for a shared object, but for sizes and addresses', () => {
    if (type === 'isize' || type === 'usize' || type === 'pointer') return
    for (const value of fit) expect(fitsNative(code, value)).toBe(true)
    for (const value of unfit) expect(fitsNative(code, value)).toBe(false)
  })
})

test('sizes and addresses of a shared object are exact, or refused', () => {
  const { isize, usize, pointer } = SCALAR
  for (const value of [0, 2 ** 32, 2 ** 53 - 1]) {
    for (const code of [isize, usize, pointer]) expect(fitsNative(code, value)).toBe(true)
  }
  expect(fitsNative(isize, -(2 ** 53) + 1)).toBe(true)
  expect(fitsNative(pointer, null)).toBe(true)
  for (const value of [2 ** 53, -(2 ** 53), 0.5, 2 ** 64]) {
    for (const code of [isize, usize, pointer]) expect([value, fitsNative(code, value)]).toEqual([value, false])
  }
  for (const code of [usize, pointer]) expect(fitsNative(code, -1)).toBe(false)
})

test('a number fits an integer type exactly when a typed array of that type keeps it', () => {
  const arrays = { i8: Int8Array, u8: Uint8Array, i16: Int16Array, u16: Uint16Array, i32: Int32Array, u32: Uint32Array }
  const numbers = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.integer({ min: -(2 ** 33), max: 2 ** 33 }),
    fc.maxSafeInteger(),
  )
  fc.assert(
    fc.property(numbers, (value) => {
      for (const [type, Elements] of Object.entries(arrays)) {
        const kept = new Elements([value])[0] === value
        expect([type, fits(SCALAR[type as ScalarType], value)]).toEqual([type, kept])
      }
    }),
  )
})

test('a message names the kind of a value, never what it holds', () => {
  expect(named(null)).toBe('null')
  expect(named(undefined)).toBe('undefined')
  expect(named('a secret')).toBe('a string')
  expect(named(Symbol('a secret'))).toBe('a symbol')
  expect(named({ a: 'secret' })).toBe('a Object')
  expect(named(new Map())).toBe('a Map')
  expect(named(Object.create(null))).toBe('an object')
  expect(named({ constructor: undefined })).toBe('an object')
  expect(named(() => 'a secret')).toBe('a function')
})

test('a number where a bigint is wanted gets a hint', () => {
  expect(misfit('u64', 1, 'argument 2 of f').message).toBe(
    'argument 2 of f is a number, but u64 takes a bigint; pass one (write 1n for 1)',
  )
  expect(misfit('i32', 1n, 'argument 2 of f').message).toBe(
    'argument 2 of f is a bigint, but i32 takes a number; pass one',
  )
})

test('only the names of scalars are scalars', () => {
  for (const type of scalars) expect(isScalar(type)).toBe(true)
  for (const type of ['void', 'cstring', 'i128', '', 'toString', '__proto__', null, undefined, 4, {}, ['i32']]) {
    expect(isScalar(type)).toBe(false)
  }
})

describe('a text for a C string', () => {
  test.each(['', 'plain', 'ü', '語', '\u{1f600}', '\u{10ffff}', '\ufeff', '\ufffd', '\u007f', '\u0001'])(
    'may be %j',
    (text) => {
      expect(textFault(text)).toBeUndefined()
    },
  )

  test('has no NUL, at any place', () => {
    for (const [text, index] of [
      ['\0', 0],
      ['\0a', 0],
      ['a\0', 1],
      [`${'a'.repeat(100)}\0b`, 100],
    ] as const) {
      expect(textFault(text)).toBe(`has a NUL at index ${index}, where C would end it`)
    }
  })

  test('has no half of a surrogate pair, at any place', () => {
    for (const half of ['\ud800', '\udbff', '\udc00', '\udfff']) {
      for (const text of [half, `a${half}`, `${half}a`, `${'a'.repeat(100)}${half}`, `\u{1f600}${half}`]) {
        expect(textFault(text)).toBe('has half of a surrogate pair, which UTF-8 cannot express')
      }
    }
    expect(textFault('\udc00\ud800')).toContain('half of a surrogate pair')
  })
})

test('what does not fit is one of the library’s errors', () => {
  for (const type of scalars) expect(misfit(type, 'x', 'argument 1 of f')).toBeInstanceOf(FramegateError)
})
