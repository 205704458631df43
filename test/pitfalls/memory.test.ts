/** What goes wrong with the memory of calls elsewhere; the numbers are those of the list that the design refers to. */
import { describe, expect, test } from 'vitest'
import { open } from '../../src/ffi/index.ts'
import { createEvaluator } from '../../src/node.ts'
import { probe } from '../probe/guests.ts'
import { backends } from '../support/backends.ts'
import { payload, publicCondition, rule, spec } from '../support/specs.ts'
import { compiledWat } from '../wat/compile.ts'
import { codeOf } from '../wat/thrown.ts'

const onI32 = { type: 'callback', parameters: ['i32', 'pointer'], result: 'i32' } as const
const point = { type: 'struct', fields: { x: 'f64', y: 'f64' } } as const
const padded = { type: 'struct', fields: { a: 'u8', b: 'f64', c: 'i16', d: 'i64', e: 'f32' } } as const

const ownedText = { type: 'cstring', free: 'probe_free' } as const
const definitions = {
  probe_text_hash: { parameters: ['cstring'], result: 'u32' },
  probe_texts_hash: { parameters: ['cstring', 'cstring'], result: 'u32' },
  probe_hash_around: { parameters: ['cstring', onI32, 'i32'], result: 'u32' },
  probe_buffer_hash: { parameters: ['buffer', { lengthOf: 0 }], result: 'u32' },
  probe_buffer_fill: { parameters: [{ out: 'buffer' }, { lengthOf: 0 }, 'u8'], result: 'void' },
  probe_text_join: { parameters: ['cstring', 'cstring'], result: ownedText },
  probe_alloc: { parameters: ['u64'], result: ownedText },
  probe_broken_copy: { parameters: [], result: ownedText },
  probe_text_out: { parameters: ['cstring', { out: ownedText }], result: 'bool' },
  probe_bytes: {
    parameters: ['usize', 'u8', { out: 'usize' }],
    result: { type: 'bytes', length: { parameter: 2 }, free: 'probe_free' },
  },
  probe_sized_bytes: {
    parameters: ['usize', 'u8', { out: 'usize' }],
    result: { type: 'bytes', length: { parameter: 2 }, free: 'probe_free_sized', sized: true },
  },
  probe_sized_text: {
    parameters: ['cstring'],
    result: { type: 'cstring', free: 'probe_free_sized', sized: true },
  },
  probe_byte_table: { parameters: [{ out: 'usize' }], result: { type: 'bytes', length: { parameter: 0 } } },
  probe_new_point: { parameters: ['f64', 'f64'], result: { pointer: point, free: 'probe_free' } },
  probe_live_allocations: { parameters: [], result: 'i32' },
  probe_wrong_lengths: { parameters: [], result: 'i32' },
  probe_grow_fill: { parameters: ['u32', { out: 'buffer' }, { lengthOf: 1 }, 'u8'], result: 'bool' },
  probe_shrink: { parameters: [], result: 'void' },
  probe_load: { parameters: ['frame'], result: 'u8' },
} as const

