/** What goes wrong elsewhere with what outlives a call: callbacks, handles, calls on other threads. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { open } from '../../src/ffi/index.ts'
import { ffiWorker } from '../../src/node.ts'
import { probe } from '../probe/guests.ts'
import { backends } from '../support/backends.ts'
import { projectFolder } from '../support/data.ts'
import { compiledWat } from '../wat/compile.ts'
import { codeOf, thrownBy } from '../wat/thrown.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Collects garbage, and lets the finalizers run: they do so between turns of the event loop. */
async function collected(until: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 25 && !until(); turn++) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return until()
}

const onI32 = { type: 'callback', parameters: ['i32', 'pointer'], result: 'i32' } as const
const counter = { type: 'handle', name: 'Counter', free: 'probe_counter_free' } as const
const definitions = {
  probe_call_i32: { parameters: [onI32, 'i32', 'pointer'], result: 'i32' },
  probe_store_callback: { parameters: [onI32, 'pointer'], result: 'void' },
  probe_call_stored: { parameters: ['i32'], result: 'i32' },
  probe_clear_callback: { parameters: [], result: 'void' },
  probe_counter_new: { parameters: ['i64'], result: counter },
  probe_counter_value: { parameters: [counter], result: 'i64' },
  probe_live_counters: { parameters: [], result: 'i32' },
} as const

describe.each(backends)('%s', (backend) => {
  const opened = () => open(probe(backend), definitions)

  test('pitfall 17: a callback that the guest keeps is not collected while it is registered', async () => {
    using library = opened()
    const { symbols } = library
    let watched: WeakRef<object> | undefined
    const keep = () => {
      const add = 40
      const call = (value: number) => value + add
      watched = new WeakRef(call)
      symbols.probe_store_callback(library.callback(onI32, call), null)
    }
    keep()
    await collected(() => watched?.deref() === undefined)
    expect(symbols.probe_call_stored(2)).toBe(42)
    symbols.probe_clear_callback()
    expect(symbols.probe_call_stored(2)).toBe(-1)
  })

  test('pitfall 17: places for callbacks are given back: ten thousand are as good as one', () => {
    using library = opened()
    const { symbols } = library
    for (let round = 0; round < 10_000; round++) {
      const registered = library.callback(onI32, (value) => value - round)
      if (round % 2 === 0) symbols.probe_store_callback(registered, null)
      else expect(registered.pointer).toBeGreaterThan(0)
      if (round % 100 === 0) expect(symbols.probe_call_stored(round)).toBe(0)
      if (round % 2 === 0) symbols.probe_clear_callback()
      registered.dispose()
    }
    for (let round = 0; round < 10_000; round++) {
      expect(symbols.probe_call_i32((value) => value + round, 1, null)).toBe(round + 1)
    }
    expect(library.generation).toBe(1)
  })

  test('pitfall 17: a callback that is over is an error, not another function', () => {
    using library = opened()
    const { symbols } = library
    symbols.probe_store_callback((value) => value, null)
    const error = thrownBy(() => symbols.probe_call_stored(1))
    expect(error).toMatchObject({ code: 'GUEST_INTERRUPTED', cause: { code: 'CALLBACK_STALE' } })
    symbols.probe_clear_callback()
    const registered = library.callback(onI32, (value) => value)
    registered.dispose()
    expect(codeOf(() => symbols.probe_store_callback(registered, null))).toBe('CALLBACK_STALE')
  })

  test('pitfall 19: objects end in synchronous code, where no garbage collector’s callback runs', () => {
    using library = opened()
    const { symbols } = library
    const before = symbols.probe_live_counters()
    for (let round = 0n; round < 1000n; round++) {
      using counter = symbols.probe_counter_new(round)
      expect(symbols.probe_counter_value(counter)).toBe(round)
      expect(symbols.probe_live_counters()).toBe(before + 1)
    }
    expect(symbols.probe_live_counters()).toBe(before)
    const kept = symbols.probe_counter_new(1n)
    kept?.dispose()
    kept?.dispose()
    expect(codeOf(() => symbols.probe_counter_value(kept))).toBe('HANDLE_DISPOSED')
    expect(symbols.probe_live_counters()).toBe(before)
  })

  test('pitfall 19: objects that nobody ended are ended by the garbage collector, as the last net, and once', async () => {
    using library = opened()
    const { symbols } = library
    const before = symbols.probe_live_counters()
    const forget = () => {
      for (let round = 0n; round < 100n; round++) symbols.probe_counter_new(round)
    }
    forget()
    collectGarbage()
    // In the turn that made them nothing was ended.
    expect(symbols.probe_live_counters()).toBe(before + 100)
    expect(await collected(() => symbols.probe_live_counters() === before)).toBe(true)
    const dispose = () => symbols.probe_counter_new(1n)?.dispose()
    dispose()
    await collected(() => false)
    expect(symbols.probe_live_counters()).toBe(before)
  })

  test('pitfall 16: a process that exits with calls of other threads under way exits as it was told', () => {
    const source = (path: string) => JSON.stringify(pathToFileURL(join(projectFolder, path)).href)
    const program = `
      import { open } from ${source('src/ffi/index.ts')}
      import { ffiWorker } from ${source('src/node.ts')}
      import { probe } from ${source('test/probe/guests.ts')}
      const hang = { symbol: 'probe_recurse', parameters: ['u32'], result: 'u32', nonblocking: true }
      const library = open(probe('${backend}'), { hang }, { worker: ffiWorker })
      await library.symbols.hang(1)
      for (let call = 0; call < 100; call++) library.symbols.hang(100)
      process.exit(7)`
    const options = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program]
    const { status, signal, stderr } = spawnSync(process.execPath, options, {
      cwd: projectFolder,
      encoding: 'utf8',
      timeout: 50_000,
    })
    expect({ status, signal, stderr }).toEqual({ status: 7, signal: null, stderr: '' })
  })

  test('pitfall 18: calls of other threads wait for their turn, however many there are', async () => {
    using library = open(
      probe(backend),
      {
        i32: { symbol: 'probe_i32', parameters: ['i32'], result: 'i32', nonblocking: true },
        alloc: {
          symbol: 'probe_alloc',
          parameters: ['u64'],
          result: { type: 'cstring', free: 'probe_free' },
          nonblocking: true,
        },
      },
      { worker: ffiWorker },
    )
    const { symbols } = library
    // koffi takes 256.
    const calls = Array.from({ length: 3000 }, (_, call) => call)
    const [numbers, texts] = await Promise.all([
      Promise.all(calls.map((call) => symbols.i32(call))),
      Promise.all(calls.map((call) => symbols.alloc(BigInt(call)))),
    ])
    expect(numbers).toEqual(calls)
    // Each has its own call's value: none is another's.
    expect(texts.map((text) => Number.parseInt(text ?? '', 10))).toEqual(calls)
  })
})

