/** An AssemblyScript guest through its loader: strings, typed arrays and objects of the guest's garbage collector. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as loader from '@assemblyscript/loader'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { open } from '../../src/ffi/index.ts'
import { projectFolder } from '../support/data.ts'

const module = new WebAssembly.Module(readFileSync(join(projectFolder, '.cache/guests/probe-assemblyscript.wasm')))

const bytes = { type: 'typedarray', of: 'u8', id: 'UINT8ARRAY_ID' } as const
const integers = { type: 'typedarray', of: 'i32', id: 'INT32ARRAY_ID' } as const
const doubles = { type: 'typedarray', of: 'f64', id: 'FLOAT64ARRAY_ID' } as const
const counter = { type: 'handle', name: 'Counter' } as const

const definitions = {
  add: { parameters: ['i32', 'i32'], result: 'i32' },
  addU64: { parameters: ['u64', 'u64'], result: 'u64' },
  greet: { parameters: ['string'], result: 'string' },
  join: { parameters: ['string', 'string'], result: 'string' },
  length: { parameters: ['string'], result: 'i32' },
  orNull: { parameters: ['string'], result: 'string' },
  lengthOrNull: { parameters: ['string'], result: 'i32' },
  reversed: { parameters: [bytes], result: bytes },
  part: { parameters: [bytes, 'i32', 'i32'], result: bytes },
  sumI32: { parameters: [integers], result: 'i64' },
  squares: { parameters: ['i32'], result: integers },
  scaled: { parameters: [doubles, 'f64'], result: doubles },
  counterNew: { parameters: ['i64', 'string'], result: counter },
  counterAdd: { parameters: [counter, 'i64'], result: 'void' },
  counterValue: { parameters: [counter], result: 'i64' },
  counterName: { parameters: [counter], result: 'string' },
  litter: { parameters: ['i32'], result: 'i32' },
  collectAndJoin: { parameters: ['string', 'string'], result: 'string' },
  fail: { parameters: ['string'], result: 'void' },
  outOfRange: { parameters: [integers], result: 'i32' },
} as const

const opened = () => open({ module, loader }, definitions)

describe('an AssemblyScript guest', () => {
  test('numbers', () => {
    using library = opened()
    expect(library.toolchain).toBe('assemblyscript')
    expect([library.symbols.add(1, 2), library.symbols.addU64(2n ** 63n, 1n)]).toEqual([3, 2n ** 63n + 1n])
  })

  test('strings, of any length and with any unit', () => {
    using library = opened()
    const { symbols } = library
    expectTypeOf(symbols.greet).toEqualTypeOf<(text: string | null) => string | null>()
    for (const text of ['', 'Zoë', '日本語', '🦀', 'x'.repeat(100_000), 'half \ud83d of a pair', 'a\0b']) {
      expect(symbols.greet(text)).toBe(`Hello, ${text}!`)
      expect(symbols.length(text)).toBe(text.length)
    }
    expect([symbols.orNull(''), symbols.lengthOrNull(null), symbols.lengthOrNull('abc')]).toEqual([null, -1, 3])
    expect(() => symbols.greet(5 as never)).toThrow(failing('ARGUMENT_INVALID', 'a string'))
  })

  test('typed arrays are copied in and out', () => {
    using library = opened()
    const { symbols } = library
    expectTypeOf(symbols.squares).returns.toEqualTypeOf<Int32Array | null>()
    const given = Uint8Array.of(1, 2, 3)
    expect(symbols.reversed(given)).toEqual(Uint8Array.of(3, 2, 1))
    expect([...given]).toEqual([1, 2, 3])
    expect(symbols.part(Uint8Array.of(1, 2, 3, 4, 5), 1, 4)).toEqual(Uint8Array.of(2, 3, 4))
    expect(symbols.sumI32(Int32Array.of(-1, 5, 2 ** 31 - 1))).toBe(2n ** 31n + 3n)
    expect(symbols.squares(5)).toEqual(Int32Array.of(0, 1, 4, 9, 16))
    expect(symbols.scaled(Float64Array.of(0.5, -1), 4)).toEqual(Float64Array.of(2, -4))
    expect(() => symbols.sumI32(Uint8Array.of(1) as never)).toThrow(failing('ARGUMENT_INVALID', 'Int32Array'))
  })

  test('an array whose class the module does not name is refused', () => {
    using library = open({ module, loader }, { sumI32: { parameters: [{ ...integers, id: 'NO_ID' }], result: 'i64' } })
    expect(() => library.symbols.sumI32(Int32Array.of(1))).toThrow(failing('SYMBOL_NOT_FOUND', 'NO_ID'))
  })

  test('an object stays as long as its handle, whatever the collector does', () => {
    using library = opened()
    const { symbols } = library
    using kept = symbols.counterNew(40n, 'kept')
    for (let round = 0; round < 20; round++) symbols.litter(5000)
    symbols.counterAdd(kept, 2n)
    expect([symbols.counterValue(kept), symbols.counterName(kept)]).toEqual([42n, 'kept'])
    kept?.dispose()
    expect(() => symbols.counterValue(kept)).toThrow(failing('HANDLE_DISPOSED'))
  })

  test('arguments outlive a collection in the middle of the call', () => {
    using library = opened()
    for (let call = 0; call < 200; call++) {
      expect(library.symbols.collectAndJoin(`first ${call} `, 'second')).toBe(`first ${call} second`)
    }
  })

  test('100,000 calls take no more memory', () => {
    using library = opened()
    const { symbols } = library
    const run = (calls: number) => {
      for (let call = 0; call < calls; call++) {
        symbols.join('a string of some length ', 'and another')
        symbols.reversed(Uint8Array.of(1, 2, 3))
        if (call % 10 === 0) symbols.counterNew(1n, 'brief')?.dispose()
      }
    }
    run(10_000)
    const before = library.memoryBytes
    run(50_000)
    expect(library.memoryBytes - before).toBe(0)
  })

  test('an abort ends with its message and place, and retires the instance', () => {
    using library = opened()
    const { symbols } = library
    expect(() => symbols.fail('no more plums')).toThrow(failing('GUEST_INTERRUPTED', 'no more plums'))
    expect(() => symbols.outOfRange(Int32Array.of(1))).toThrow(failing('GUEST_INTERRUPTED', 'out of range'))
    expect([symbols.greet('again'), library.generation]).toEqual(['Hello, again!', 3])
  })

  test('the loader’s own interface is the glue, guarded', () => {
    using library = opened()
    const glue = library.glue as unknown as {
      __newString(text: string): number
      __getString(address: number): string
      __pin(address: number): number
      greet(address: number): number
      fail(address: number): void
    }
    const name = glue.__pin(glue.__newString('glue'))
    expect(glue.__getString(glue.greet(name))).toBe('Hello, glue!')
    expect(() => glue.__getString(8)).toThrow()
    expect(library.generation).toBe(1)
    expect(() => glue.fail(name)).toThrow(failing('GUEST_INTERRUPTED', 'glue'))
    expect(() => glue.greet(name)).toThrow(failing('HANDLE_STALE'))
    expect([library.symbols.add(1, 1), library.generation]).toEqual([2, 2])
  })

  test('its types are refused by a guest that is none', () => {
    const plain = new WebAssembly.Module(readFileSync(join(projectFolder, 'dist/probe.wasm')))
    using library = open({ module: plain }, { probe_text_length: { parameters: ['string'], result: 'i32' } })
    expect(() => library.symbols.probe_text_length('a')).toThrow(failing('GUEST_INCOMPATIBLE', 'AssemblyScript'))
  })
})

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(text) })
}
