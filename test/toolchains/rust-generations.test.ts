/**
 * What wasm-bindgen's glue keeps of an instance that was retired: objects, closures, finalisers and calls that are under way.
 * None of it may reach the next instance, whose memory has other things at the same addresses.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import wabt from 'wabt'
import { FramegateError, open } from '../../src/ffi/index.ts'
import { projectFolder } from '../support/data.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const folder = join(projectFolder, '.cache/guests/probe-rust')
const module = new WebAssembly.Module(readFileSync(join(folder, 'probe_rust_bg.wasm')))

interface Counter {
  add(by: number): void
  readonly value: number
  free(): void
}

interface Label {
  readonly length: number
  free(): void
}

/** The glue as wasm-bindgen declares it in `probe_rust.d.ts`. */
interface Glue {
  greet(name: string): string
  live_counters(): number
  panic(message: string): void
  consume(counter?: Counter): number
  calling(call: () => unknown): unknown
  try_calling(call: () => unknown): unknown
  counting(start: number): () => number
  count_after(promise: Promise<unknown>): void
  Counter: new (start: number) => Counter
  Label: new (length: number) => Label
}

let copies = 0
/** A copy of the glue of its own for each test: its variables are the module's. */
const freshGlue = async (): Promise<Glue> => import(`${join(folder, 'probe_rust_bg.js')}?generations=${++copies}`)

const abi = { rust_add: { parameters: ['i32', 'i32'], result: 'i32' } } as const
const panicMessage = 'rust_panic_message'
const opened = async () => open({ module, glue: await freshGlue(), panicMessage }, abi)

/** Collects what nobody holds, and lets the finalisers run. */
async function finalised(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    collect()
    await passed(10)
  }
}

const failing = (code: string, text = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(text) }) as Error

function retire(library: { readonly glue: Glue }): void {
  expect(() => library.glue.panic('gone')).toThrow(failing('GUEST_TRAPPED', 'gone'))
}

describe('objects', () => {
  test('one of a retired instance is not passed on as none', async () => {
    using library = await opened()
    const old = new library.glue.Counter(5)
    expect(library.glue.consume()).toBe(-1)
    retire(library)
    expect(() => library.glue.consume(old)).toThrow(failing('HANDLE_STALE', 'Counter'))
    expect([library.glue.consume(new library.glue.Counter(6)), library.generation]).toEqual([6, 2])
  })

  test('one that was freed or taken over is refused before the guest is entered', async () => {
    using library = await opened()
    const freed = new library.glue.Counter(1)
    freed.free()
    expect(() => freed.free()).not.toThrow()
    expect(() => freed.value).toThrow(failing('HANDLE_DISPOSED', 'Counter'))
    const taken = new library.glue.Counter(2)
    expect(library.glue.consume(taken)).toBe(2)
    expect(() => taken.add(1)).toThrow(failing('HANDLE_DISPOSED'))
    expect([library.glue.live_counters(), library.generation]).toEqual([0, 1])
  })

  test('one that nobody holds any more is freed, in its own instance only, and as what it is', async () => {
    using library = await opened()
    const make = (): void => {
      new library.glue.Counter(1)
    }
    make()
    expect(library.glue.live_counters()).toBe(1)
    await finalised()
    expect(library.glue.live_counters()).toBe(0)

    const makeLabels = (): void => {
      for (let count = 0; count < 50; count++) new library.glue.Label(count)
    }
    makeLabels()
    retire(library)
    // At the addresses that the labels had.
    const counters = Array.from({ length: 50 }, (_, start) => new library.glue.Counter(start))
    await finalised()
    expect(library.glue.live_counters()).toBe(50)
    expect(counters.map(({ value }) => value)).toEqual(counters.map((_, start) => start))
    counters.length = 0
    await finalised()
    expect(library.glue.live_counters()).toBe(0)
    expect(library.generation).toBe(2)
  })

  test('a closed library’s are gone with it', async () => {
    const library = await opened()
    const { glue } = library
    const counter = new glue.Counter(1)
    library.close()
    expect(() => counter.value).toThrow(failing('HANDLE_STALE'))
    expect(() => counter.free()).not.toThrow()
    expect(() => glue.greet('too late')).toThrow(failing('HANDLE_STALE'))
  })
})

