import { describe, expect, test } from 'vitest'
import { heapBound, OVERFLOW, type Target, writeValue } from './encode.ts'
import { SLOT_SIZE, TAG } from './layout.ts'

function target(size: number): Target {
  const buffer = new ArrayBuffer(size)
  return {
    memory: { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) },
    base: 0,
    limit: size,
    hasContainers: false,
  }
}

/** Reads a slot back as the engine does. */
function read({ memory }: Target, slot: number): unknown {
  const [tag, length, start] = memory.i32.subarray(slot / 4, slot / 4 + 3) as unknown as [number, number, number]
  const slots = (count: number) => Array.from({ length: count }, (_, index) => read(target_, start + index * SLOT_SIZE))
  const target_ = { memory, base: 0, limit: 0, hasContainers: false }
  switch (tag) {
    case TAG.absent:
      return undefined
    case TAG.null:
      return null
    case TAG.false:
      return false
    case TAG.true:
      return true
    case TAG.number:
      return memory.f64[(slot + 8) / 8]
    case TAG.text:
      return new TextDecoder().decode(memory.u8.subarray(start, start + length))
    case TAG.array:
      return slots(length)
    default: {
      const flat = slots(2 * length)
      return Object.fromEntries(flat.flatMap((key, index) => (index % 2 ? [] : [[key, flat[index + 1]]])))
    }
  }
}

function roundTrip(value: unknown): unknown {
  const into = target(100_000)
  expect(writeValue(into, 0, SLOT_SIZE, value, 'field')).not.toBe(OVERFLOW)
  return read(into, 0)
}

describe('values arrive as they were', () => {
  test.each([
    undefined,
    null,
    true,
    false,
    0,
    -1.5,
    2 ** 60,
    '',
    'plain',
    'é✓😀',
    ['a', 1, null, ['b', true], { k: [{}] }],
    { a: 1, b: 'two', c: [3] },
  ])('%j', (value) => {
    expect(roundTrip(value)).toEqual(value)
  })

  test('texts of every length around the change of method', () => {
    for (let length = 0; length < 60; length++) {
      expect(roundTrip('x'.repeat(length))).toBe('x'.repeat(length))
      expect(roundTrip(`${'x'.repeat(length)}é`)).toBe(`${'x'.repeat(length)}é`)
    }
  })
})

test('what is no number is null, a lone surrogate U+FFFD, an undefined member nothing', () => {
  expect(roundTrip(Number.NaN)).toBeNull()
  expect(roundTrip(Number.POSITIVE_INFINITY)).toBeNull()
  expect(roundTrip('\ud800')).toBe('\ufffd')
  expect(roundTrip({ a: undefined, b: 1 })).toEqual({ b: 1 })
  expect(roundTrip([undefined, 1])).toBeUndefined()
  expect(roundTrip(new Array(1000))).toBeUndefined()
})

test.each([10n, () => 1, Symbol('s'), [10n], { deep: [() => 1] }])('%s is refused by name', (value) => {
  expect(() => roundTrip(value)).toThrow(
    expect.objectContaining({ code: 'USER_INVALID', message: expect.stringContaining('field') }),
  )
})

test('a value that contains itself is refused', () => {
  const value: unknown[] = []
  value.push(value)
  expect(() => roundTrip(value)).toThrow(expect.objectContaining({ code: 'USER_INVALID' }))
})

test('a text that the engine’s memory cannot hold is refused unread', () => {
  const refused = expect.objectContaining({ code: 'GUEST_MEMORY_EXHAUSTED', message: expect.stringContaining('101') })
  expect(() => heapBound('x'.repeat(101), 'field', 100)).toThrow(refused)
  expect(() => heapBound([{ k: 'x'.repeat(101) }], 'field', 100)).toThrow(refused)
  expect(heapBound('x'.repeat(100), 'field', 100)).toBe(100)
})

test('no room is an overflow, and the bound is always room enough', () => {
  for (const value of ['x'.repeat(20), 'x'.repeat(40), 'é'.repeat(40), ['abc', { k: ['def', 'é'] }], { a: 'b' }]) {
    expect(writeValue(target(SLOT_SIZE + 8), 0, SLOT_SIZE, value, 'field')).toBe(OVERFLOW)
    const size = SLOT_SIZE + heapBound(value, 'field', 1 << 20)
    expect(writeValue(target(Math.ceil(size / 8) * 8), 0, SLOT_SIZE, value, 'field')).not.toBe(OVERFLOW)
  }
})
