/** Structs, strings, bytes, buffers and handles: what goes in arrives, what comes out is a copy, what is owned is freed. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import { Handle, open, type StructType } from '../../src/ffi/index.ts'
import { backends } from '../support/backends.ts'
import { probe } from './guests.ts'
import { Arrays, changed, Nested, Padded, Point, Record, SingleF32, Size3 } from './structs.ts'

describe.each(backends)('%s', (backend) => {
  const guest = probe(backend)

  test.each(changed)('a struct by value: %s', (name, type, value, after) => {
    const definition = { call: { parameters: [type], result: type, symbol: `probe_change_${name}` } } as const
    const call = open(guest, definition).symbols.call as (value: object) => object
    expect(call(value)).toEqual(after)
    expect(value).toEqual(changed.find(([each]) => each === name)?.[2])
  })

  test('structs by value between scalars', () => {
    const { symbols } = open(guest, {
      probe_mixed_structs: { parameters: ['i32', Size3, 'f32', Padded, SingleF32, 'i64', Point, 'u8'], result: 'f64' },
    })
    const padded = { a: 6, b: 7, c: 8, d: 9n, e: 10 }
    const sum = symbols.probe_mixed_structs(
      1,
      { a: 2, b: 3, c: 4 },
      5,
      padded,
      { value: 11 },
      12n,
      { x: 13, y: 14 },
      15,
    )
    expect(sum).toBe(Array.from({ length: 15 }, (_, index) => (index + 1) ** 2).reduce((a, b) => a + b))
  })

  test('structs by pointer: in, out, and in-out', () => {
    const { symbols } = open(guest, {
      probe_read_padded: { parameters: [{ in: Padded }], result: 'f64' },
      probe_write_padded: { parameters: ['u8', 'f64', 'i16', 'i64', 'f32', { out: Padded }], result: 'void' },
      probe_update_padded: { parameters: [{ inout: Padded }], result: 'void' },
      probe_read_nested: { parameters: [{ in: Nested }], result: 'f64' },
      probe_update_nested: { parameters: [{ inout: Nested, name: 'value' }], result: 'void' },
      probe_read_arrays: { parameters: [{ in: Arrays }], result: 'f64' },
      probe_update_arrays: { parameters: [{ inout: Arrays }], result: 'void' },
      probe_static_point: { parameters: [], result: { pointer: Point } },
      probe_new_point: { parameters: ['f64', 'f64'], result: { pointer: Point, free: 'probe_free' } },
      probe_live_allocations: { parameters: [], result: 'i32' },
    })
    const padded = { a: 1, b: 2, c: 3, d: 4n, e: 5 }
    expect([symbols.probe_read_padded(padded), symbols.probe_read_padded(null)]).toEqual([55, -1])
    expect(symbols.probe_write_padded(1, 2, 3, 4n, 5)).toEqual([padded])
    expect(symbols.probe_update_padded(padded)).toEqual([{ a: 2, b: 4, c: 6, d: 8n, e: 10 }])
    const nested = { head: { a: 1, b: 2 }, middle: { x: 3, y: 4 }, tail: 5 }
    expect(symbols.probe_read_nested(nested)).toBe(55)
    expect(symbols.probe_update_nested(nested)).toEqual({
      value: { head: { a: 2, b: 4 }, middle: { x: 6, y: 8 }, tail: 10 },
    })
    const arrays = { numbers: [1, 2, 3], bytes: [4, 5, 6, 7, 8], ratio: 9 }
    expect(symbols.probe_read_arrays(arrays)).toBe(285)
    expect(symbols.probe_update_arrays(arrays)).toEqual([{ numbers: [2, 4, 6], bytes: [8, 10, 12, 14, 16], ratio: 18 }])
    expect(symbols.probe_static_point()).toEqual({ x: 1.5, y: -2.5 })
    expect(symbols.probe_new_point(0.5, 8)).toEqual({ x: 0.5, y: 8 })
    expect(symbols.probe_live_allocations()).toBe(0)
    expectTypeOf(symbols.probe_new_point).returns.toEqualTypeOf<{ x: number; y: number } | null>()
  })

  test('a struct with a string', () => {
    const { symbols } = open(guest, {
      probe_read_record: { parameters: [{ in: Record }], result: 'f64' },
      probe_write_record: { parameters: ['i32', { out: Record }], result: 'void' },
    })
    const record = { name: 'Zoë', id: 100, active: true, weight: 0.25 }
    expect(symbols.probe_read_record(record)).toBe(4 + 100 + 0.25 + 0.5)
    expect(symbols.probe_read_record({ ...record, name: null })).toBeCloseTo(-1 + 100 + 0.25 + 0.5, 0)
    expect(symbols.probe_write_record(7)[0]).toMatchObject({ id: 7, name: expect.any(String) })
  })

  test('what is wrong within a struct is named', () => {
    const definition = { probe_read_nested: { parameters: [{ in: Nested }], result: 'f64' } } as const
    const call = open(guest, definition).symbols.probe_read_nested as (value: unknown) => number
    const good = { head: { a: 1, b: 2 }, middle: { x: 3, y: 4 }, tail: 5 }
    expect(() => call({ ...good, tail: 256 })).toThrow(failing('ARGUMENT_OUT_OF_RANGE', 'field tail of argument 1'))
    expect(() => call({ ...good, head: { a: 1 } })).toThrow(failing('ARGUMENT_INVALID', 'field b of field head'))
    expect(() => call(5)).toThrow(failing('ARGUMENT_INVALID'))
    const arrays = open(guest, { probe_read_arrays: { parameters: [{ in: Arrays }], result: 'f64' } }).symbols
    expect(() => arrays.probe_read_arrays({ numbers: [1, 2], bytes: [1, 2, 3, 4, 5], ratio: 1 })).toThrow(
      failing('ARGUMENT_INVALID', 'exactly 3 elements'),
    )
  })

  const text = {
    length: { symbol: 'probe_text_length', parameters: ['cstring'], result: 'i32' },
    hash: { symbol: 'probe_texts_hash', parameters: ['cstring', 'cstring'], result: 'u32' },
    first: { symbol: 'probe_text_first', parameters: ['cstring'], result: 'i32' },
    last: { symbol: 'probe_text_last', parameters: ['cstring'], result: 'i32' },
    fixed: { symbol: 'probe_static_text', parameters: [], result: 'cstring' },
    empty: { symbol: 'probe_empty_text', parameters: [], result: 'cstring' },
    missing: { symbol: 'probe_null_text', parameters: [], result: 'cstring' },
    broken: { symbol: 'probe_broken_text', parameters: [], result: 'cstring' },
    after: { symbol: 'probe_text_after', parameters: ['cstring', 'usize'], result: 'cstring' },
    digit: { symbol: 'probe_digit_name', parameters: ['i32', { out: 'cstring' }], result: 'bool' },
    alloc: { symbol: 'probe_alloc', parameters: ['u64'], result: { type: 'cstring', free: 'probe_free' } },
    repeat: {
      symbol: 'probe_text_repeat',
      parameters: ['cstring', 'u32'],
      result: { type: 'cstring', free: 'probe_free' },
    },
    join: {
      symbol: 'probe_text_join',
      parameters: ['cstring', 'cstring'],
      result: { type: 'cstring', free: 'probe_free' },
    },
    brokenCopy: { symbol: 'probe_broken_copy', parameters: [], result: { type: 'cstring', free: 'probe_free' } },
    copyOut: {
      symbol: 'probe_text_out',
      parameters: ['cstring', { out: { type: 'cstring', free: 'probe_free' } }],
      result: 'bool',
    },
    sized: {
      symbol: 'probe_sized_text',
      parameters: ['cstring'],
      result: { type: 'cstring', free: 'probe_free_sized', sized: true },
    },
    wrongLengths: { symbol: 'probe_wrong_lengths', parameters: [], result: 'i32' },
    live: { symbol: 'probe_live_allocations', parameters: [], result: 'i32' },
  } as const

  test('strings in: any length, any script', () => {
    const { symbols } = open(guest, text)
    for (const value of ['', 'a', 'Zoë', '日本語', '🦀🦀', 'x'.repeat(14), 'x'.repeat(15), 'é'.repeat(100_000)]) {
      expect(symbols.length(value)).toBe(Buffer.byteLength(value))
      expect(symbols.first(value)).toBe(Buffer.from(value)[0] ?? -1)
      expect(symbols.last(value)).toBe(Buffer.from(value).at(-1) ?? -1)
    }
    expect(symbols.length(null)).toBe(-1)
    expect(symbols.hash('ab', 'cd')).toBe(symbols.hash('abcd', ''))
    expect(symbols.hash('ab', 'cd')).not.toBe(symbols.hash('cd', 'ab'))
  })

  test('strings that C or UTF-8 cannot hold are refused', () => {
    const { symbols } = open(guest, text)
    expect(() => symbols.length('a\0b')).toThrow(failing('STRING_INVALID', 'NUL at index 1'))
    for (const value of ['\ud800', 'long enough for the encoder \udc00', `${'x'.repeat(200)}\ud83d`]) {
      expect(() => symbols.length(value)).toThrow(failing('STRING_INVALID', 'surrogate'))
    }
    for (const value of [undefined, 5, {}, Buffer.from('a')]) {
      expect(() => symbols.length(value as never)).toThrow(failing('ARGUMENT_INVALID'))
    }
    expect(symbols.length('afterwards')).toBe(10)
  })

  test('strings out: borrowed, null, and what is not UTF-8', () => {
    const { symbols } = open(guest, text)
    expect(symbols.fixed()).toEqual(expect.stringMatching(/./))
    expect([symbols.empty(), symbols.missing()]).toEqual(['', null])
    expect(symbols.after('abcdef', 4)).toBe('ef')
    expect(() => symbols.broken()).toThrow(failing('RESULT_INVALID', 'not UTF-8'))
    expect(symbols.digit(2)).toEqual([true, 'two'])
    expect(symbols.digit(9)).toEqual([false, null])
  })

  test('owned strings are freed, once, also when they cannot be decoded', () => {
    const { symbols } = open(guest, text)
    for (let seed = 0n; seed < 1000n; seed++) expect(symbols.alloc(seed)).toMatch(new RegExp(`^${seed}(\\D|$)`))
    expect(symbols.repeat('añ', 50_000)).toBe('añ'.repeat(50_000))
    expect(symbols.join('left', 'right')).toBe('leftright')
    expect(() => symbols.brokenCopy()).toThrow(failing('RESULT_INVALID', 'not UTF-8'))
    expect(symbols.copyOut('through an address')).toEqual([true, 'through an address'])
    expect(symbols.sized('with its length: é')).toBe('with its length: é')
    expect([symbols.live(), symbols.wrongLengths()]).toEqual([0, 0])
  })

  test('bytes out: of a fixed length, and of one that the guest tells', () => {
    const owned = { type: 'bytes', length: { parameter: 2 }, free: 'probe_free' } as const
    const { symbols } = open(guest, {
      fixed: {
        symbol: 'probe_bytes_16',
        parameters: ['u8'],
        result: { type: 'bytes', length: 16, free: 'probe_free' },
      },
      told: { symbol: 'probe_bytes', parameters: ['usize', 'u8', { out: 'usize' }], result: owned },
      sized: {
        symbol: 'probe_sized_bytes',
        parameters: ['usize', 'u8', { out: 'usize', name: 'length' }],
        result: { ...owned, free: 'probe_free_sized', sized: true },
      },
      none: {
        symbol: 'probe_no_bytes',
        parameters: [{ out: 'usize' }],
        result: { type: 'bytes', length: { parameter: 0 } },
      },
      table: {
        symbol: 'probe_byte_table',
        parameters: [{ out: 'usize' }],
        result: { type: 'bytes', length: { parameter: 0 } },
      },
      ...{ wrongLengths: text.wrongLengths, live: text.live },
    })
    const counting = (start: number, count: number) => Uint8Array.from({ length: count }, (_, index) => start + index)
    expect(symbols.fixed(3)).toEqual(counting(3, 16))
    expect(symbols.told(300, 250)).toEqual([counting(250, 300), 300])
    expect(symbols.told(200_000, 1)).toEqual([counting(1, 200_000), 200_000])
    expect(symbols.sized(40, 9)).toEqual({ result: counting(9, 40), length: 40 })
    expect(symbols.none()).toEqual([null, 0])
    expect(symbols.table()).toEqual([counting(0, 256), 256])
    expect([symbols.live(), symbols.wrongLengths()]).toEqual([0, 0])
  })

  test('buffers: in, out and in-out, of any size and view', () => {
    const { symbols } = open(guest, {
      hash: { symbol: 'probe_buffer_hash', parameters: ['buffer', { lengthOf: 0 }], result: 'u32' },
      sum: { symbol: 'probe_buffer_sum', parameters: ['buffer', { lengthOf: 0, as: 'i32' }], result: 'f64' },
      fill: { symbol: 'probe_buffer_fill', parameters: [{ out: 'buffer' }, { lengthOf: 0 }, 'u8'], result: 'void' },
      xor: { symbol: 'probe_buffer_xor', parameters: [{ inout: 'buffer' }, { lengthOf: 0 }, 'u8'], result: 'void' },
      copy: {
        symbol: 'probe_buffer_copy',
        parameters: ['buffer', { lengthOf: 0 }, { out: 'buffer' }, { lengthOf: 2 }],
        result: 'usize',
      },
      doubles: { symbol: 'probe_sum_f64', parameters: ['buffer', 'usize'], result: 'f64' },
    })
    const bytes = Uint8Array.from([1, 2, 3, 250])
    expect(symbols.sum(bytes)).toBe(1 + 4 + 9 + 1000)
    expect(symbols.sum(new Uint8Array())).toBe(0)
    expect(symbols.hash(bytes)).toBe(symbols.hash(Buffer.from(bytes)))
    const out = new Uint8Array(6).fill(9)
    symbols.fill(out.subarray(1, 5), 20)
    expect([...out]).toEqual([9, 20, 21, 22, 23, 9])
    symbols.xor(bytes, 0xff)
    expect([...bytes]).toEqual([254, 253, 252, 5])
    // What the guest leaves alone keeps what the caller had there.
    expect(symbols.copy(Uint8Array.of(7, 8), out)).toBe(2)
    expect([...out]).toEqual([7, 8, 21, 22, 23, 9])
    expect(symbols.doubles(Float64Array.of(0.5, 2), 2)).toBe(0.5 + 4)
    const large = new Uint8Array(16 * 1024 * 1024).map((_, index) => index % 251)
    symbols.xor(large, 1)
    expect(large[16 * 1024 * 1024 - 1]).toBe(((16 * 1024 * 1024 - 1) % 251) ^ 1)
    expect(() => symbols.sum([1, 2] as never)).toThrow(failing('ARGUMENT_INVALID', 'Uint8Array'))
  })

  const counter = { type: 'handle', name: 'Counter' } as const
  const counters = {
    probe_counter_new: { parameters: ['i64'], result: { ...counter, free: 'probe_counter_free' } },
    probe_counter_add: { parameters: [counter, 'i64'], result: 'void' },
    probe_counter_value: { parameters: [counter], result: 'i64' },
    probe_live_counters: { parameters: [], result: 'i32' },
  } as const

  test('a handle ends its object once', () => {
    const { symbols } = open(guest, counters)
    const made = symbols.probe_counter_new(5n)!
    expect(made).toBeInstanceOf(Handle)
    symbols.probe_counter_add(made, 37n)
    expect([symbols.probe_counter_value(made), symbols.probe_live_counters()]).toEqual([42n, 1])
    made.dispose()
    made.dispose()
    expect(symbols.probe_live_counters()).toBe(0)
    expect(() => symbols.probe_counter_value(made)).toThrow(failing('HANDLE_DISPOSED', 'Counter'))
  })

  test('a handle of another name or another library is refused', () => {
    const first = open(guest, counters)
    const second = open(guest, {
      ...counters,
      other: {
        ...counters.probe_counter_value,
        symbol: 'probe_counter_value',
        parameters: [{ ...counter, name: 'Other' }],
      },
    })
    using made = first.symbols.probe_counter_new(1n)!
    expect(() => second.symbols.probe_counter_value(made)).toThrow(failing('HANDLE_STALE', 'another library'))
    using own = second.symbols.probe_counter_new(1n)!
    expect(() => (second.symbols.other as (value: unknown) => unknown)(own)).toThrow(
      failing('ARGUMENT_INVALID', 'Other'),
    )
    expect(() => second.symbols.probe_counter_value({} as never)).toThrow(failing('ARGUMENT_INVALID', 'Counter'))
  })

  test('calls with all kinds of arguments leave no memory behind', () => {
    const library = open(guest, { ...text, probe_update_arrays: { parameters: [{ inout: Arrays }], result: 'void' } })
    const { symbols } = library
    const run = (times: number) => {
      for (let call = 0; call < times; call++) {
        symbols.join('left', 'x'.repeat(call % 100))
        symbols.probe_update_arrays({ numbers: [1, 2, 3], bytes: [4, 5, 6, 7, 8], ratio: 9 })
        symbols.copyOut('y'.repeat(call % 50))
        if (call % 100 === 0) symbols.repeat('large ', 20_000)
      }
    }
    run(500)
    const before = library.memoryBytes
    run(5000)
    expect([library.memoryBytes - before, symbols.live()]).toEqual([0, 0])
  })
})

test('a struct’s type is inferred from the literal', () => {
  expectTypeOf<typeof Padded>().toMatchTypeOf<StructType>()
})

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(text) })
}