describe.each(backends)('%s', (backend) => {
  const opened = () => open(probe(backend), definitions)

  test('pitfall 1: argument storage is never shared between calls', () => {
    using library = opened()
    const { symbols } = library
    const outer = 'the text of the outer call'
    const expected = symbols.probe_text_hash(outer)
    const nest = (depth: number): number => {
      // Longer, shorter and as long as the outer call's arguments, and results of their own.
      for (const text of ['x', outer.replace('outer', 'inner'), 'y'.repeat(200), 'z'.repeat(70_000)]) {
        expect(symbols.probe_text_hash(text)).not.toBe(expected)
        expect(symbols.probe_text_join(text, '!')).toBe(`${text}!`)
        symbols.probe_buffer_fill(new Uint8Array(text.length), 0xee)
      }
      if (depth > 0) expect(symbols.probe_hash_around(outer, nest, depth - 1)).toBe(expected)
      return 0
    }
    expect(symbols.probe_hash_around(outer, nest, 3)).toBe(expected)
  })

  test('pitfall 1: two arguments of one call never share storage', () => {
    using library = opened()
    const { symbols } = library
    for (const [first, second] of [
      ['a', 'b'],
      ['', 'b'],
      ['same', 'same'],
      ['long '.repeat(30), 'é'.repeat(90)],
      ['a'.repeat(70_000), 'b'.repeat(70_000)],
    ] as const) {
      expect(symbols.probe_texts_hash(first, second)).toBe(symbols.probe_text_hash(first + second))
    }
  })

  test('pitfall 2: views detach on memory growth, and no write or read goes to a detached one', () => {
    using library = opened()
    const { symbols } = library
    const frame = library.frame(16)
    for (const mebibytes of [1, 8, 16]) {
      const bytes = new Uint8Array(300)
      expect(symbols.probe_grow_fill(mebibytes, bytes, 3)).toBe(true)
      expect(bytes).toEqual(Uint8Array.from({ length: 300 }, (_, index) => index + 3))
      // Who holds a frame finds the views renewed, whatever it was that grew memory.
      frame.memory.u8[frame.base] = mebibytes
      expect(frame.memory.u8[frame.base]).toBe(mebibytes)
      expect(symbols.probe_load(frame)).toBe(mebibytes)
    }
    frame.release()
    symbols.probe_shrink()
  })

  test('pitfall 3: what was read is a copy, not a view of memory that is freed', () => {
    using library = opened()
    const { symbols } = library
    const [bytes] = symbols.probe_bytes(64, 10)
    const [table] = symbols.probe_byte_table()
    const point = symbols.probe_new_point(1.5, -2.5)
    for (const read of [bytes!, table!]) expect(read.buffer.byteLength).toBe(read.length)
    // The same sizes again, so that an allocator gives the same places again.
    for (let round = 0; round < 50; round++) {
      symbols.probe_bytes(64, 200)
      symbols.probe_new_point(round, round)
    }
    expect(bytes).toEqual(Uint8Array.from({ length: 64 }, (_, index) => index + 10))
    bytes!.fill(0)
    table!.fill(0)
    expect(symbols.probe_byte_table()[0]).toEqual(Uint8Array.from({ length: 256 }, (_, index) => index))
    expect(point).toEqual({ x: 1.5, y: -2.5 })
  })

  test('pitfall 4: what the caller owns is freed once, also where it cannot be decoded', () => {
    using library = opened()
    const { symbols } = library
    const live = symbols.probe_live_allocations()
    const wrong = symbols.probe_wrong_lengths()
    for (let round = 0; round < 500; round++) {
      symbols.probe_alloc(BigInt(round))
      symbols.probe_text_join('joined ', 'text')
      symbols.probe_text_out('copied text')
      symbols.probe_bytes(round, 1)
      symbols.probe_sized_bytes(round, 1)
      symbols.probe_sized_text('é'.repeat(round % 40))
      symbols.probe_new_point(1, 2)
      expect(codeOf(() => symbols.probe_broken_copy())).toBe('RESULT_INVALID')
    }
    expect(symbols.probe_live_allocations()).toBe(live)
    expect(symbols.probe_wrong_lengths()).toBe(wrong)
  })

  test('pitfall 4: an evaluator that is asked, updated and refused for a long time does not grow', () => {
    const specs = (time: number) =>
      payload({
        time,
        feature_gates: { gate: spec([rule('r', ['public'])]) },
        condition_map: { public: publicCondition },
      })
    using evaluator = createEvaluator({ specs: specs(1_700_000_000_000), backend })
    const use = (round: number): void => {
      evaluator.update(specs(1_700_000_000_000 + round))
      expect(codeOf(() => evaluator.update('{"broken"'))).toBe('SPECS_INVALID')
      expect(evaluator.getFeatureGate({ userID: `user ${round}` }, 'gate').value).toBe(true)
    }
    use(1)
    const { memoryBytes } = evaluator
    for (let round = 2; round < 60; round++) use(round)
    expect(evaluator.memoryBytes).toBe(memoryBytes)
  })

  test('pitfall 5: evaluations ask the allocator for nothing, so they leave no holes between what is loaded', () => {
    using evaluator = createEvaluator({
      specs: payload({
        feature_gates: { gate: spec([rule('r', ['public'])]) },
        condition_map: { public: publicCondition },
      }),
      backend,
    })
    const ask = (round: number) => evaluator.checkGate({ userID: `user ${round}`, custom: { round } }, 'gate')
    ask(0)
    const { allocations } = evaluator
    for (let round = 1; round < 2000; round++) ask(round)
    expect(evaluator.allocations).toBe(allocations)
  })
})

