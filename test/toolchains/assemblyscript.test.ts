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
  theOne: { parameters: [], result: counter },
  power: { parameters: ['f64', 'f64'], result: 'f64' },
  marked: { parameters: ['string'], result: 'string' },
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

  test('an object that is given twice is pinned until both handles are gone', () => {
    using library = opened()
    const { symbols } = library
    const first = symbols.theOne()
    const second = symbols.theOne()
    first?.dispose()
    for (let round = 0; round < 20; round++) symbols.litter(5000)
    expect([symbols.counterName(second), symbols.counterValue(second)]).toEqual(['the one', 1n])
    second?.dispose()
    using third = symbols.theOne()
    expect([symbols.counterName(third), library.generation]).toEqual(['the one', 1])
  })

  test('an optional parameter that is passed counts', () => {
    using library = opened()
    expect(library.symbols.power(2, 10)).toBe(1024)
    const glue = library.glue as unknown as { power(base: number, exponent?: number): number }
    expect([glue.power(3), glue.power(2, 3), library.symbols.power(2, 0.5)]).toEqual([9, 8, Math.SQRT2])
  })

  test('a byte order mark stays, in a long string as well', () => {
    using library = opened()
    for (const text of ['', 'short', 'long'.repeat(100)]) expect(library.symbols.marked(text)).toBe(`\ufeff${text}`)
  })

  test('what is no object of the class is an error, not a value', () => {
    const wrong = {
      squares: { parameters: ['i32'], result: doubles },
      greet: { parameters: ['string'], result: bytes },
      add: { parameters: ['i32', 'i32'], result: 'string' },
      sumF64: { parameters: [{ ...doubles, id: 'INT32ARRAY_ID' }], result: 'f64' },
      sumI32: { parameters: [{ ...integers, id: 'FLOAT64ARRAY_ID' }], result: 'i64' },
    } as const
    using library = open({ module, loader }, wrong)
    const { symbols } = library
    expect(() => symbols.squares(3)).toThrow(failing('RESULT_INVALID', 'array of f64'))
    expect(() => symbols.greet('a')).toThrow(failing('RESULT_INVALID', 'array of u8'))
    for (const address of [1, 7, 8, 1000, 2 ** 31 - 1, -1]) {
      expect(() => symbols.add(address, 0)).toThrow(failing('RESULT_INVALID', 'string'))
    }
    expect(() => symbols.sumF64(Float64Array.of(1))).toThrow(failing('DEFINITION_INVALID', 'INT32ARRAY_ID'))
    expect(() => symbols.sumI32(Int32Array.of(1))).toThrow(failing('DEFINITION_INVALID', 'FLOAT64ARRAY_ID'))
    expect(library.generation).toBe(1)
  })

  test('arrays of every kind, by the class that is named', () => {
    const kinds = {
      sumArray: { parameters: [{ type: 'typedarray', of: 'i32', id: 'ARRAY_I32_ID' }], result: 'i64' },
      sumStatic: { parameters: [{ type: 'typedarray', of: 'f64', id: 'STATICARRAY_F64_ID' }], result: 'f64' },
    } as const
    using library = open({ module, loader }, kinds)
    expect(library.symbols.sumArray(Int32Array.of(1, -2, 3))).toBe(2n)
    expect(library.symbols.sumStatic(Float64Array.of(0.5, 0.25))).toBe(0.75)
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

  test('a function of the table and one that allocates are guarded too, and complaints of the loader end nothing', () => {
    using library = opened()
    const glue = library.glue as unknown as {
      __newArray(id: number, values: number[] | number): number
      __newString(text: string): number
      __getString(address: number): string
      Fruit: { Pear: WebAssembly.Global }
      UINT8ARRAY_ID: WebAssembly.Global
    }
    expect(glue.Fruit.Pear.value).toBe(5)
    expect(() => glue.__newArray(10_000, [1])).toThrow('invalid id')
    expect(library.generation).toBe(1)
    expect(() => glue.__newArray(glue.UINT8ARRAY_ID.value, 2 ** 30)).toThrow(failing('GUEST_INTERRUPTED', 'too large'))
    expect(() => glue.__newString('late')).toThrow(failing('HANDLE_STALE'))
    expect(() => glue.__getString(8)).toThrow(failing('HANDLE_STALE'))
    expect([library.symbols.add(1, 1), library.generation]).toEqual([2, 2])
  })

  test('the loader may be its default export, or wrapped by a bundler; anything else is refused', () => {
    // The package's types leave its default export out.
    const { default: inner } = loader as unknown as { default: typeof loader }
    for (const given of [inner, { default: inner } as never as typeof loader]) {
      using library = open({ module, loader: given }, definitions)
      expect(library.symbols.greet('you')).toBe('Hello, you!')
    }
    expect(() => open({ module, loader: {} as typeof loader }, definitions)).toThrow(
      failing('GUEST_INCOMPATIBLE', 'instantiateSync'),
    )
  })

  test('the glue has the type of the loader’s exports', () => {
    using library = opened()
    expectTypeOf(library.glue.__newString).toEqualTypeOf<(text: string) => number>()
    expect(library.glue.__getString(library.glue.__newString('typed'))).toBe('typed')
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
