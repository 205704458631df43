/** `nonblocking: true` on both backends: what calls return, what is checked and copied, what happens when something ends. */
import koffi from 'koffi'
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest'
import { type Definitions, type Koffi, open } from '../src/ffi/index.ts'
import { ffiWorker } from '../src/node.ts'
import { probe } from './probe/guests.ts'
import { Padded, Record, SingleF32 } from './probe/structs.ts'
import { backends } from './support/backends.ts'

const ownedText = { type: 'cstring', free: 'probe_free' } as const

const definitions = {
  i32: { symbol: 'probe_i32', parameters: ['i32'], result: 'i32', nonblocking: true },
  u64: { symbol: 'probe_u64', parameters: ['u64'], result: 'u64', nonblocking: true },
  isize: { symbol: 'probe_isize', parameters: ['isize'], result: 'isize', nonblocking: true },
  bool: { symbol: 'probe_bool', parameters: ['bool'], result: 'bool', nonblocking: true },
  noop: { symbol: 'probe_noop', parameters: [], result: 'void', nonblocking: true },
  alloc: { symbol: 'probe_alloc', parameters: ['u64'], result: ownedText, nonblocking: true },
  live: { symbol: 'probe_live_allocations', parameters: [], result: 'i32', nonblocking: true },
  hash: { symbol: 'probe_buffer_hash', parameters: ['buffer', { lengthOf: 0 }], result: 'u32', nonblocking: true },
  fill: {
    symbol: 'probe_buffer_fill',
    parameters: [{ out: 'buffer' }, { lengthOf: 0 }, 'u8'],
    result: 'void',
    nonblocking: true,
  },
  xor: {
    symbol: 'probe_buffer_xor',
    parameters: [{ inout: 'buffer' }, { lengthOf: 0 }, 'u8'],
    result: 'void',
    nonblocking: true,
  },
  divide: {
    symbol: 'probe_divide_out',
    parameters: ['i32', 'i32', { out: 'i32', name: 'quotient' }, { out: 'i32', name: 'remainder' }],
    result: 'bool',
    nonblocking: true,
  },
  copy: { symbol: 'probe_text_out', parameters: ['cstring', { out: ownedText }], result: 'bool', nonblocking: true },
  after: { symbol: 'probe_text_after', parameters: ['cstring', 'usize'], result: 'cstring', nonblocking: true },
  length: { symbol: 'probe_text_length', parameters: ['cstring'], result: 'i32', nonblocking: true },
  bytes: {
    symbol: 'probe_bytes',
    parameters: ['usize', 'u8', { out: 'usize' }],
    result: { type: 'bytes', length: { parameter: 2 }, free: 'probe_free' },
    nonblocking: true,
  },
  change: { symbol: 'probe_change_padded', parameters: [Padded], result: Padded, nonblocking: true },
  single: { symbol: 'probe_change_single_f32', parameters: [SingleF32], result: SingleF32, nonblocking: true },
  update: { symbol: 'probe_update_padded', parameters: [{ inout: Padded }], result: 'void', nonblocking: true },
  record: { symbol: 'probe_read_record', parameters: [{ in: Record }], result: 'f64', nonblocking: true },
  write: { symbol: 'probe_write_record', parameters: ['i32', { out: Record }], result: 'void', nonblocking: true },
  here: { symbol: 'probe_i32', parameters: ['i32'], result: 'i32' },
} as const

const opened: Disposable[] = []
afterEach(() => {
  for (const library of opened.splice(0)) library[Symbol.dispose]()
})