describe('wasm', () => {
  test('pitfall 19: the garbage collector ending an object that traps ends no process', async () => {
    const free = 'end_traps'
    using library = open(
      {
        module: compiledWat('allocators'),
        allocator: { alloc: 'bump', free: 'free' },
        imports: { host: { within: () => {} } },
      },
      {
        thing: { symbol: 'new_text', parameters: ['u32'], result: { type: 'handle', name: 'Thing', free } },
        echo: { parameters: ['cstring'], result: 'cstring' },
      },
    )
    const forget = () => void library.symbols.thing(1)
    forget()
    // An exception in a finalizer would be an uncaught one, which fails this run.
    expect(await collected(() => library.symbols.echo('a') === 'a' && library.generation === 2)).toBe(true)
  })

  test('pitfall 19: an object that its instance took with it is not ended in another one', async () => {
    using library = open(probe('wasm'), { ...definitions, probe_trap: { parameters: [], result: 'void' } })
    const { symbols } = library
    const forget = () => void symbols.probe_counter_new(1n)
    forget()
    expect(codeOf(() => symbols.probe_trap())).toBe('GUEST_TRAPPED')
    using own = symbols.probe_counter_new(2n)
    await collected(() => false)
    expect([symbols.probe_live_counters(), symbols.probe_counter_value(own)]).toEqual([1, 2n])
  })
})
