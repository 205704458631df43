/** A guest that lies to the imports that the shim supplies: it gets an error number as of a real system, and goes on. */
import { afterEach, expect, test, vi } from 'vitest'
import { open } from '../../src/ffi/index.ts'
import { compiledWat } from './compile.ts'
import { codeOf } from './thrown.ts'

const definitions = {
  write: { parameters: ['i32', 'usize', 'usize', 'usize'], result: 'i32' },
  print: { parameters: ['usize', 'usize'], result: 'i32' },
  print_text: { symbol: 'print', parameters: ['cstring', { lengthOf: 0 }], result: 'i32' },
  print_bytes: { symbol: 'print', parameters: ['buffer', { lengthOf: 0 }], result: 'i32' },
  print_everything: { parameters: [], result: 'i32' },
  written: { parameters: [], result: 'usize' },
  exit: { parameters: ['i32'], result: 'void' },
  echo: { parameters: ['cstring'], result: 'cstring' },
} as const

const openGuest = () => open({ module: compiledWat('wasi') }, definitions)
const FAULT = 21
const INVALID = 28

afterEach(() => {
  vi.restoreAllMocks()
})

function printed(): string[] {
  const lines: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  return lines
}

test('what a guest prints goes to the console by lines, whole characters whatever the pieces', () => {
  const lines = printed()
  using library = openGuest()
  const { symbols } = library
  expect(symbols.print_text('first\nsec')).toBe(0)
  expect(symbols.written()).toBe(9)
  for (const byte of new TextEncoder().encode('ond é\nthird\n')) symbols.print_bytes(Uint8Array.of(byte))
  expect(lines).toEqual(['first', 'second é', 'third'])
})

test('a hostile guest that prints from beyond memory gets an error number', () => {
  const lines = printed()
  using library = openGuest()
  const { symbols } = library
  const end = library.memoryBytes
  for (const [at, length] of [
    [end, 1],
    [end - 8, 9],
    [0xffff_fff0, 16],
    [0x8000_0000, 1],
    [64, 0xffff_ffff],
    [64, 0x7fff_ffff],
  ] as const) {
    expect([at, length, symbols.print(at, length)]).toEqual([at, length, FAULT])
  }
  for (const [vectors, count, written] of [
    [end - 4, 1, 8],
    [0xffff_fff8, 1, 8],
    [16, 1, end - 3],
    [16, 1, 0xffff_fffc],
  ] as const) {
    expect([vectors, symbols.write(1, vectors, count, written)]).toEqual([vectors, FAULT])
  }
  for (const count of [1025, 0x7fff_ffff, 0xffff_ffff]) expect(symbols.write(1, 16, count, 8)).toBe(INVALID)
  expect(lines).toEqual([])
  expect([symbols.echo('still here'), library.generation]).toEqual(['still here', 1])
})

test('a hostile guest that prints without end of line does not fill the host’s memory', () => {
  const lines = printed()
  using library = openGuest()
  const piece = 'x'.repeat(50_000)
  for (let round = 0; round < 40; round++) expect(library.symbols.print_text(piece)).toBe(0)
  // What came so far is printed in parts, none much longer than 64 KiB.
  expect(lines.join('').length).toBeGreaterThan(1_800_000)
  for (const line of lines) expect(line.length).toBeLessThan(200_000)
  // 1,024 times almost all of its memory are asked for; a system writes a part, and says how much.
  expect(library.symbols.print_everything()).toBe(0)
  expect(library.symbols.written()).toBe(2 ** 20)
})

test('a guest that exits ends the call and its instance, not the process', () => {
  using library = openGuest()
  for (const code of [0, 1, -1]) expect(codeOf(() => library.symbols.exit(code))).toBe('GUEST_INTERRUPTED')
  expect([library.symbols.echo('still here'), library.generation]).toEqual(['still here', 4])
})
