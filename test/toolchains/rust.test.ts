/** A Rust guest made by wasm-pack: its C ABI through symbols, and wasm-bindgen's glue over several generations. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { FramegateError, open } from '../../src/ffi/index.ts'
import { projectFolder } from '../support/data.ts'

const folder = join(projectFolder, '.cache/guests/probe-rust')
const module = new WebAssembly.Module(readFileSync(join(folder, 'probe_rust_bg.wasm')))

/** The glue as wasm-bindgen declares it in `probe_rust.d.ts`. */
interface Glue {
  __wbg_set_wasm(exports: never): void
  greet(name: string): string
  first_character(text: string): string | undefined
  reversed(bytes: Uint8Array): Uint8Array
  sum(values: Float64Array): number
  scale(values: Float64Array, factor: number): void
  add_u64(a: bigint, b: bigint): bigint
  divide(a: number, b: number): number
  grow(mebibytes: number): number
  live_counters(): number
  panic(message: string): void
  Counter: new (start: number) => { add(by: number): void; readonly value: number; free(): void }
}

let copies = 0
/** A copy of the glue of its own for each test: its variables are the module's. */
const freshGlue = async (): Promise<Glue> => import(`${join(folder, 'probe_rust_bg.js')}?copy=${++copies}`)

const abi = {
  rust_add: { parameters: ['i32', 'i32'], result: 'i32' },
  rust_characters: { parameters: ['cstring'], result: 'usize' },
  rust_capitals: { parameters: ['cstring'], result: { type: 'cstring', free: 'rust_text_free' } },
  rust_reversed: {
    parameters: ['buffer', { lengthOf: 0 }],
    result: { type: 'bytes', length: { parameter: 1 }, free: 'rust_free', sized: true },
  },
  rust_panic: { parameters: ['cstring'], result: 'void' },
} as const
const panicMessage = 'rust_panic_message'

