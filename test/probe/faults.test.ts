/** Every way a guest of WebAssembly can end a call badly: a typed error, and the next call runs on the next generation. */
import { describe, expect, test } from 'vitest'
import { open, type Pointer } from '../../src/ffi/index.ts'
import { backends } from '../support/backends.ts'
import { probe } from './guests.ts'

const definitions = {
  probe_i32: { parameters: ['i32'], result: 'i32' },
  probe_text_length: { parameters: ['cstring'], result: 'i32' },
  probe_trap: { parameters: [], result: 'void' },
  probe_divide: { parameters: ['i32', 'i32'], result: 'i32' },
  probe_abort: { parameters: [], result: 'void' },
  probe_load: { parameters: ['pointer'], result: 'u8' },
  probe_store: { parameters: ['pointer', 'u8'], result: 'void' },
  probe_recurse: { parameters: ['u32'], result: 'u32' },
  probe_recurse_wide: { parameters: ['u32'], result: 'u32' },
  probe_grow: { parameters: ['u32'], result: 'cstring' },
  probe_grow_fill: { parameters: ['u32', { out: 'buffer' }, { lengthOf: 1 }, 'u8'], result: 'bool' },
  probe_grow_out: { parameters: ['u32', { out: 'i32' }], result: 'bool' },
  probe_shrink: { parameters: [], result: 'void' },
  probe_high_text: { parameters: ['cstring'], result: { type: 'cstring', free: 'probe_free' } },
  probe_counter_new: { parameters: ['i64'], result: { type: 'handle', name: 'Counter', free: 'probe_counter_free' } },
  probe_counter_value: { parameters: [{ type: 'handle', name: 'Counter' }], result: 'i64' },
} as const

describe('wasm', () => {
  const opened = () => open(probe('wasm'), definitions)
  type Symbols = ReturnType<typeof opened>['symbols']

  const ends: readonly (readonly [name: string, code: string, call: (symbols: Symbols) => unknown])[] = [
    ['an unreachable instruction', 'GUEST_TRAPPED', (symbols) => symbols.probe_trap()],
    ['a division by zero', 'GUEST_TRAPPED', (symbols) => symbols.probe_divide(1, 0)],
    ['abort()', 'GUEST_TRAPPED', (symbols) => symbols.probe_abort()],
    ['a read beyond memory', 'GUEST_TRAPPED', (symbols) => symbols.probe_load((2 ** 32 - 16) as Pointer)],
    ['a write beyond memory', 'GUEST_TRAPPED', (symbols) => symbols.probe_store((2 ** 32 - 16) as Pointer, 1)],
    ['a full call stack', 'GUEST_STACK_EXHAUSTED', (symbols) => symbols.probe_recurse(1_000_000_000)],
    ['a full stack in memory', 'GUEST_TRAPPED', (symbols) => symbols.probe_recurse_wide(100_000)],
  ]

  test.each(ends)('%s retires the instance', (_, code, call) => {
    using library = opened()
    const { symbols } = library
    for (let generation = 1; generation <= 3; generation++) {
      expect(symbols.probe_i32(generation)).toBe(generation)
      expect(symbols.probe_text_length('healthy')).toBe(7)
      expect(library.generation).toBe(generation)
      expect(() => call(symbols)).toThrow(failing(code, `generation ${generation + 1}`))
    }
  })

  test('a handle goes with its instance', () => {
    using library = opened()
    const { symbols } = library
    const counter = symbols.probe_counter_new(7n)!
    expect(() => symbols.probe_trap()).toThrow(failing('GUEST_TRAPPED'))
    expect(() => symbols.probe_counter_value(counter)).toThrow(failing('HANDLE_STALE', 'retired'))
    expect(() => counter.dispose()).not.toThrow()
    using next = symbols.probe_counter_new(8n)!
    expect(symbols.probe_counter_value(next)).toBe(8n)
  })
})

describe.each(backends)('%s', (backend) => {
  test('memory that grows during a call', () => {
    using library = open(probe(backend), definitions)
    const { symbols } = library
    const out = new Uint8Array(1000)
    for (const mebibytes of [1, 20, 40]) {
      expect(symbols.probe_grow(mebibytes)).toMatch(/./)
      out.fill(0)
      expect(symbols.probe_grow_fill(mebibytes, out, 7)).toBe(true)
      expect(out).toEqual(Uint8Array.from({ length: 1000 }, (_, index) => index + 7))
      const [grown, number] = symbols.probe_grow_out(mebibytes)
      expect([grown, typeof number]).toEqual([true, 'number'])
      expect(number).not.toBe(0)
    }
    symbols.probe_shrink()
    expect(library.generation).toBe(1)
  })

  test('an address beyond 2^31', () => {
    using library = open(probe(backend), definitions)
    expect(library.symbols.probe_high_text('far up')).toBe('far up')
  })
})

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(text) })
}