describe.each(backends)('%s', (backend) => {
  const openProbe = <const Defined extends Definitions>(own: Defined) => {
    const library = open(probe(backend), own, { worker: ffiWorker })
    opened.push(library)
    return library
  }

  test('64 calls in flight each resolve with their own value', async () => {
    const { symbols } = openProbe(definitions)
    for (let round = 0n; round < 8n; round++) {
      const seeds = Array.from({ length: 64 }, (_, index) => round * 1_000_000n + BigInt(index) * 15_485_863n)
      const texts = await Promise.all(seeds.map((seed) => symbols.alloc(seed)))
      expect(texts.map((text) => text?.match(/^\d+/)?.[0])).toEqual(seeds.map(String))
    }
    expect(await symbols.live()).toBe(0)
  })

  test('1,000 calls wait for their turn', async () => {
    const { symbols } = openProbe(definitions)
    const numbers = Array.from({ length: 1000 }, (_, index) => index * 7919)
    expect(await Promise.all(numbers.map((number) => symbols.i32(number)))).toEqual(numbers)
  })

  test('a symbol that blocks is called as ever', async () => {
    const { symbols } = openProbe(definitions)
    const later = symbols.i32(1)
    expect(symbols.here(2)).toBe(2)
    expect(await later).toBe(1)
  })

  test('values of every kind come back', async () => {
    const { symbols } = openProbe(definitions)
    const padded = { a: 1, b: 2.5, c: -3, d: 4n, e: 0.5 }
    const changed = { a: 2, b: 4.5, c: 0, d: 8n, e: 5.5 }
    expect(await symbols.u64(2n ** 64n - 1n)).toBe(2n ** 64n - 1n)
    expect(await symbols.isize(-2_000_000_000)).toBe(-2_000_000_000)
    expect(await symbols.bool(true)).toBe(true)
    expect(await symbols.noop()).toBe(undefined)
    expect(await symbols.divide(17, 5)).toEqual({ result: true, quotient: 3, remainder: 2 })
    expect(await symbols.copy('größer als 🂡')).toEqual([true, 'größer als 🂡'])
    expect([await symbols.length(null), await symbols.length('')]).toEqual([-1, 0])
    expect(await symbols.bytes(5, 250)).toEqual([Uint8Array.of(250, 251, 252, 253, 254), 5])
    expect(await symbols.bytes(0, 0)).toEqual([new Uint8Array(), 0])
    expect(await symbols.change(padded)).toEqual(changed)
    expect(await symbols.single({ value: 0.5 })).toEqual({ value: 1.5 })
    expect(await symbols.update(padded)).toEqual([changed])
    expect(await symbols.record({ name: 'Zoë', id: 100, active: true, weight: 0.25 })).toBe(104.75)
    expect(await symbols.record(null)).toEqual(expect.any(Number))
    expect(await symbols.write(7)).toEqual([{ name: 'record', id: 7, active: true, weight: 1.75 }])
    expect(await symbols.live()).toBe(0)
    expectTypeOf(symbols.noop).returns.toEqualTypeOf<Promise<void>>()
    expectTypeOf(symbols.divide).returns.toEqualTypeOf<
      Promise<{ result: boolean } & { quotient: number; remainder: number }>
    >()
  })

  test('a text that lies in an argument is copied before the argument is gone', async () => {
    const { symbols } = openProbe(definitions)
    const texts = Array.from({ length: 20 }, (_, index) => `-${String(index).repeat(150_000)}`)
    const rests = await Promise.all(texts.map((text) => symbols.after(text, 1)))
    expect(rests.map((rest, index) => rest === texts[index]?.slice(1))).toEqual(texts.map(() => true))
  })

  test('buffers are copied at the call, and filled when it resolves', async () => {
    const { symbols } = openProbe(definitions)
    const whole = new Uint8Array(64).fill(1)
    const expected = await symbols.hash(whole)
    const hashing = symbols.hash(whole)
    const out = new Uint8Array(64).fill(9)
    const view = new DataView(out.buffer, 8, 4)
    const filling = symbols.fill(view, 200)
    const xoring = symbols.xor(whole, 0xff)
    whole.fill(2)
    expect(out).toEqual(new Uint8Array(64).fill(9))
    expect(await hashing).toBe(expected)
    await Promise.all([filling, xoring])
    expect([...out.subarray(6, 14)]).toEqual([9, 9, 200, 201, 202, 203, 9, 9])
    expect(whole).toEqual(new Uint8Array(64).fill(0xfe))
    await symbols.fill(null, 1)
  })

  test('a buffer that is given away during the call is an error for a filled one and none for a read one', async () => {
    const { symbols } = openProbe(definitions)
    const [read, filled] = [new Uint8Array(1000).fill(7), new Uint8Array(1000)]
    const expected = await symbols.hash(read)
    const calls = [symbols.hash(read), symbols.fill(filled, 1), symbols.i32(5)] as const
    structuredClone([read, filled], { transfer: [read.buffer, filled.buffer] })
    expect(read.length + filled.length).toBe(0)
    expect(await calls[0]).toBe(expected)
    await expect(calls[1]).rejects.toThrow(failing('ARGUMENT_INVALID', 'argument 1 of fill was given away'))
    expect(await calls[2]).toBe(5)
  })

  const faults: readonly { readonly name: keyof typeof definitions; readonly values: readonly unknown[] }[] = [
    { name: 'i32', values: [2 ** 31] },
    { name: 'i32', values: ['1'] },
    { name: 'i32', values: [1, 2] },
    { name: 'u64', values: [1] },
    { name: 'u64', values: [-1n] },
    { name: 'bool', values: [1] },
    { name: 'length', values: [5] },
    { name: 'length', values: ['a\0b'] },
    { name: 'length', values: ['\ud800'] },
    { name: 'hash', values: ['text'] },
    { name: 'fill', values: [[1], 1] },
    { name: 'fill', values: [new Uint8Array(1), 256] },
    { name: 'change', values: [5] },
    { name: 'change', values: [null] },
    { name: 'change', values: [{ a: 1 }] },
    { name: 'change', values: [{ a: 256, b: 2.5, c: -3, d: 4n, e: 0.5 }] },
    { name: 'update', values: [null] },
    { name: 'update', values: [{ a: 1, b: '2.5', c: -3, d: 4n, e: 0.5 }] },
    { name: 'single', values: [{ value: 1e300 }] },
    { name: 'record', values: [{ name: 'a\0b', id: 1, active: true, weight: 1 }] },
    { name: 'divide', values: [1] },
  ]
  test.each(faults)('$name($values) is refused as by a symbol that blocks', async ({ name, values }) => {
    const blocking = { ...definitions[name], nonblocking: false }
    let refusal: unknown
    try {
      ;(openProbe({ [name]: blocking }).symbols[name] as AnyCall)(...values)
    } catch (error) {
      refusal = error
    }
    const { code, message } = refusal as { code: string; message: string }
    expect(code).toMatch(/^(ARGUMENT|STRING)_/)
    const promise = (openProbe(definitions).symbols[name] as AnyCall)(...values)
    await expect(promise).rejects.toMatchObject({ code, message })
  })

  test('close rejects what is under way and what comes later', async () => {
    const library = openProbe(definitions)
    const { symbols } = library
    await symbols.i32(0)
    const out = new Uint8Array(16)
    const calls: Promise<unknown>[] = [
      symbols.fill(out, 1),
      ...Array.from({ length: 100 }, (_, index) => symbols.alloc(BigInt(index))),
    ]
    library.close()
    calls.push(symbols.i32(1))
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: 'rejected', reason: { code: 'DISPOSED' } })
    }
    library.close()
    const others = openProbe(definitions).symbols
    await Promise.all(Array.from({ length: 32 }, () => others.noop()))
    expect(out).toEqual(new Uint8Array(16))
    expect(await others.live()).toBe(0)
  })

  test('what the guest returns against the definition is an error, and the next call is answered', async () => {
    const { symbols } = openProbe({
      ...definitions,
      broken: { symbol: 'probe_broken_copy', parameters: [], result: ownedText, nonblocking: true },
    })
    await expect(symbols.broken()).rejects.toThrow(failing('RESULT_INVALID', 'the result of broken is not UTF-8'))
    expect(await symbols.live()).toBe(0)
  })

  test('frames, callbacks, handles and pointers are refused when the guest is opened', () => {
    const nonblocking = true
    for (const type of ['pointer', 'frame', { type: 'handle', name: 'Counter' }] as const) {
      const own = { probe_noop: { parameters: [type], result: 'void', nonblocking } } as const
      expect(() => openProbe(own)).toThrow(failing('DEFINITION_INVALID', 'probe_noop is nonblocking'))
    }
  })
})

