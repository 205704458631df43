/** Debug mode: when it is on, what it asks of guests, and what becomes of it when a call or an instance ends badly. */
import { afterEach, describe, expect, test } from 'vitest'
import { type FramegateError, open, type Pointer } from '../src/ffi/index.ts'
import { probe } from './probe/guests.ts'
import { backends } from './support/backends.ts'
import { bytes, debugging, definitions, expectFault, offset } from './support/debugging.ts'
import { compiledWat } from './wat/compile.ts'
import { codeOf, thrownBy } from './wat/thrown.ts'

const variable = process.env.FRAMEGATE_DEBUG

afterEach(() => {
  if (variable === undefined) delete process.env.FRAMEGATE_DEBUG
  else process.env.FRAMEGATE_DEBUG = variable
})

describe.each(backends)('debug mode on the %s backend', (backend) => {
  /** A forgotten frame is told at the end, or it is not. */
  const forgetFrame = (debug?: boolean) => {
    const library = open(probe(backend), definitions, debug === undefined ? {} : { debug })
    library.symbols.keep_frame(library.frame(8))
    return () => library.close()
  }

  test('is on with FRAMEGATE_DEBUG=1 in the environment', () => {
    process.env.FRAMEGATE_DEBUG = '1'
    expect(codeOf(forgetFrame())).toBe('LEAKED')
  })

  test.each([undefined, '', '0', 'true'])('is off without it (%s)', (value) => {
    if (value === undefined) delete process.env.FRAMEGATE_DEBUG
    else process.env.FRAMEGATE_DEBUG = value
    forgetFrame()()
  })

  test('is on or off as the caller says, whatever the environment', () => {
    process.env.FRAMEGATE_DEBUG = '1'
    forgetFrame(false)()
    process.env.FRAMEGATE_DEBUG = '0'
    expect(codeOf(forgetFrame(true))).toBe('LEAKED')
  })

  test('gives back everything at close, once', () => {
    const allocations = { live: { symbol: 'probe_live_allocations', parameters: [], result: 'i32' } } as const
    const counting = open(probe(backend), { ...definitions, ...allocations }, { debug: true })
    const before = counting.symbols.live()
    for (let call = 0; call < 400; call++) counting.symbols.probe_alloc(1n)
    // 256 rest, the others were given back as room was needed.
    expect(counting.symbols.live() - before).toBe(256)
    counting.close()
    if (backend === 'native') expect(debuggingLive()).toBe(before)
  })

  function debuggingLive(): number {
    using library = open(probe(backend), {
      live: { symbol: 'probe_live_allocations', parameters: [], result: 'i32' },
    })
    return library.symbols.live()
  }

  test('tells what was found although the call ended badly, and how it ended', () => {
    const { symbols } = debugging(backend)
    const callback = (text: Pointer | null) => {
      symbols.store(offset(text, -1), 1)
      return 0
    }
    const { cause } = thrownBy(() => symbols.call_text(callback, 'outer', null)) as { cause?: unknown }
    expect((cause as FramegateError).code).toBe('FRAME_OVERRUN')
  })
})

