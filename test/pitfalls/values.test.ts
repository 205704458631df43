/** What goes wrong elsewhere with the values that cross: texts, numbers, addresses. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ENGINE } from '../../src/evaluator/guest.ts'
import { open, type Pointer } from '../../src/ffi/index.ts'
import { createEvaluator } from '../../src/node.ts'
import { probe } from '../probe/guests.ts'
import { backends } from '../support/backends.ts'
import { condition, payload, publicCondition, rule, spec } from '../support/specs.ts'
import { compiledWat } from '../wat/compile.ts'
import { codeOf } from '../wat/thrown.ts'

const record = { type: 'struct', fields: { name: 'cstring', id: 'i32', active: 'bool', weight: 'f64' } } as const
const padded = { type: 'struct', fields: { a: 'u8', b: 'f64', c: 'i16', d: 'i64', e: 'f32' } } as const
const onI32 = { type: 'callback', parameters: ['i32', 'pointer'], result: 'i32' } as const
const onPointer = { type: 'callback', parameters: ['pointer'], result: 'pointer' } as const

const definitions = {
  probe_text_length: { parameters: ['cstring'], result: 'i32' },
  probe_text_hash: { parameters: ['cstring'], result: 'u32' },
  probe_text_after: { parameters: ['cstring', 'usize'], result: 'cstring' },
  probe_text_join: { parameters: ['cstring', 'cstring'], result: { type: 'cstring', free: 'probe_free' } },
  probe_read_record: { parameters: [{ in: record }], result: 'f64' },
  probe_buffer_hash: { parameters: ['buffer', { lengthOf: 0 }], result: 'u32' },
  probe_u64: { parameters: ['u64'], result: 'u64' },
  probe_i64: { parameters: ['i64'], result: 'i64' },
  probe_read_i64: { parameters: [{ in: 'i64' }], result: 'i64' },
  probe_counter_new: { parameters: ['i64'], result: { type: 'handle', name: 'Counter', free: 'probe_counter_free' } },
  probe_pointer: { parameters: ['pointer'], result: 'pointer' },
  probe_high_pointer: { parameters: [], result: 'pointer' },
  probe_call_pointer: { parameters: [onPointer, 'pointer'], result: 'pointer' },
  probe_hash_around: { parameters: ['cstring', onI32, 'i32'], result: 'u32' },
  buffer_misalignment: { symbol: 'probe_misalignment', parameters: ['buffer', 'u32'], result: 'u32' },
  struct_misalignment: { symbol: 'probe_misalignment', parameters: [{ in: padded }, 'u32'], result: 'u32' },
  slot_misalignment: { symbol: 'probe_misalignment', parameters: [{ out: 'f64' }, 'u32'], result: 'u32' },
  frame_misalignment: { symbol: 'probe_misalignment', parameters: ['frame', 'u32'], result: 'u32' },
  probe_update_padded: { parameters: [{ inout: padded }], result: 'void' },
} as const

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe.each(backends)('%s', (backend) => {
  const opened = () => open(probe(backend), definitions)
  const { symbols } = opened()
  const reading = (name: string) => symbols.probe_read_record({ name, id: 0, active: false, weight: 0 })

  test('pitfall 10: half of a surrogate pair is refused: two different ids never come out alike', () => {
    for (const id of ['\ud800', 'user \udc00', '\ud83d\ud83d\ude00', `${'x'.repeat(100)}\udfff`]) {
      expect(codeOf(() => symbols.probe_text_hash(id))).toBe('STRING_INVALID')
      expect(codeOf(() => symbols.probe_text_join('fine', id))).toBe('STRING_INVALID')
      expect(codeOf(() => reading(id))).toBe('STRING_INVALID')
    }
    expect(symbols.probe_text_after('\u{1f600}\ufffd', 0)).toBe('\u{1f600}\ufffd')
  })

  test('pitfall 11: no text is cut off, however long its UTF-8 is', () => {
    for (const unit of ['a', 'é', '語', '\u{1f600}']) {
      const bytes = Buffer.byteLength(unit)
      // Also around the size of the frames' region, 32 KiB, and beyond.
      for (const units of [5, 14, 15, 33, 1000, 8_000, 10_922, 10_923, 20_000, 65_536, 300_000]) {
        const text = unit.repeat(units)
        expect(symbols.probe_text_length(text)).toBe(bytes * units)
        expect(symbols.probe_text_after(text, bytes)).toBe(unit.repeat(units - 1))
      }
    }
  })

  test('pitfall 11: no user’s value is cut off', () => {
    const value = '語'.repeat(50_000)
    const equals = condition('user_field', { field: 'note', operator: 'any_case_sensitive', targetValue: [value] })
    const specs = payload({ feature_gates: { long: spec([rule('r', ['equals'])]) }, condition_map: { equals } })
    using evaluator = createEvaluator({ specs, backend })
    expect(evaluator.checkGate({ userID: 'a', custom: { note: value } }, 'long')).toBe(true)
    expect(evaluator.checkGate({ userID: 'a', custom: { note: value.slice(1) } }, 'long')).toBe(false)
    expect(evaluator.checkGate({ userID: 'a', custom: { note: `${value}語` } }, 'long')).toBe(false)
  })

  test('pitfall 12: a NUL in a C string is refused, in a buffer it is a byte', () => {
    for (const text of ['\0', 'a\0b', `${'x'.repeat(1000)}\0`]) {
      expect(codeOf(() => symbols.probe_text_length(text))).toBe('STRING_INVALID')
      expect(codeOf(() => symbols.probe_text_join(text, 'fine'))).toBe('STRING_INVALID')
      expect(codeOf(() => reading(text))).toBe('STRING_INVALID')
    }
    const bytes = Uint8Array.of(1, 0, 2)
    expect(symbols.probe_buffer_hash(bytes)).not.toBe(symbols.probe_buffer_hash(bytes.subarray(0, 1)))
    // An empty text is one, and no null pointer.
    expect([symbols.probe_text_length(''), symbols.probe_text_length(null)]).toEqual([0, -1])
  })

  test('pitfall 13: 64-bit integers lose no bit, and are always bigints', () => {
    for (const value of [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 0x0123_4567_89ab_cdefn]) {
      expect(symbols.probe_u64(value)).toBe(value)
      expect(symbols.probe_i64(-value)).toBe(-value)
      expect(symbols.probe_read_i64(value)).toBe(value)
    }
    expect(symbols.probe_u64(2n ** 64n - 1n)).toBe(2n ** 64n - 1n)
    expect(codeOf(() => symbols.probe_u64(1 as never))).toBe('ARGUMENT_INVALID')
  })

  test('pitfall 13: handles and results are no bigints: JSON can be made of what an evaluator says', () => {
    using counter = symbols.probe_counter_new(1n)
    expect(() => JSON.stringify(counter)).not.toThrow()
    const specs = payload({
      feature_gates: { gate: spec([rule('r', ['public'])]) },
      dynamic_configs: {
        config: spec([rule('r', ['public'], { returnValue: { n: 1 } })], { entity: 'dynamic_config' }),
      },
      condition_map: { public: publicCondition },
    })
    using evaluator = createEvaluator({ specs, backend })
    expect(() => JSON.stringify(evaluator.getFeatureGate({ userID: 'a' }, 'gate'))).not.toThrow()
    expect(() => JSON.stringify(evaluator.getDynamicConfig({ userID: 'a' }, 'config'))).not.toThrow()
    // Nothing of the engine's own goes through a 64-bit integer, which takes a bigint each way.
    for (const { parameters, result } of Object.values(ENGINE)) {
      expect([...parameters, result]).not.toContain('i64')
      expect([...parameters, result]).not.toContain('u64')
    }
  })

  test('pitfall 14: an address from 2^31 on is no negative number, wherever it comes from', () => {
    const high = symbols.probe_high_pointer() as Pointer
    expect(high).toBeGreaterThanOrEqual(2 ** 31)
    expect(symbols.probe_pointer(high)).toBe(high)
    const seen: unknown[] = []
    expect(
      symbols.probe_call_pointer((pointer) => {
        seen.push(pointer)
        return pointer
      }, high),
    ).toBe(high)
    expect(seen).toEqual([high])
  })

  test('pitfall 15: structs, slots and frames are aligned, also above arguments of an odd size', () => {
    using library = opened()
    const { symbols } = library
    const value = { a: 1, b: 2.5, c: -3, d: -4n, e: 5.5 }
    let checked = 0
    const check = (): number => {
      expect(symbols.struct_misalignment(value, 8)).toBe(0)
      expect(symbols.slot_misalignment(8)).toEqual([0, 0])
      const frame = library.frame(24)
      expect(symbols.frame_misalignment(frame, 8)).toBe(0)
      expect(() => new Float64Array(frame.memory.u8.buffer, frame.base, 3)).not.toThrow()
      frame.release()
      if (backend === 'wasm') expect(symbols.buffer_misalignment(new Uint8Array(3), 8)).toBe(0)
      expect(symbols.probe_update_padded(value)).toEqual([{ a: 2, b: 4.5, c: 0, d: 0n, e: 10.5 }])
      checked++
      return 0
    }
    for (let length = 0; length < 20; length++) symbols.probe_hash_around('x'.repeat(length), check, 0)
    symbols.probe_hash_around('x'.repeat(70_001), check, 0)
    expect(checked).toBe(21)
  })

  test('pitfall 22: a user who is asked about often is encoded once, and only what the specs read', () => {
    const asked = condition('user_field', { field: 'plan', operator: 'any', targetValue: ['gold'] })
    const specs = payload({ feature_gates: { gate: spec([rule('r', ['asked'])]) }, condition_map: { asked } })
    using evaluator = createEvaluator({ specs, backend })
    const reads: string[] = []
    const custom = new Proxy({ plan: 'gold', other: 'x' } as Record<string, string>, {
      get(target, name) {
        reads.push(String(name))
        return target[String(name)]
      },
    })
    const bound = evaluator.bind({ userID: 'a', custom })
    for (let round = 0; round < 100; round++) expect(bound.checkGate('gate')).toBe(true)
    expect(reads).toEqual(['plan'])
  })

  test('pitfall 22: a text is encoded once for a call, also where its length is passed', () => {
    using library = open(probe(backend), {
      probe_buffer_hash: { parameters: ['cstring', { lengthOf: 0 }], result: 'u32' },
    })
    const text = 'a text of some length, é'
    const encode = vi.spyOn(TextEncoder.prototype, 'encode')
    const encodeInto = vi.spyOn(TextEncoder.prototype, 'encodeInto')
    const hash = library.symbols.probe_buffer_hash(text)
    // koffi encodes by itself.
    expect([encode.mock.calls.length, encodeInto.mock.calls.length]).toEqual([0, backend === 'wasm' ? 1 : 0])
    expect(hash).toBe(symbols.probe_text_hash(text))
  })
})

describe('wasm', () => {
  test('pitfall 14: an address from 2^31 on is right in slots, handles and structs', () => {
    const at = 0x9000_0010
    using library = open(
      { module: compiledWat('results') },
      {
        pointer: { symbol: 'address', parameters: ['usize'], result: 'pointer' },
        owned: { symbol: 'address', parameters: ['usize'], result: { type: 'pointer', free: 'release' } },
        size: { symbol: 'address', parameters: ['usize'], result: 'usize' },
        out: { symbol: 'address_out', parameters: ['usize', { out: 'pointer' }], result: 'void' },
        out_size: { symbol: 'address_out', parameters: ['usize', { out: 'usize' }], result: 'void' },
        struct: { symbol: 'echo_struct', parameters: [{ in: 'pointer' }], result: { pointer: 'pointer' } },
        handle: { symbol: 'address', parameters: ['usize'], result: { type: 'handle', name: 'Thing' } },
        back: { symbol: 'address', parameters: [{ type: 'handle', name: 'Thing' }], result: 'usize' },
      },
    )
    const { symbols } = library
    for (const name of ['pointer', 'owned', 'size'] as const) expect(symbols[name](at)).toBe(at)
    expect([symbols.out(at), symbols.out_size(at)]).toEqual([[at], [at]])
    expect(symbols.struct(at as Pointer)).toBe(at)
    expect(symbols.back(symbols.handle(at))).toBe(at)
  })

  test('pitfall 24: no decoder is kept for 2 GiB of text, after which Safari’s fails for good', async () => {
    const LIMIT = 2 ** 31
    /** A decoder as Safari's is, without the work. */
    class TiringDecoder {
      #bytes = 0
      decode(bytes: Uint8Array): string {
        this.#bytes += bytes.length
        if (this.#bytes >= LIMIT) throw new RangeError('Bad value')
        return ''
      }
    }
    vi.stubGlobal('TextDecoder', TiringDecoder)
    vi.resetModules()
    const { decodeText, readText } = await import('../../src/ffi/text.ts')
    const size = 2 ** 27 - 1
    const memory = new Uint8Array(size + 1).fill(0x61, 0, size)
    for (let gibibytes = 0; gibibytes < 5; gibibytes += 0.25) {
      expect(decodeText(memory.subarray(0, size), 'the result')).toBe('')
      expect(readText(memory, 0, 'the result')).toBe('')
    }
  })
})