describe('wasm', () => {
  test('pitfall 5: frames lie in a region of their own: calls do not enter the guest’s allocator', () => {
    const guest = {
      module: compiledWat('allocators'),
      allocator: { alloc: 'faulty', free: 'free' },
      imports: { host: { within: () => {} } },
    }
    using library = open(guest, {
      be: { parameters: ['i32'], result: 'void' },
      echo: { parameters: ['cstring'], result: 'cstring' },
      differ: { parameters: ['buffer', { in: point }], result: 'i32' },
      freed: { parameters: [], result: 'i32' },
    })
    const TRAPS = 2
    library.symbols.be(TRAPS)
    for (let round = 0; round < 1000; round++) {
      expect(library.symbols.echo('text '.repeat(round % 100))).toBe('text '.repeat(round % 100))
      library.symbols.differ(new Uint8Array(round), { x: 1, y: 2 })
      library.frame(round).release()
    }
    expect([library.symbols.freed(), library.generation]).toEqual([0, 1])
  })

  test('pitfall 25: an instance that follows another has none of its bytes', () => {
    const guest = { module: compiledWat('silent') }
    using library = open(guest, {
      keep: { parameters: ['buffer', { lengthOf: 0 }], result: 'void' },
      trap: { symbol: 'address', parameters: ['usize'], result: { pointer: 'i32' } },
      traps: { symbol: 'keep', parameters: ['usize', 'usize'], result: 'void' },
    })
    const secret = new TextEncoder().encode('a secret of the tenant before')
    const holds = () => {
      const frame = library.frame(8)
      const found = Buffer.from(frame.memory.u8).includes(Buffer.from(secret))
      frame.release()
      return found
    }
    library.symbols.keep(secret)
    expect(holds()).toBe(true)
    expect(codeOf(() => library.symbols.traps(0xffff_0000, 8))).toBe('GUEST_TRAPPED')
    expect([holds(), library.generation]).toEqual([false, 2])
    using other = open(guest, {})
    const frame = other.frame(8)
    expect(Buffer.from(frame.memory.u8).includes(Buffer.from(secret))).toBe(false)
    frame.release()
  })
})

describe.each(backends)('%s', (backend) => {
  test('pitfall 25: what a guest leaves alone is zero, not an earlier call’s argument', () => {
    // A function that takes fewer parameters than it is given leaves the others alone; WebAssembly has none such.
    const names = backend === 'wasm' ? { slot: 'number_2', struct: 'nothing_1' } : { slot: 'probe_i32', struct: '' }
    const guest = backend === 'wasm' ? { module: compiledWat('silent') } : probe(backend)
    const out = <const Type>(type: Type) =>
      ({ symbol: names.slot, parameters: ['i32', { out: type }], result: 'i32' }) as const
    using library = open(guest, {
      fill: {
        symbol: names.slot,
        parameters: ['i32', { in: { type: 'array', of: 'u64', length: 64 } }],
        result: 'i32',
      },
      text: { symbol: names.slot, parameters: ['i32', 'cstring'], result: 'i32' },
      number: out('u64'),
      pointer: out('pointer'),
      string: out('cstring'),
      struct: out(padded),
      array: out({ type: 'array', of: 'u32', length: 8 }),
      ...(names.struct && { returned: { symbol: names.struct, parameters: [], result: padded } as const }),
    })
    const { symbols } = library
    const nothing = { a: 0, b: 0, c: 0, d: 0n, e: 0 }
    const soil = () => {
      symbols.fill(1, Array(64).fill(0xaaaa_aaaa_aaaa_aaaan))
      symbols.text(1, '\u00aa'.repeat(300))
    }
    const left = (call: () => unknown) => {
      soil()
      return call()
    }
    expect(left(() => symbols.number(7))).toEqual([7, 0n])
    expect(left(() => symbols.pointer(7))).toEqual([7, null])
    expect(left(() => symbols.string(7))).toEqual([7, null])
    expect(left(() => symbols.struct(7))).toEqual([7, nothing])
    expect(left(() => symbols.array(7))).toEqual([7, Array(8).fill(0)])
    if (symbols.returned) expect(left(() => symbols.returned!())).toEqual(nothing)
  })

  test('pitfall 25: the padding of a struct is zero, not an earlier call’s argument', () => {
    // The struct as bytes, of which 40 are C's: a guest that hashes or compares whole structs sees the padding.
    const guest = backend === 'wasm' ? { module: compiledWat('silent') } : probe(backend)
    const symbol = backend === 'wasm' ? 'address' : 'probe_pointer'
    using library = open(guest, {
      bytes: { symbol, parameters: [{ in: padded }], result: { type: 'bytes', length: 40 } },
      soil: { symbol, parameters: [{ in: { type: 'array', of: 'u64', length: 64 } }], result: 'pointer' },
      nested: { symbol, parameters: [{ inout: padded }], result: { type: 'bytes', length: 40 } },
    })
    const { symbols } = library
    const value = { a: 0xff, b: -1.5, c: -1, d: -1n, e: -1.5 }
    const padding = [...range(1, 8), ...range(18, 24), ...range(36, 40)]
    for (const bytes of [() => symbols.bytes(value), () => symbols.nested(value)[0]]) {
      symbols.soil(Array(64).fill(0xaaaa_aaaa_aaaa_aaaan))
      const read = bytes() as Uint8Array
      expect(padding.map((index) => read[index])).toEqual(padding.map(() => 0))
      expect(read[0]).toBe(0xff)
    }
  })
})

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index)
}
