/** Guests whose memory grows in the middle of a call: no byte is lost, no view of before is read or written. */
import { expect, test } from 'vitest'
import { open } from '../../src/ffi/index.ts'
import { compiledWat } from './compile.ts'

const point = { type: 'struct', fields: { x: 'f64', y: 'f64' } } as const
const onText = { type: 'callback', parameters: ['cstring'], result: 'i32' } as const

const definitions = {
  grow: { parameters: ['i32'], result: 'void' },
  echo: { parameters: ['cstring', 'i32'], result: 'cstring' },
  two: { symbol: 'around', parameters: ['cstring', 'pointer', 'i32'], result: 'cstring' },
  fill: { parameters: [{ out: 'buffer' }, { lengthOf: 0 }, 'u8', 'i32'], result: 'void' },
  change: { symbol: 'fill', parameters: [{ inout: 'buffer' }, 'i32', 'u8', 'i32'], result: 'void' },
  out: { parameters: ['i32', { out: 'f64' }], result: 'void' },
  point: { parameters: ['i32'], result: point },
  point_out: { symbol: 'point', parameters: [{ out: point }, 'i32'], result: 'void' },
  new_text: { parameters: ['i32'], result: { type: 'cstring', free: 'free_text' } },
  around: { parameters: ['cstring', onText, 'i32'], result: 'cstring' },
  frame: { symbol: 'fill', parameters: ['frame', 'i32', 'u8', 'i32'], result: 'void' },
} as const

function openGuest(grows: () => void = () => {}) {
  const allocator = { alloc: 'alloc', free: 'free' }
  return open({ module: compiledWat('growth'), allocator, imports: { host: { grows } } }, definitions)
}

/** Texts that are written in different ways: by a loop, by the encoder, into a block of its own. */
const texts = ['short', 'a text of some length, which the encoder writes', 'ü'.repeat(40), 'long '.repeat(20_000)]

test.each(texts)('a text that a hostile guest hands back after growth is whole', (text) => {
  using library = openGuest()
  for (let round = 0; round < 4; round++) expect(library.symbols.echo(text, 1)).toBe(text)
  expect(library.generation).toBe(1)
})

test('buffers and slots that a hostile guest fills after growth are read from the memory of after', () => {
  using library = openGuest()
  const { symbols } = library
  for (let round = 1; round <= 4; round++) {
    for (const length of [1, 100, 100_000]) {
      const bytes = new Uint8Array(length)
      symbols.fill(bytes, round, 1)
      expect(bytes).toEqual(new Uint8Array(length).fill(round))
      symbols.change(bytes, length - 1, 0xee, 1)
      expect([...bytes.subarray(0, length - 1)].every((byte) => byte === 0xee)).toBe(true)
      expect(bytes[length - 1]).toBe(round)
    }
    expect(symbols.out(1)).toEqual([42.5])
    expect(symbols.point(1)).toEqual({ x: 1.5, y: -2.5 })
    expect(symbols.point_out(1)).toEqual([{ x: 1.5, y: -2.5 }])
    expect(symbols.new_text(1)).toBe('new')
  }
  expect(library.generation).toBe(1)
})

test('arguments that are being written stay whole when a hostile allocator grows memory for the next one', () => {
  let grown = 0
  using library = openGuest(() => grown++)
  const large = 'x'.repeat(70_000)
  const atOpening = grown
  expect(library.symbols.around(large, () => 0, 1)).toBe(large)
  expect(grown).toBeGreaterThan(atOpening)
  expect(library.symbols.echo('short', 0)).toBe('short')
})

test('growth within a callback, by a nested call and around it, harms neither call', () => {
  using library = openGuest()
  const { symbols } = library
  const seen: (string | null)[] = []
  const nested = (text: string | null): number => {
    seen.push(text)
    expect(symbols.echo('nested', 2)).toBe('nested')
    expect(symbols.out(1)).toEqual([42.5])
    return 0
  }
  for (const text of texts) expect(symbols.around(text, nested, 1)).toBe(text)
  expect(seen).toEqual(texts)
  expect(library.generation).toBe(1)
})

test('a frame that a caller holds has the bytes that a hostile guest wrote after growth', () => {
  using library = openGuest()
  const frame = library.frame(32)
  frame.memory.u8.fill(7, frame.base, frame.base + 32)
  library.symbols.frame(frame, 16, 9, 3)
  expect([...frame.memory.u8.subarray(frame.base, frame.base + 32)]).toEqual([
    ...Array(16).fill(9),
    ...Array(16).fill(7),
  ])
  library.symbols.grow(1)
  // That call had no frame of its own.
  expect(frame.memory.u8[frame.base + 31]).toBe(7)
  expect(library.symbols.echo('next', 1)).toBe('next')
  expect(frame.memory.u8[frame.base + 31]).toBe(7)
  frame.release()
})
