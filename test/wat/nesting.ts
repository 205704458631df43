/** The guest of nesting.wat, and what must be so after it ended badly. */
import { expect } from 'vitest'
import { open } from '../../src/ffi/index.ts'
import { compiledWat } from './compile.ts'

export const callback = { type: 'callback', parameters: ['i32'], result: 'i32' } as const
export const onText = { type: 'callback', parameters: ['cstring'], result: 'void' } as const

const point = { type: 'struct', fields: { x: 'f64', y: 'f64' } } as const
const makePoint = { type: 'callback', parameters: [], result: point } as const
const changePoint = { type: 'callback', parameters: [{ inout: point }], result: 'void' } as const
const onBytes = {
  type: 'callback',
  parameters: [{ type: 'bytes', length: { parameter: 1 } }, 'i32'],
  result: 'void',
} as const

const definitions = {
  broken: { parameters: [], result: 'i32' },
  count: { parameters: [], result: 'i32' },
  echo: { parameters: ['cstring'], result: 'cstring' },
  trap: { parameters: [], result: 'void' },
  trap_with: { parameters: ['cstring'], result: 'cstring' },
  descend: { parameters: [], result: 'i32' },
  beyond: { parameters: [], result: 'i32' },
  call: { parameters: [callback, 'i32'], result: 'i32' },
  call_with: { parameters: ['cstring', callback, 'i32'], result: 'cstring' },
  import: { parameters: [], result: 'i32' },
  say: { parameters: [onText, 'usize'], result: 'void' },
  make_point: { symbol: 'say', parameters: [makePoint, 'usize'], result: 'void' },
  change_point: { symbol: 'say', parameters: [changePoint, 'usize'], result: 'void' },
  say_bytes: { parameters: [onBytes, 'usize', 'i32'], result: 'void' },
  first: { symbol: 'first', parameters: ['frame', 'cstring'], result: 'i32' },
  keep: { parameters: [callback], result: 'void' },
  call_kept: { parameters: ['i32'], result: 'i32' },
  call_at: { parameters: ['pointer', 'i32'], result: 'i32' },
} as const

/** A guest, and how often one of its calls went on after its callback. */
export function openGuest(wentOn: () => void = () => {}) {
  const guest = { module: compiledWat('nesting'), imports: { host: { went_on: wentOn } } }
  // Some tests end more instances than a storm may.
  return open(guest, definitions, { recoveriesPerSecond: Number.POSITIVE_INFINITY })
}
export type Guest = ReturnType<typeof openGuest>

/** Another instance answers, which never ended badly, and frames begin where they did. */
export function expectRenewed(library: Guest, generation = 2): void {
  expect(library.symbols.count()).toBe(1)
  expect(library.generation).toBe(generation)
  expect(library.symbols.broken()).toBe(0)
  expect(library.symbols.call_with('a text', (value) => value + 1, 1)).toBe('a text')
}
