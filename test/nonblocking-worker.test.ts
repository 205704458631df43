/** Nonblocking symbols of a WebAssembly guest: the worker, its instance, and their ends. */
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { type FfiWorker, type Guest, type OpenOptions, open } from '../src/ffi/index.ts'
import { ffiWorker } from '../src/node.ts'
import { probe } from './probe/guests.ts'

const nonblocking = true
const definitions = {
  i32: { symbol: 'probe_i32', parameters: ['i32'], result: 'i32', nonblocking },
  length: { symbol: 'probe_text_length', parameters: ['cstring'], result: 'i32', nonblocking },
  grow: { symbol: 'probe_leak', parameters: ['usize'], result: 'void', nonblocking },
  live: { symbol: 'probe_live_counters', parameters: [], result: 'i32', nonblocking },
  trap: { symbol: 'probe_trap', parameters: [], result: 'void', nonblocking },
  recurse: { symbol: 'probe_recurse', parameters: ['u32'], result: 'u32', nonblocking },
  hang: { symbol: 'probe_hang', parameters: [{ in: 'i32' }], result: 'void', nonblocking },
  here: { symbol: 'probe_i32', parameters: ['i32'], result: 'i32' },
  liveHere: { symbol: 'probe_live_counters', parameters: [], result: 'i32' },
  counter: {
    symbol: 'probe_counter_new',
    parameters: ['i64'],
    result: { type: 'handle', name: 'Counter', free: 'probe_counter_free' },
  },
} as const

const guest = probe('wasm') as Guest<undefined> & { module: WebAssembly.Module }
const opened: Disposable[] = []
afterEach(() => {
  for (const library of opened.splice(0)) library[Symbol.dispose]()
})

/** The probe, and the workers that were started for it. */
function openProbe(options: OpenOptions<typeof definitions> = {}) {
  const workers: Worker[] = []
  const worker = () => {
    const started = ffiWorker()
    workers.push(started)
    return started
  }
  const library = open(guest, definitions, { worker, ...options })
  opened.push(library)
  return { library, symbols: library.symbols, workers }
}