describe('the C ABI of a Rust crate', () => {
  test.each([
    ['its own allocator', { alloc: 'rust_alloc', free: 'rust_free' }],
    ['wasm-bindgen’s allocator', undefined],
  ])('with %s', async (_, allocator) => {
    using library = open({ module, glue: await freshGlue(), panicMessage, ...(allocator ? { allocator } : {}) }, abi)
    const { symbols } = library
    expect(library.toolchain).toBe('wasm-pack')
    expect(symbols.rust_add(2, 40)).toBe(42)
    expect(symbols.rust_characters('größer')).toBe(6)
    expect(symbols.rust_capitals('straße')).toBe('STRASSE')
    expect(symbols.rust_reversed(Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(3, 2, 1))
    expect(symbols.rust_capitals('ä'.repeat(100_000))).toBe('Ä'.repeat(100_000))
  })

  test('a panic ends with its message, and the next call runs on the next generation', async () => {
    using library = open({ module, glue: await freshGlue(), panicMessage }, abi)
    expect(() => library.symbols.rust_panic('no more apples')).toThrow(failing('GUEST_TRAPPED', 'no more apples'))
    expect([library.symbols.rust_add(1, 1), library.generation]).toEqual([2, 2])
  })

  test('a module whose glue is missing says so', () => {
    expect(() => open({ module }, abi)).toThrow(failing('GUEST_INCOMPATIBLE', 'probe_rust_bg.js'))
  })
})

describe('wasm-bindgen’s glue', () => {
  const opened = async () => open({ module, glue: await freshGlue(), panicMessage }, abi)

  test('is typed as it is, and works', async () => {
    using library = await opened()
    const { glue, symbols } = library
    expectTypeOf(glue.greet).toEqualTypeOf<(name: string) => string>()
    expect(glue.greet('Zoë')).toBe('Hello, Zoë!')
    expect([glue.first_character('ñu'), glue.first_character('')]).toEqual(['ñ', undefined])
    expect(glue.reversed(Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(3, 2, 1))
    expect(glue.sum(Float64Array.of(0.5, 2))).toBe(2.5)
    const values = Float64Array.of(1, 2)
    glue.scale(values, 3)
    expect([...values]).toEqual([3, 6])
    expect(glue.add_u64(2n ** 63n, 1n)).toBe(2n ** 63n + 1n)
    glue.grow(8)
    expect([symbols.rust_add(1, 2), glue.greet('again')]).toEqual([3, 'Hello, again!'])
  })

  test('an error that a function returns is that error, and retires nothing', async () => {
    using library = await opened()
    expect(() => library.glue.divide(1, 0)).toThrow(Error)
    try {
      library.glue.divide(1, 0)
    } catch (error) {
      expect(error).not.toBeInstanceOf(FramegateError)
    }
    expect([library.glue.divide(7, 2), library.generation]).toEqual([3, 1])
  })

  test('a panic retires the instance; the glue goes on with the next one’s memory', async () => {
    using library = await opened()
    expect(library.glue.greet('before')).toBe('Hello, before!')
    for (let generation = 2; generation <= 4; generation++) {
      expect(() => library.glue.panic('out of pears')).toThrow(failing('GUEST_TRAPPED', 'out of pears'))
      // Its cached views were those of the memory before.
      expect(library.glue.greet('again')).toBe('Hello, again!')
      expect(library.glue.reversed(Uint8Array.of(4, 5))).toEqual(Uint8Array.of(5, 4))
      expect(library.generation).toBe(generation)
    }
  })

  test('an object goes with its instance: it is neither used nor freed in the next one', async () => {
    using library = await opened()
    const old = new library.glue.Counter(5)
    old.add(2)
    expect([old.value, library.glue.live_counters()]).toEqual([7, 1])
    expect(() => library.glue.panic('gone')).toThrow(failing('GUEST_TRAPPED'))
    const next = new library.glue.Counter(100)
    expect(() => old.value).toThrow(failing('HANDLE_STALE', 'Counter'))
    expect(() => old.add(1)).toThrow(failing('HANDLE_STALE'))
    expect(() => old.free()).not.toThrow()
    expect([next.value, library.glue.live_counters()]).toEqual([100, 1])
    next.free()
    expect(library.glue.live_counters()).toBe(0)
  })

  test('functions kept from before do not enter a retired instance', async () => {
    using library = await opened()
    const { glue } = library
    expect(() => glue.panic('gone')).toThrow(failing('GUEST_TRAPPED'))
    expect(() => glue.greet('too late')).toThrow(failing('HANDLE_STALE', 'library.glue'))
    expect(library.glue.greet('now')).toBe('Hello, now!')
    expect(glue.greet('and now too')).toBe('Hello, and now too!')
  })

  test('finalisers of a retired instance’s objects free nothing of the next one', async () => {
    let exports: Record<string, (address: number, byFinaliser: number) => void> = {}
    const glue = { ...(await freshGlue()) }
    const { __wbg_set_wasm: setWasm } = glue
    glue.__wbg_set_wasm = (given: never) => {
      exports = given
      setWasm(given)
    }
    using library = open({ module, glue, panicMessage }, abi)
    const old = new library.glue.Counter(1) as unknown as { __wbg_ptr: number }
    const address = old.__wbg_ptr
    expect(() => library.glue.panic('gone')).toThrow(failing('GUEST_TRAPPED'))
    const next = new library.glue.Counter(2) as unknown as { __wbg_ptr: number; value: number }
    expect(next.__wbg_ptr).toBe(address)
    // As the old object's finaliser calls it.
    exports.__wbg_counter_free?.(address, 1)
    expect([next.value, library.glue.live_counters()]).toEqual([2, 1])
  })

  test('one glue serves one library at a time', async () => {
    const glue = await freshGlue()
    const first = open({ module, glue }, abi)
    expect(() => open({ module, glue }, abi)).toThrow(failing('GUEST_INCOMPATIBLE', 'serves another library'))
    first.close()
    using second = open({ module, glue }, abi)
    expect(second.glue.greet('second')).toBe('Hello, second!')
  })
})

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(text) })
}
