/** Guests that lie about what they return: a typed error, nothing retired, and the next call is right. */
import { describe, expect, test } from 'vitest'
import { open, type Pointer } from '../../src/ffi/index.ts'
import { compiledWat } from './compile.ts'
import { codeOf, thrownBy } from './thrown.ts'

const point = { type: 'struct', fields: { x: 'f64', y: 'f64' } } as const
const named = { type: 'struct', fields: { name: 'cstring', id: 'i32' } } as const

const definitions = {
  text: { symbol: 'address', parameters: ['usize'], result: 'cstring' },
  owned: { symbol: 'address', parameters: ['usize'], result: { type: 'cstring', free: 'release' } },
  fixed: { symbol: 'address', parameters: ['usize'], result: { type: 'bytes', length: 16 } },
  point: { symbol: 'address', parameters: ['usize'], result: { pointer: point } },
  named: { symbol: 'address', parameters: ['usize'], result: { pointer: named } },
  pointer: { symbol: 'address', parameters: ['usize'], result: 'pointer' },
  bytes: { parameters: ['usize', 'usize'], result: { type: 'bytes', length: { parameter: 1 } } },
  signed: { symbol: 'bytes', parameters: ['usize', 'i32'], result: { type: 'bytes', length: { parameter: 1 } } },
  double: { symbol: 'bytes_f64', parameters: ['usize', 'f64'], result: { type: 'bytes', length: { parameter: 1 } } },
  wide: { symbol: 'bytes_i64', parameters: ['usize', 'i64'], result: { type: 'bytes', length: { parameter: 1 } } },
  bytes_out: {
    parameters: ['usize', 'i32', { out: 'i32' }],
    result: { type: 'bytes', length: { parameter: 2 }, free: 'release' },
  },
  bytes_out_f64: {
    parameters: ['usize', 'f64', { out: 'f64' }],
    result: { type: 'bytes', length: { parameter: 2 }, free: 'release' },
  },
  text_out: { symbol: 'address_out', parameters: ['usize', { out: 'cstring' }], result: 'void' },
  owned_out: {
    symbol: 'address_out',
    parameters: ['usize', { out: { type: 'cstring', free: 'release' } }],
    result: 'void',
  },
  echo: { parameters: ['cstring'], result: 'cstring' },
  echo_bytes: { parameters: ['buffer', { lengthOf: 0 }], result: { type: 'bytes', length: 4 } },
  echo_struct: { parameters: [{ in: named }], result: { pointer: named } },
  echo_before: { parameters: ['cstring'], result: 'cstring' },
  store: { parameters: ['usize', 'u8'], result: 'void' },
  size: { parameters: [], result: 'usize' },
  overwrite: { parameters: ['u8'], result: 'void' },
  overwrite_argument: { parameters: ['cstring', 'u8'], result: 'cstring' },
  freed: { parameters: [], result: 'i32' },
} as const

const openGuest = () => open({ module: compiledWat('results') }, definitions)
type Guest = ReturnType<typeof openGuest>

/** The instance was not at fault: it answers the next call, and rightly. */
function expectHealthy({ symbols, generation }: Guest): void {
  expect(generation).toBe(1)
  expect(symbols.echo('still here')).toBe('still here')
  expect(symbols.echo_struct({ name: 'a name', id: 7 })).toEqual({ name: 'a name', id: 7 })
}

const BEYOND = [0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff]

describe('a hostile guest returns an address beyond memory', () => {
  test.each(BEYOND)('as everything that has an address (%i)', (at) => {
    using library = openGuest()
    const { symbols } = library
    for (const name of ['text', 'fixed', 'point', 'named'] as const) {
      expect([name, codeOf(() => symbols[name](at))]).toEqual([name, 'RESULT_INVALID'])
    }
    expect(codeOf(() => symbols.bytes(at, 1))).toBe('RESULT_INVALID')
    expect(codeOf(() => symbols.text_out(at))).toBe('RESULT_INVALID')
    // An address alone is the caller's business, and has no sign.
    expect(symbols.pointer(at)).toBe(at as Pointer)
    expectHealthy(library)
  })

  test.each(BEYOND)('of something owned, which is given back all the same (%i)', (at) => {
    using library = openGuest()
    const { symbols } = library
    expect(codeOf(() => symbols.owned(at))).toBe('RESULT_INVALID')
    expect(symbols.freed()).toBe(1)
    expect(codeOf(() => symbols.bytes_out(at, 4))).toBe('RESULT_INVALID')
    expect(symbols.freed()).toBe(2)
    expect(codeOf(() => symbols.owned_out(at))).toBe('RESULT_INVALID')
    expect(symbols.freed()).toBe(3)
    expectHealthy(library)
  })

  test('just before the end, where not all of it is in memory', () => {
    using library = openGuest()
    const { symbols } = library
    const end = symbols.size()
    expect(symbols.fixed(end - 16)).toHaveLength(16)
    expect(codeOf(() => symbols.fixed(end - 15))).toBe('RESULT_INVALID')
    expect(symbols.point(end - 16)).toEqual({ x: 0, y: 0 })
    expect(codeOf(() => symbols.point(end - 15))).toBe('RESULT_INVALID')
    expect(codeOf(() => symbols.point(end))).toBe('RESULT_INVALID')
    expect(symbols.bytes(end, 0)).toEqual(new Uint8Array())
    expectHealthy(library)
  })

  test('inside a struct that is in memory', () => {
    using library = openGuest()
    const { symbols } = library
    // The field `name` is the address 0xffffffff.
    for (let at = 1024; at < 1028; at++) symbols.store(at, 0xff)
    expect(thrownBy(() => symbols.named(1024))).toMatchObject({
      code: 'RESULT_INVALID',
      message: expect.stringContaining('field name of the result of named'),
    })
    expectHealthy(library)
  })
})