describe('the worker', () => {
  test('is started by the first call, once', async () => {
    const { symbols, workers } = openProbe()
    symbols.here(1)
    expect(workers).toHaveLength(0)
    await Promise.all([symbols.i32(1), symbols.i32(2)])
    await symbols.i32(3)
    expect(workers).toHaveLength(1)
  })

  test('never hears of arguments that are refused', async () => {
    const { symbols, workers } = openProbe()
    await expect(symbols.i32(0.5)).rejects.toThrow(failing('ARGUMENT_OUT_OF_RANGE', 'argument 1 of i32'))
    for (const wrong of ['text', Symbol('cannot be posted'), () => {}]) {
      await expect(symbols.i32(wrong as never)).rejects.toThrow(failing('ARGUMENT_INVALID', 'argument 1 of i32'))
      await expect(symbols.hang(wrong as never)).rejects.toThrow(failing('ARGUMENT_INVALID', 'argument 1 of hang'))
    }
    await expect(symbols.length('a\0b')).rejects.toThrow(failing('STRING_INVALID', 'argument 1 of length'))
    expect(workers).toHaveLength(0)
  })

  test('has an instance of its own, for which start is not run', async () => {
    let starts = 0
    const { library, symbols } = openProbe({
      start: ({ symbols }) => {
        starts++
        symbols.counter(1n)
      },
    })
    expect([symbols.liveHere(), await symbols.live()]).toEqual([1, 0])
    const { memoryBytes } = library
    await symbols.grow(50 * 2 ** 20)
    expect(library.memoryBytes).toBe(memoryBytes)
    expect(starts).toBe(1)
  })

  test('answers a trap with its error and calls behind it on another instance', async () => {
    const { library, symbols, workers } = openProbe()
    using counter = symbols.counter(1n)
    const calls = [symbols.i32(1), symbols.trap(), symbols.i32(2), symbols.recurse(1_000_000_000), symbols.i32(3)]
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.code))).toEqual([
      1,
      'GUEST_TRAPPED',
      2,
      'GUEST_STACK_EXHAUSTED',
      3,
    ])
    const { reason } = outcomes[1] as PromiseRejectedResult
    expect(reason.message).toMatch(/^trap trapped: unreachable; the instance was retired/)
    expect(reason.cause).toMatchObject({ name: 'RuntimeError', message: 'unreachable' })
    expect([library.generation, workers.length, counter?.disposed, symbols.liveHere()]).toEqual([1, 1, false, 1])
  })

  test('looks for mistakes in debug mode', async () => {
    const own = {
      write: {
        symbol: 'probe_write_past',
        parameters: [{ inout: 'buffer' }, { lengthOf: 0 }, 'u8'],
        result: 'void',
        nonblocking,
      },
    } as const
    using library = open(guest, own, { worker: ffiWorker, debug: true })
    const call = library.symbols.write(new Uint8Array(8), 1)
    await expect(call).rejects.toThrow(failing('FRAME_OVERRUN', 'argument 1 of write'))
  })

  test('is ended by close in the middle of an endless call', async () => {
    const { library, symbols, workers } = openProbe()
    await symbols.i32(0)
    const exited = new Promise((resolve) => workers[0]?.on('exit', resolve))
    const hanging = symbols.hang(null)
    const behind = symbols.i32(1)
    library.close()
    await expect(hanging).rejects.toThrow(failing('DISPOSED', 'closed while hang was under way'))
    await expect(behind).rejects.toThrow(failing('DISPOSED'))
    await expect(symbols.i32(2)).rejects.toThrow(failing('DISPOSED'))
    await exited
    expect(workers).toHaveLength(1)
  })

  test('that is ended by others rejects its calls, and the next call starts another', async () => {
    const { symbols, workers } = openProbe()
    await symbols.i32(0)
    const [hanging, behind] = [symbols.hang(null), symbols.i32(1)]
    workers[0]?.terminate()
    await expect(hanging).rejects.toThrow(failing('GUEST_INTERRUPTED', 'exited with code 1'))
    await expect(behind).rejects.toThrow(failing('GUEST_INTERRUPTED', 'the call of i32'))
    expect(await symbols.i32(2)).toBe(2)
    expect(workers).toHaveLength(2)
  })

  test('that throws rejects its calls with what it threw', async () => {
    const code = "require('node:worker_threads').parentPort.on('message', () => { throw new Error('boom') })"
    const { symbols } = openProbe({ worker: () => new Worker(code, { eval: true }) })
    const rejected = failing('GUEST_INTERRUPTED', 'boom')
    await expect(symbols.i32(1)).rejects.toThrow(rejected)
    await expect(symbols.i32(2)).rejects.toThrow(expect.objectContaining({ cause: expect.any(Error) }))
  })

  test('that cannot be had is named by the call that needs it', async () => {
    const throwing = openProbe({
      worker() {
        throw new Error('no threads here')
      },
    })
    await expect(throwing.symbols.i32(1)).rejects.toThrow(failing('WORKER_MISSING', 'no threads here'))
    const lacking = openProbe({ worker: () => ({}) as FfiWorker })
    await expect(lacking.symbols.i32(1)).rejects.toThrow(failing('WORKER_MISSING', 'returned no worker'))
  })
})

describe('open refuses', () => {
  const one = { i32: definitions.i32 }

  test('nonblocking symbols without a worker', () => {
    const rejected = failing('WORKER_MISSING', 'i32 is nonblocking, which in WebAssembly takes a worker')
    expect(() => open(guest, one)).toThrow(rejected)
    expect(() => open(guest, one)).toThrow(failing('WORKER_MISSING', 'ffiWorker'))
  })

  const keepers: readonly (readonly [name: string, parts: object])[] = [
    ['imports (env.log)', { imports: { env: { log: () => {} } } }],
    ['imports (env.memory)', { imports: { env: { memory: new WebAssembly.Memory({ initial: 1 }) } } }],
    ['factory', { factory: () => ({}) }],
    ['glue', { glue: { __wbg_set_wasm() {} } }],
    ['loader', { loader: { instantiateSync() {} } }],
  ]
  test.each(keepers)('nonblocking symbols of a guest with %s', (name, parts) => {
    const opening = () => open({ ...guest, ...parts } as Guest<undefined>, one, { worker: ffiWorker })
    expect(opening).toThrow(failing('GUEST_INCOMPATIBLE', `the guest's ${name} cannot be posted to a worker`))
  })

  test('not a guest that imports numbers', async () => {
    const numbers = { ...guest, imports: { env: { limit: 5 } } }
    using library = open(numbers, one, { worker: ffiWorker })
    expect(await library.symbols.i32(1)).toBe(1)
  })

  test('nonblocking symbols that take types of AssemblyScript', () => {
    const own = { probe_noop: { parameters: ['string'], result: 'void', nonblocking } } as const
    expect(() => open(guest, own, { worker: ffiWorker })).toThrow(
      failing('GUEST_INCOMPATIBLE', 'argument 1 of probe_noop is a string'),
    )
  })
})

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(text) })
}
