import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compiledWat } from '../../test/wat/compile.ts'
import { codeOf, thrownBy } from '../../test/wat/thrown.ts'
import { open } from './index.ts'
import { decodeText, readText } from './text.ts'

const encoder = new TextEncoder()
const PLACE = 'the result of f'

/** Lengths around those at which reading or writing changes its way. */
const LENGTHS = [0, 1, 6, 7, 8, 9, 13, 14, 15, 16, 63, 64, 87, 88, 89, 95, 96, 97, 103, 104, 105, 1000, 10_000]
const WIDE = ['é', '語', '\u{1f600}']

/** A memory that holds the C string at `address`, and after its NUL what is no text. */
function memoryWith(bytes: Uint8Array, address: number, after = 32): Uint8Array {
  const memory = new Uint8Array(address + bytes.length + 1 + after).fill(0xff)
  memory.set(bytes, address)
  memory[address + bytes.length] = 0
  return memory
}

describe('a C string is read', () => {
  test.each(LENGTHS)('of %i ASCII characters, at every alignment', (length) => {
    const text = Array.from({ length }, (_, index) => String.fromCharCode(0x21 + (index % 0x5e))).join('')
    for (let address = 1; address <= 9; address++) {
      expect(readText(memoryWith(encoder.encode(text), address), address, PLACE)).toBe(text)
    }
  })

  test.each(LENGTHS)('of %i characters, one of them wide, wherever that stands', (length) => {
    for (const wide of WIDE) {
      for (let index = 0; index < Math.min(length, 120); index++) {
        const text = `${'a'.repeat(index)}${wide}${'b'.repeat(length - index - 1)}`
        const address = 1 + (index % 8)
        expect(readText(memoryWith(encoder.encode(text), address), address, PLACE)).toBe(text)
      }
    }
  })

  test.each(LENGTHS)('of %i characters at the very end of memory', (length) => {
    for (const letter of ['a', ...WIDE]) {
      const text = letter.repeat(length)
      for (let after = 0; after <= 9; after++) {
        expect(readText(memoryWith(encoder.encode(text), 3, after), 3, PLACE)).toBe(text)
      }
    }
  })

  test('without losing a byte order mark or a character of replacement', () => {
    for (const text of [
      '\ufeff',
      '\ufefftext',
      'a\ufeff',
      '\ufffd',
      `${'a'.repeat(200)}\ufffd`,
      `\ufeff${'a'.repeat(200)}`,
    ]) {
      expect(readText(memoryWith(encoder.encode(text), 8), 8, PLACE)).toBe(text)
    }
  })

  test('out of a memory smaller than a step', () => {
    for (let length = 0; length < 10; length++) {
      expect(readText(memoryWith(encoder.encode('a'.repeat(length)), 0, 0), 0, PLACE)).toBe('a'.repeat(length))
    }
  })
})

describe('no C string is read', () => {
  test.each(LENGTHS)('where no NUL follows (%i bytes)', (length) => {
    for (const byte of [0x61, 0xc3, 0xff]) {
      const memory = new Uint8Array(8 + length).fill(byte)
      memory[7] = 0
      const error = thrownBy(() => readText(memory, 8, PLACE))
      expect(error).toMatchObject({
        code: 'RESULT_INVALID',
        message: expect.stringContaining(`${PLACE} is the address 8`),
      })
    }
  })

  test('at an address that is none', () => {
    const memory = new Uint8Array(64)
    for (const address of [64, 65, 2 ** 31, 2 ** 32 - 1]) {
      expect(codeOf(() => readText(memory, address, PLACE))).toBe('RESULT_INVALID')
    }
    expect(codeOf(() => readText(new Uint8Array(), 0, PLACE))).toBe('RESULT_INVALID')
  })

  test.each([
    ['a byte that begins nothing', [0x80]],
    ['a byte that is in no UTF-8', [0xff]],
    ['a character that is cut off', [0xe8, 0xaa]],
    ['an overlong NUL', [0xc0, 0x80]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a number beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('where its bytes are not UTF-8: %s', (_, bytes) => {
    for (const before of [0, 1, 7, 8, 9, 95, 96, 97]) {
      for (const after of [0, 1, 8, 100]) {
        const all = Uint8Array.from([...Array(before).fill(0x61), ...bytes, ...Array(after).fill(0x61)])
        const error = thrownBy(() => readText(memoryWith(all, 5), 5, PLACE))
        expect(error).toMatchObject({ code: 'RESULT_INVALID', message: expect.stringContaining('is not UTF-8') })
        expect(error.cause).toBeDefined()
      }
    }
    // The decoder is none the worse for it.
    expect(decodeText(encoder.encode('語'), PLACE)).toBe('語')
  })
})

describe('a text that goes into a guest and comes back', () => {
  const definitions = {
    echo: { parameters: ['cstring'], result: 'cstring' },
    both: { symbol: 'bytes', parameters: ['cstring', 'cstring'], result: 'cstring' },
    length: { symbol: 'length', parameters: ['cstring', { lengthOf: 0 }], result: 'usize' },
    field: {
      symbol: 'echo_struct',
      parameters: [{ in: { type: 'struct', fields: { text: 'cstring', number: 'i32' } } }],
      result: { pointer: { type: 'struct', fields: { text: 'cstring', number: 'i32' } } },
    },
  } as const
  const { symbols } = open({ module: compiledWat('results') }, definitions)

  test.each(LENGTHS)('is the same at %i characters, with a wide one at every place', (length) => {
    const ascii = 'a'.repeat(length)
    expect(symbols.echo(ascii)).toBe(ascii)
    expect(symbols.both(ascii, 'another')).toBe(ascii)
    for (const wide of WIDE) {
      const all = wide.repeat(length)
      expect(symbols.echo(all)).toBe(all)
      expect(symbols.length(all)).toBe(encoder.encode(all).length)
      for (let index = 0; index < Math.min(length, 110); index++) {
        const text = `${'a'.repeat(index)}${wide}${'b'.repeat(length - index - 1)}`
        expect(symbols.echo(text)).toBe(text)
      }
    }
  })

  test('is the same, whatever it is, as long as it is a C string', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(texts, fc.nat(200), (text, padding) => {
        for (const each of [text, 'a'.repeat(padding) + text, text + 'b'.repeat(padding)]) {
          expect(symbols.echo(each)).toBe(each)
          expect(symbols.both('another', each)).toBe('another')
          expect(symbols.field({ text: each, number: 7 })).toEqual({ text: each, number: 7 })
          expect(symbols.length(each)).toBe(encoder.encode(each).length)
        }
      }),
    )
  })

  test('is refused before it crosses, where it is none', () => {
    const halves = fc.constantFrom('\0', '\ud800', '\udbff', '\udc00', '\udfff')
    const parts = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(parts, halves, parts, (before, half, after) => {
        // A high half before a low one makes a pair.
        const text = `${before}-${half}-${after}`
        expect(codeOf(() => symbols.echo(text))).toBe('STRING_INVALID')
        expect(codeOf(() => symbols.both('fine', text))).toBe('STRING_INVALID')
        expect(codeOf(() => symbols.field({ text, number: 7 }))).toBe('STRING_INVALID')
      }),
    )
    expect(symbols.echo('the next')).toBe('the next')
  })

  test('is no text but null', () => {
    expect(symbols.echo(null)).toBe(null)
    expect(symbols.length(null)).toBe(0)
    for (const value of [undefined, 1, true, new String('text'), ['text'], Symbol('text'), encoder.encode('text')]) {
      expect(codeOf(() => symbols.echo(value as never))).toBe('ARGUMENT_INVALID')
    }
  })
})