describe('a hostile guest returns a C string', () => {
  test('that no NUL ends before the memory does', () => {
    using library = openGuest()
    const { symbols } = library
    const end = symbols.size()
    for (const length of [1, 7, 8, 9, 95, 96, 97, 200]) {
      for (let at = end - length; at < end; at++) symbols.store(at, 0x61)
      const error = thrownBy(() => symbols.text(end - length))
      expect(error).toMatchObject({ code: 'RESULT_INVALID', message: expect.stringContaining('no C string ends') })
      symbols.store(end - 1, 0)
      expect(symbols.text(end - length)).toBe('a'.repeat(length - 1))
    }
    expectHealthy(library)
  })

  test('that is not UTF-8, at every place of it', () => {
    using library = openGuest()
    const { symbols } = library
    for (const length of [1, 9, 120]) {
      for (let at = 0; at < length; at++) symbols.store(2048 + at, 0x61)
      symbols.store(2048 + length, 0)
      for (let at = 0; at < length; at++) {
        symbols.store(2048 + at, 0x80)
        expect(codeOf(() => symbols.text(2048))).toBe('RESULT_INVALID')
        symbols.store(2048 + at, 0x61)
      }
    }
    expectHealthy(library)
  })
})

describe('a hostile guest has bytes of a length', () => {
  test('beyond memory', () => {
    using library = openGuest()
    const { symbols } = library
    const size = symbols.size()
    expect(symbols.bytes(8, size - 8)).toHaveLength(size - 8)
    for (const length of [size - 7, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      expect(codeOf(() => symbols.bytes(8, length))).toBe('RESULT_INVALID')
    }
    expect(codeOf(() => symbols.wide(8, 2n ** 40n))).toBe('RESULT_INVALID')
    expectHealthy(library)
  })

  test('that is no length', () => {
    using library = openGuest()
    const { symbols } = library
    for (const length of [-1, -(2 ** 31)]) {
      expect(codeOf(() => symbols.signed(8, length))).toBe('RESULT_INVALID')
      expect(codeOf(() => symbols.bytes_out(8, length))).toBe('RESULT_INVALID')
    }
    for (const length of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1.5, 2 ** 53, 1e300]) {
      expect(codeOf(() => symbols.double(8, length))).toBe('RESULT_INVALID')
      expect(codeOf(() => symbols.bytes_out_f64(8, length))).toBe('RESULT_INVALID')
    }
    for (const length of [-1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(codeOf(() => symbols.wide(8, length))).toBe('RESULT_INVALID')
    }
    // What was owned went back each time.
    expect(symbols.freed()).toBe(2 + 7)
    expectHealthy(library)
  })
})

describe('a hostile guest returns a place in a frame', () => {
  test('of the call itself: it is copied before the frame is released', () => {
    using library = openGuest()
    const { symbols } = library
    for (let round = 0; round < 100; round++) {
      expect(symbols.echo(`argument ${round}`)).toBe(`argument ${round}`)
      const bytes = symbols.echo_bytes(Uint8Array.of(round, 2, 3, 4))
      symbols.echo_bytes(Uint8Array.of(9, 9, 9, 9))
      expect(bytes).toEqual(Uint8Array.of(round, 2, 3, 4))
      const struct = symbols.echo_struct({ name: `name ${round}`, id: round })
      symbols.echo_struct({ name: 'another', id: -1 })
      expect(struct).toEqual({ name: `name ${round}`, id: round })
    }
    expectHealthy(library)
  })

  test('of an earlier call: what is there now is text, or an error, and no frame is harmed', () => {
    using library = openGuest()
    const { symbols } = library
    expect(symbols.echo_before('first')).toBe(null)
    // Both frames begin where the region does: the guest is answered with its own new argument.
    expect(symbols.echo_before('second')).toBe('second')
    expectHealthy(library)
  })
})

test('a hostile guest overwrites its whole memory, frames included, and the shim keeps nothing there', () => {
  using library = openGuest()
  const { symbols } = library
  const frame = library.frame(64)
  symbols.overwrite(0xff)
  expect([...frame.memory.u8.subarray(frame.base, frame.base + 64)].every((byte) => byte === 0xff)).toBe(true)
  frame.release()
  expectHealthy(library)
  expect(codeOf(() => symbols.overwrite_argument('text', 0x61))).toBe('RESULT_INVALID')
  expect(symbols.overwrite_argument('text', 0)).toBe('')
  expectHealthy(library)
})