describe('closures of the guest', () => {
  test('one of a retired instance is not called', async () => {
    using library = await opened()
    const old = library.glue.counting(10)
    expect([old(), old()]).toEqual([11, 12])
    retire(library)
    // At the address that the old one has.
    const next = library.glue.counting(100)
    expect(() => old()).toThrow(failing('HANDLE_STALE'))
    expect([next(), library.generation]).toEqual([101, 2])
  })

  test('one that nobody holds any more is freed quietly, also after its instance', async () => {
    using library = await opened()
    const make = (): void => {
      for (let count = 0; count < 20; count++) library.glue.counting(count)()
    }
    make()
    retire(library)
    const kept = library.glue.counting(7)
    // An error of a finaliser would fail the run: nobody can catch it.
    await finalised()
    expect([kept(), library.generation]).toEqual([8, 2])
  })

  test('one that waits for a promise does nothing after its instance, and ends no process', async () => {
    using library = await opened()
    const { promise, resolve } = deferred()
    library.glue.count_after(promise)
    retire(library)
    const kept = library.glue.counting(7)
    resolve()
    await passed(5)
    expect([kept(), library.generation]).toEqual([8, 2])
  })
})

describe('functions of the host that the guest calls', () => {
  test('an error that the guest catches and returns is that error', async () => {
    using library = await opened()
    const fault = new Error('of the host')
    expect(() =>
      library.glue.try_calling(() => {
        throw fault
      }),
    ).toThrow(fault)
    expect(library.generation).toBe(1)
  })

  test('an error that goes through the guest retires the instance', async () => {
    using library = await opened()
    expect(() =>
      library.glue.calling(() => {
        throw new Error('of the host')
      }),
    ).toThrow(failing('GUEST_INTERRUPTED', 'of the host'))
    expect([library.glue.greet('next'), library.generation]).toEqual(['Hello, next!', 2])
  })

  test.each(['calling', 'try_calling'] as const)(
    '%s: a nested end is the outer call’s too, whoever hides it',
    async (outer) => {
      using library = await opened()
      const { glue } = library
      const nested = () => {
        expect(() => glue.panic('nested')).toThrow(failing('GUEST_TRAPPED', 'nested'))
        return 'hidden'
      }
      expect(() => glue[outer](nested)).toThrow(FramegateError)
      expect([library.glue.greet('next'), library.generation]).toEqual(['Hello, next!', 2])
    },
  )

  test('there is no next instance until the glue has left the one before', async () => {
    using library = await opened()
    const { glue } = library
    const nested = () => {
      expect(() => glue.panic('nested')).toThrow(failing('GUEST_TRAPPED'))
      expect(() => library.glue).toThrow(failing('GUEST_INTERRUPTED', 'still leaving'))
      expect(() => library.symbols.rust_add(1, 2)).toThrow(failing('GUEST_INTERRUPTED', 'still leaving'))
      throw new Error('of the host')
    }
    expect(() => glue.try_calling(nested)).toThrow(FramegateError)
    // What the glue stored of the error above is not this call's.
    expect(library.glue.try_calling(() => 'right')).toBe('right')
    expect([library.symbols.rust_add(1, 2), library.generation]).toEqual([3, 2])
  })
})

describe('a glue', () => {
  test('is free again where no instance could be completed', async () => {
    const glue = await freshGlue()
    const unknown = { nothing_like_it: { parameters: [], result: 'void' } } as const
    expect(() => open({ module, glue }, unknown)).toThrow(failing('SYMBOL_NOT_FOUND'))
    const start = () => {
      throw new Error('not today')
    }
    expect(() => open({ module, glue }, abi, { start })).toThrow('not today')
    using library = open({ module, glue }, abi)
    expect(library.glue.greet('at last')).toBe('Hello, at last!')
  })

  test('is the same one however a bundler hands it over', async () => {
    const glue = await freshGlue()
    using first = open({ module, glue }, abi)
    expect(() => open({ module, glue: { ...glue } }, abi)).toThrow(failing('GUEST_INCOMPATIBLE', 'serves another'))
    expect(first.glue.greet('first')).toBe('Hello, first!')
  })

  test('of another target or an old version is refused', async () => {
    expect(() => open({ module, glue: {} }, abi)).toThrow(failing('GUEST_INCOMPATIBLE', '--target bundler'))
    const { parseWat } = await wabt()
    const text =
      '(module (import "./old_bg.js" "__wbindgen_object_drop_ref" (func (param i32))) (memory (export "memory") 1))'
    const old = new WebAssembly.Module(parseWat('old.wat', text).toBinary({}).buffer as BufferSource)
    const glue = await freshGlue()
    expect(() => open({ module: old, glue }, {})).toThrow(failing('GUEST_INCOMPATIBLE', 'newer'))
  })
})

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