describe('native', () => {
  const libc = () => {
    const definition = { usleep: { parameters: ['u32'], result: 'i32', nonblocking: true } } as const
    const library = open({ library: 'libc.so.6', koffi }, definition)
    opened.push(library)
    return library
  }

  test('no more calls are handed to koffi than keep its threads busy', async () => {
    let [running, most] = [0, 0]
    const load = (path: string) => {
      const loaded = koffi.load(path)
      const func = (name: string, result: never, parameters: never) => {
        const call = loaded.func(name, result, parameters)
        const async = (...values: unknown[]) => {
          most = Math.max(most, ++running)
          call.async(...values.slice(0, -1), (...outcome: unknown[]) => {
            running--
            ;(values.at(-1) as AnyCall)(...outcome)
          })
        }
        return Object.assign((...values: unknown[]) => call(...values), { async })
      }
      return { func }
    }
    const { library } = probe('native') as { library: string }
    const { symbols } = open({ library, koffi: { ...koffi, load } as Koffi }, definitions)
    await Promise.all(Array.from({ length: 500 }, (_, index) => symbols.i32(index)))
    expect([most, running]).toEqual([2 * (Number(process.env.UV_THREADPOOL_SIZE) || 4), 0])
  })

  test('calls wait while others fill koffi’s queue', async () => {
    const sleep = koffi.load('libc.so.6').func('int usleep(uint32_t)')
    let others = 0
    let refused: unknown
    const done = new Promise<void>((resolve) => {
      const ended = () => --others === 0 && resolve()
      try {
        for (; others < 10_000; others++) sleep.async(2000, ended)
      } catch (error) {
        refused = error
      }
    })
    expect(String(refused)).toMatch(/too many/i)
    const { symbols } = open(probe('native'), definitions)
    const numbers = Array.from({ length: 100 }, (_, index) => index)
    expect(await Promise.all(numbers.map((number) => symbols.i32(number)))).toEqual(numbers)
    await done
  })

  test('close does not wait for a call under way', async () => {
    const library = libc()
    const call = library.symbols.usleep(100_000)
    library.close()
    await expect(call).rejects.toThrow(failing('DISPOSED', 'while usleep was under way'))
    expect(await libc().symbols.usleep(1)).toBe(0)
  })

  test('a kept callback is called from another thread, also after close', async () => {
    const type = { type: 'callback', parameters: ['i32', 'pointer'], result: 'i32' } as const
    const library = open(probe('native'), {
      probe_store_callback: { parameters: [type, 'pointer'], result: 'void' },
      probe_call_stored: { parameters: ['i32'], result: 'i32', nonblocking: true },
      probe_clear_callback: { parameters: [], result: 'void' },
    })
    const { symbols } = library
    const called: number[] = []
    const callback = library.callback(type, (value) => called.push(value) + 100)
    symbols.probe_store_callback(callback, null)
    expect(await symbols.probe_call_stored(7)).toBe(101)
    const late = symbols.probe_call_stored(8)
    library.close()
    await expect(late).rejects.toThrow(failing('DISPOSED'))
    while (called.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(called).toEqual([7, 8])
    open(probe('native'), { probe_clear_callback: definitions.noop }).close()
  })
})

type AnyCall = (...values: unknown[]) => unknown

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(text) })
}