describe('a frame of WebAssembly in debug mode', () => {
  test('is told of a write after its release when its memory is used again, before the guest is entered', () => {
    const { symbols } = debugging('wasm')
    symbols.keep(bytes(8))
    symbols.kept_write(3, 0x21)
    expectFault('WRITE_AFTER_RELEASE', /the frame of a call of keep/, () => symbols.keep(bytes(8)))
    expect(symbols.after('goes on', 5)).toBe('on')
  })

  test('is told of a string in it that a callback gets after its release', () => {
    const library = debugging('wasm')
    const frame = library.frame(8)
    const address = library.symbols.frame_address(frame)
    frame.release()
    const message =
      /argument 1 of the callback is 0x.*, in the frame of a call of library.frame[\s\S]*GUEST_INTERRUPTED/
    expectFault('READ_AFTER_RELEASE', message, () => library.symbols.call_text_at(() => 0, address, null))
  })

  test('is told of a write far past its end', () => {
    const library = debugging('wasm')
    const frame = library.frame(8)
    library.symbols.store(offset(library.symbols.frame_address(frame), 5000), 0x21)
    frame.release()
    expectFault('FRAME_OVERRUN', /something wrote at address 0x.*far past the end of every frame/, () =>
      library.close(),
    )
  })

  test('is told of a trap that followed a write past its end', () => {
    const library = open({ module: compiledWat('debug-overrun') }, overrun, { debug: true })
    const message = /past the end of argument 1 of overrun_trap.*the call itself ended with GUEST_TRAPPED/
    expectFault('FRAME_OVERRUN', message, () => library.symbols.overrun_trap(bytes(4), 4))
    expect(library.symbols.overrun_trap(bytes(0), -1)).toBe(0)
    expect(library.generation).toBe(2)
    library.close()
  })

  test('is told of a write past its end after memory has grown in the middle of the call', () => {
    const library = open({ module: compiledWat('debug-overrun') }, overrun, { debug: true })
    const message = /past the end of argument 1 of overrun_grow/
    expectFault('FRAME_OVERRUN', message, () => library.symbols.overrun_grow(bytes(100_000), 100_000))
    expectFault('FRAME_OVERRUN', message, () => library.symbols.overrun_grow(bytes(4), 4))
    library.close()
  })

  test('is no leak once its instance was retired', () => {
    const library = open({ module: compiledWat('debug-overrun') }, overrun, { debug: true })
    const frame = library.frame(8)
    library.symbols.take_frame(frame)
    expect(codeOf(() => library.symbols.overrun_trap(bytes(8), 4))).toBe('GUEST_TRAPPED')
    library.close()
    frame.release()
  })
})

const overrun = {
  overrun_trap: { parameters: ['buffer', 'i32'], result: 'i32' },
  overrun_grow: { parameters: ['buffer', 'i32'], result: 'void' },
  take_frame: { parameters: ['frame'], result: 'void' },
} as const

describe('what a guest of WebAssembly frees in debug mode', () => {
  const blocks = {
    make: { parameters: ['u8'], result: { type: 'pointer', free: 'end' } },
    make_text: { symbol: 'make', parameters: ['u8'], result: { type: 'cstring', free: 'end' } },
    make_told: { symbol: 'make', parameters: ['u8'], result: { type: 'pointer', free: 'end_told' } },
    end: { parameters: ['pointer'], result: 'void' },
    end_told: { parameters: ['pointer'], result: 'i32' },
  } as const

  function openBlocks() {
    const freed: number[] = []
    const imports = { host: { freed: (first: number) => freed.push(first) } }
    const library = open({ module: compiledWat('debug-blocks'), imports }, blocks, { debug: true })
    return { library, freed }
  }

  test('is freed with its contents as they were, in order', () => {
    const { library, freed } = openBlocks()
    const { symbols } = library
    expect([symbols.make_text(0x41), symbols.make_text(0x42)]).toEqual(['A!', 'B!'])
    symbols.end(symbols.make(0x43))
    expect(freed).toEqual([])
    library.close()
    expect(freed).toEqual([0x41, 0x42, 0x43])
  })

  test('is freed at once where the function that frees it has a result', () => {
    const { library, freed } = openBlocks()
    expect(library.symbols.end_told(library.symbols.make_told(0x44))).toBe(7)
    expect(freed).toEqual([0x44])
    library.close()
  })

  test('is not freed in an instance that was retired', () => {
    const { library, freed } = openBlocks()
    const frame = library.frame(100_000)
    for (let text = 0; text < 256; text++) library.symbols.make_text(0x45)
    // Reads beyond memory.
    expect(codeOf(() => library.symbols.end_told(0xffff_fff0 as Pointer))).toBe('GUEST_TRAPPED')
    // There is no room for it in the quarantine.
    frame.release()
    library.close()
    expect(freed).toEqual([])
  })

  test('rests only up to a bound', () => {
    const library = debugging('wasm')
    for (let round = 0; round < 50; round++) library.frame(300_000).release()
    expect(library.memoryBytes).toBeLessThan(4_000_000)
  })

  test('gives way to a frame for which there is no other memory', () => {
    // Two such frames fit into the guest's memory, and more would rest in the quarantine.
    const library = open({ module: compiledWat('debug-overrun') }, overrun, { debug: true })
    for (let round = 0; round < 20; round++) library.frame(400_000).release()
    library.close()
  })
})

