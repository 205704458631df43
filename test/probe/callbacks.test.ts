/** Functions of the host that the guest calls: with any types, nested, kept, and what happens when they throw. */
import { describe, expect, test } from 'vitest'
import { open, type Pointer } from '../../src/ffi/index.ts'
import { backends } from '../support/backends.ts'
import { probe } from './guests.ts'
import { Point } from './structs.ts'

const on = <const Parameters extends readonly unknown[], const Result>(parameters: Parameters, result: Result) =>
  ({ type: 'callback', parameters, result }) as const
const onI32 = on(['i32', 'pointer'], 'i32')

const definitions = {
  probe_call_i32: { parameters: [onI32, 'i32', 'pointer'], result: 'i32' },
  probe_call_i64: { parameters: [on(['i64', 'pointer'], 'i64'), 'i64', 'pointer'], result: 'i64' },
  probe_call_f32: { parameters: [on(['f32', 'pointer'], 'f32'), 'f32', 'pointer'], result: 'f32' },
  probe_call_f64: { parameters: [on(['f64', 'pointer'], 'f64'), 'f64', 'pointer'], result: 'f64' },
  probe_call_bool: { parameters: [on(['bool'], 'bool'), 'bool'], result: 'bool' },
  probe_call_i8: { parameters: [on(['i8'], 'i8'), 'i8'], result: 'i8' },
  probe_call_u16: { parameters: [on(['u16'], 'u16'), 'u16'], result: 'u16' },
  probe_call_text: { parameters: [on(['cstring', 'pointer'], 'i32'), 'cstring', 'pointer'], result: 'i32' },
  probe_call_pointer: { parameters: [on(['pointer'], 'pointer'), 'pointer'], result: 'pointer' },
  probe_call_point: { parameters: [on([{ inout: Point }, 'pointer'], 'f64'), 'f64', 'f64', 'pointer'], result: 'f64' },
  probe_call_event: { parameters: [on([], 'void')], result: 'void' },
  probe_call_mixed: {
    parameters: [
      on(['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'bool', 'pointer', 'cstring'], 'f64'),
      'pointer',
    ],
    result: 'f64',
  },
  probe_call_times: { parameters: [onI32, 'u32', 'pointer'], result: 'i64' },
  probe_hash_around: { parameters: ['cstring', onI32, 'i32'], result: 'u32' },
  probe_text_hash: { parameters: ['cstring'], result: 'u32' },
  probe_call_both: { parameters: [onI32, onI32, 'i32'], result: 'i32' },
  probe_store_callback: { parameters: [onI32, 'pointer'], result: 'void' },
  probe_call_stored: { parameters: ['i32'], result: 'i32' },
  probe_clear_callback: { parameters: [], result: 'void' },
  probe_divide: { parameters: ['i32', 'i32'], result: 'i32' },
  probe_i32: { parameters: ['i32'], result: 'i32' },
} as const

describe.each(backends)('%s', (backend) => {
  const opened = () => open(probe(backend), definitions)

  test('every type of argument and result', () => {
    const { symbols } = opened()
    expect(symbols.probe_call_i32((value) => value - 1, -2_147_483_647, null)).toBe(-2_147_483_648)
    expect(symbols.probe_call_i64((value) => value * 2n, 2n ** 61n, null)).toBe(2n ** 62n)
    expect(symbols.probe_call_f32((value) => value / 2, 0.5, null)).toBe(0.25)
    expect(symbols.probe_call_f64((value) => value + 0.1, 0.2, null)).toBe(0.2 + 0.1)
    expect(symbols.probe_call_bool((value) => !value, true)).toBe(false)
    expect(symbols.probe_call_i8((value) => value - 1, -127)).toBe(-128)
    expect(symbols.probe_call_u16((value) => value + 1, 65_534)).toBe(65_535)
    expect(symbols.probe_call_text((text) => text?.length ?? -1, 'größer', null)).toBe(6)
    expect(symbols.probe_call_text((text) => (text === null ? 7 : 0), null, null)).toBe(7)
    expect(symbols.probe_call_pointer((value) => value, 4096 as Pointer)).toBe(4096)
    let events = 0
    symbols.probe_call_event(() => {
      events++
    })
    expect(events).toBe(1)
  })

  test('userdata is handed through', () => {
    const { symbols } = opened()
    expect(symbols.probe_call_i32((value, userdata) => value + Number(userdata), 1, 4096 as Pointer)).toBe(4097)
  })

  test('a mixture of thirteen arguments', () => {
    let got: unknown[] = []
    const { symbols } = opened()
    const returned = symbols.probe_call_mixed((...values) => {
      got = values
      return 0.75
    }, 4096 as Pointer)
    expect(returned).toBe(0.75)
    expect(got).toEqual([-1, 255, -2, 65_535, -3, 4_294_967_295, -4n, 2n ** 64n - 1n, 0.5, 0.1, true, 4096, 'mixed'])
  })

  test('a struct that the callback changes', () => {
    const { symbols } = opened()
    const sum = symbols.probe_call_point(
      (point) => {
        point!.x *= 10
        return 0.5
      },
      1,
      2,
      null,
    )
    expect(sum).toBe(10 + 2 + 0.5)
  })

  test('many times in a call, and two in one call', () => {
    const { symbols } = opened()
    expect(symbols.probe_call_times((value) => value * 2, 10_000, null)).toBe(99_990_000n)
    expect(
      symbols.probe_call_both(
        (value) => value + 1,
        (value) => value * 10,
        4,
      ),
    ).toBe(50)
  })

  test('a callback may call the guest again, many levels deep, and each call keeps its own arguments', () => {
    const { symbols } = opened()
    const descend = (depth: number): number => {
      const text = `level ${depth} ${'.'.repeat(depth * 7)}`
      const hash = symbols.probe_hash_around(
        text,
        (level) => {
          expect(level).toBe(depth)
          if (depth > 0) descend(depth - 1)
          return 0
        },
        depth,
      )
      expect(hash).toBe(symbols.probe_text_hash(text))
      return hash
    }
    expect(descend(40)).not.toBe(0)
  })

  test('a registered callback stays until it is disposed of', () => {
    using library = opened()
    const { symbols } = library
    let calls = 0
    const kept = library.callback(onI32, (value) => {
      calls++
      return value + 100
    })
    symbols.probe_store_callback(kept, null)
    for (let call = 0; call < 100; call++) {
      symbols.probe_call_i32(() => 0, 1, null)
      expect(symbols.probe_call_stored(call)).toBe(call + 100)
    }
    expect(calls).toBe(100)
    symbols.probe_clear_callback()
    kept.dispose()
    expect(() => symbols.probe_store_callback(kept, null)).toThrow(failing('CALLBACK_STALE'))
  })

  test('what a callback throws ends the call, with the cause', () => {
    using library = opened()
    const { symbols } = library
    const cause = new Error('the host said no')
    const throws = () => {
      throw cause
    }
    expect(() => symbols.probe_call_i32(throws, 1, null)).toThrow(failing('GUEST_INTERRUPTED', 'the host said no'))
    expect(() => symbols.probe_call_i32(throws, 1, null)).toThrow(expect.objectContaining({ cause }))
    expect(symbols.probe_i32(5)).toBe(5)
    expect(library.generation).toBe(backend === 'wasm' ? 3 : 1)
  })

  test('a callback that returns what does not fit is told', () => {
    const { symbols } = opened()
    expect(() => symbols.probe_call_i8(() => 200, 1)).toThrow(
      expect.objectContaining({
        code: 'GUEST_INTERRUPTED',
        cause: failing('ARGUMENT_OUT_OF_RANGE', 'callback returned'),
      }),
    )
    expect(() => symbols.probe_call_i8((() => 'x') as never, 1)).toThrow(failing('GUEST_INTERRUPTED'))
    expect(() => symbols.probe_call_i8(5 as never, 1)).toThrow(failing('ARGUMENT_INVALID', 'a function'))
  })
})

describe('wasm', () => {
  test('a stored callback whose call has returned is reported, never another function called', () => {
    const { symbols } = open(probe('wasm'), definitions)
    symbols.probe_store_callback(() => 1, null)
    for (let call = 0; call < 10; call++) symbols.probe_call_i32(() => 2, 1, null)
    expect(() => symbols.probe_call_stored(1)).toThrow(
      expect.objectContaining({ code: 'GUEST_INTERRUPTED', cause: failing('CALLBACK_STALE') }),
    )
  })

  test('a nested trap ends the outer call too, even where the callback hides it', () => {
    using library = open(probe('wasm'), definitions)
    const { symbols } = library
    let after = false
    const outer = () =>
      symbols.probe_call_times(
        () => {
          try {
            symbols.probe_divide(1, 0)
          } catch {}
          expect(after).toBe(false)
          after = true
          return 0
        },
        5,
        null,
      )
    expect(outer).toThrow(failing('GUEST_INTERRUPTED'))
    expect(symbols.probe_i32(3)).toBe(3)
    expect(library.generation).toBe(2)
  })
})

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(text) })
}