describe('a nonblocking call of a shared object in debug mode', () => {
  const later = {
    past: {
      symbol: 'probe_write_past',
      parameters: [{ inout: 'buffer' }, 'usize', 'u8'],
      result: 'void',
      nonblocking: true,
    },
    text: {
      symbol: 'probe_alloc',
      parameters: ['u64'],
      result: { type: 'cstring', free: 'probe_free' },
      nonblocking: true,
    },
    after: { symbol: 'probe_text_after', parameters: ['cstring', 'usize'], result: 'cstring', nonblocking: true },
    divide: {
      symbol: 'probe_divide_out',
      parameters: ['i32', 'i32', { out: 'i32' }, { out: 'i32' }],
      result: 'bool',
      nonblocking: true,
    },
  } as const

  test('is checked when its promise settles', async () => {
    const library = open(probe('native'), later, { debug: true })
    const { symbols } = library
    const buffer = bytes(4)
    await symbols.past(buffer, 3, 0x21)
    expect(buffer).toEqual(Uint8Array.of(0, 1, 2, 0x21))
    const pasts = [4, 5].map((at) => symbols.past(buffer, at, 0x21))
    for (const [index, past] of pasts.entries()) {
      const error: FramegateError = await past.then(
        () => expect.fail('it was not told'),
        (reason) => reason,
      )
      expect(error.code).toBe('FRAME_OVERRUN')
      expect(error.message).toMatch(`past the end of argument 1 of past: at offset ${4 + index}`)
    }
    library.close()
  })

  test('is nothing to the calls in this thread', async () => {
    const library = open(probe('native'), { ...later, probe_add_i32: definitions.probe_add_i32 }, { debug: true })
    const { symbols } = library
    const past = symbols.past(bytes(4), 4, 0x21).catch((reason: FramegateError) => reason.code)
    for (let call = 0; call < 5000; call++) expect(symbols.probe_add_i32(call, 1)).toBe(call + 1)
    expect(await past).toBe('FRAME_OVERRUN')
    library.close()
  })

  test('that ends after close leaves nothing behind', async () => {
    const counting = open(probe('native'), {
      live: { symbol: 'probe_live_allocations', parameters: [], result: 'i32' },
      noop: { symbol: 'probe_noop', parameters: [], result: 'void', nonblocking: true },
    })
    const before = counting.symbols.live()
    const library = open(probe('native'), later, { debug: true })
    const texts = Array.from({ length: 8 }, () => library.symbols.text(1n).catch(({ code }: FramegateError) => code))
    library.close()
    expect(new Set(await Promise.all(texts))).toEqual(new Set(['DISPOSED']))
    // One after another through the same threads.
    await Promise.all(Array.from({ length: 32 }, () => counting.symbols.noop()))
    expect(counting.symbols.live()).toBe(before)
    counting.close()
  })

  test('reports nothing in a sound program', async () => {
    const library = open(probe('native'), later, { debug: true })
    const { symbols } = library
    for (let round = 0; round < 20; round++) {
      const calls = Array.from({ length: 10 }, async (_, index) => {
        expect(await symbols.text(BigInt(index))).toMatch(`${index}`)
        expect(await symbols.after('one two', 4)).toBe('two')
        expect(await symbols.divide(17, 5)).toEqual([true, 3, 2])
      })
      await Promise.all(calls)
    }
    library.close()
  })
})
