/** Guests whose allocator or free function fails or lies: what does not work is a typed error, what works is right. */
import { describe, expect, test } from 'vitest'
import { open, type WasmGuest } from '../../src/ffi/index.ts'
import { compiledWat } from './compile.ts'
import { causesOf, codeOf, thrownBy } from './thrown.ts'

const callback = { type: 'callback', parameters: ['i32'], result: 'i32' } as const
const owned = { type: 'cstring', free: 'end' } as const
const trapping = { type: 'cstring', free: 'end_traps' } as const

const definitions = {
  be: { parameters: ['i32'], result: 'void' },
  freed: { parameters: [], result: 'i32' },
  echo: { parameters: ['cstring'], result: 'cstring' },
  echo_around: { parameters: ['cstring', callback], result: 'cstring' },
  bytes: { symbol: 'differ', parameters: ['buffer', 'buffer'], result: 'i32' },
  texts: { symbol: 'differ', parameters: ['cstring', 'cstring'], result: 'i32' },
  new_text: { parameters: ['u32'], result: owned },
  new_text_trapping: { symbol: 'new_text', parameters: ['u32'], result: trapping },
  new_texts: {
    parameters: ['u32', 'u32', { out: owned }, { out: owned }],
    result: { type: 'handle', name: 'Thing', free: 'end' },
  },
  new_texts_trapping: {
    symbol: 'new_texts',
    parameters: ['u32', 'u32', { out: trapping }, { out: owned }],
    result: owned,
  },
  new_thing: { symbol: 'new_text', parameters: ['u32'], result: { type: 'handle', name: 'Thing', free: 'end_traps' } },
  trap: { parameters: [], result: 'void' },
} as const

function openGuest(allocator: WasmGuest['allocator'], within: () => void = () => {}) {
  return open({ module: compiledWat('allocators'), allocator: allocator!, imports: { host: { within } } }, definitions)
}
const faulty = { alloc: 'faulty', free: 'free' }
const FAULTS = {
  none: 0,
  nothing: 1,
  traps: 2,
  beyond: 3,
  partly: 4,
  highest: 5,
  region: 6,
  before: 7,
  endless: 8,
  host: 9,
}
const A = 0x61
const BROKEN = 0xff
const large = (letter: string) => letter.repeat(70_000)

describe('a hostile allocator, asked when the guest is opened', () => {
  test.each([
    ['faulty_1', 'GUEST_MEMORY_EXHAUSTED'],
    ['faulty_2', 'GUEST_TRAPPED'],
    ['faulty_3', 'RESULT_INVALID'],
    ['faulty_4', 'RESULT_INVALID'],
    ['faulty_5', 'RESULT_INVALID'],
    ['faulty_8', 'GUEST_STACK_EXHAUSTED'],
  ])('%s: %s', (alloc, code) => {
    expect(codeOf(() => openGuest({ alloc, free: 'free' }))).toBe(code)
  })
})

describe('a hostile allocator, asked for a large argument,', () => {
  test.each([
    ['nothing', 'GUEST_MEMORY_EXHAUSTED', 1],
    ['traps', 'GUEST_TRAPPED', 2],
    ['beyond', 'RESULT_INVALID', 2],
    ['partly', 'RESULT_INVALID', 2],
    ['highest', 'RESULT_INVALID', 2],
    ['region', 'RESULT_INVALID', 2],
    ['endless', 'GUEST_STACK_EXHAUSTED', 2],
  ] as const)('which gives %s: %s, and generation %i answers next', (fault, code, generation) => {
    using library = openGuest(faulty)
    const { symbols } = library
    expect(symbols.echo(large('a'))).toBe(large('a'))
    symbols.be(FAULTS[fault])
    for (const call of [
      () => symbols.echo(large('a')),
      () => symbols.bytes(new Uint8Array(70_000), null),
      () => library.frame(70_000),
    ]) {
      expect(codeOf(call)).toBe(code)
      expect(symbols.echo('small')).toBe('small')
      expect(library.generation).toBe(generation)
      if (generation > 1) break
    }
    symbols.be(FAULTS.none)
    expect(symbols.echo(large('b'))).toBe(large('b'))
  })

  test('which gives one block twice, overlaps no argument with another', () => {
    using library = openGuest(faulty)
    const { symbols } = library
    symbols.be(FAULTS.before)
    // The first of the two takes a block, the second is given the same.
    expect(codeOf(() => symbols.texts(large('a'), large('b')))).toBe('RESULT_INVALID')
    expect([symbols.echo('small'), library.generation]).toEqual(['small', 2])
    // Nor those of a call with those of the call that it is nested in.
    symbols.be(FAULTS.before)
    const nested = () => Number(symbols.echo(large('b')))
    const error = thrownBy(() => symbols.echo_around(large('a'), nested))
    expect(causesOf(error)).toContainEqual(expect.objectContaining({ code: 'RESULT_INVALID' }))
    expect([symbols.echo('small'), library.generation]).toEqual(['small', 3])
  })

  test('which gives the same block again once it was given back, is an honest one', () => {
    using library = openGuest(faulty)
    const { symbols } = library
    symbols.be(FAULTS.before)
    for (const letter of 'abc') expect(symbols.echo(large(letter))).toBe(large(letter))
    expect([symbols.freed(), library.generation]).toEqual([3, 1])
  })

  test('which calls the host, where another call is made, disturbs neither', () => {
    const nested: unknown[] = []
    using library = openGuest(faulty, () => nested.push(library.symbols.echo('nested')))
    const { symbols } = library
    symbols.be(FAULTS.host)
    expect(symbols.echo(large('a'))).toBe(large('a'))
    expect(symbols.texts('first', large('a'))).toBe(1)
    expect(nested).toEqual(['nested', 'nested'])
    expect(library.generation).toBe(1)
  })

  test('which calls the host, where a call traps, ends the call whose argument it was for', () => {
    using library = openGuest(faulty, () => {
      expect(codeOf(() => library.symbols.trap())).toBe('GUEST_TRAPPED')
    })
    const { symbols } = library
    for (const call of [() => symbols.echo(large('a')), () => symbols.texts(large('a'), 'b')]) {
      symbols.be(FAULTS.host)
      expect(codeOf(call)).toBe('GUEST_INTERRUPTED')
      expect(symbols.echo('small')).toBe('small')
    }
    expect(library.generation).toBe(3)
  })
})

describe('a hostile free function', () => {
  test('that traps ends the call whose argument it took back', () => {
    using library = openGuest({ alloc: 'bump', free: 'free_traps' })
    const { symbols } = library
    expect(symbols.echo('small')).toBe('small')
    expect(codeOf(() => symbols.echo(large('a')))).toBe('GUEST_TRAPPED')
    expect([symbols.echo('small'), library.generation]).toEqual(['small', 2])
    const frame = library.frame(70_000)
    expect(codeOf(() => frame.release())).toBe('GUEST_TRAPPED')
    expect([symbols.echo('small'), library.generation]).toEqual(['small', 3])
  })

  test('that traps ends the call whose result it took back, and is called once', () => {
    using library = openGuest(faulty)
    const { symbols } = library
    expect(symbols.new_text(A)).toBe('a')
    expect(codeOf(() => symbols.new_text_trapping(A))).toBe('GUEST_TRAPPED')
    expect([symbols.echo('small'), library.generation]).toEqual(['small', 2])
    expect(codeOf(() => symbols.new_text_trapping(BROKEN))).toBe('GUEST_TRAPPED')
    expect([symbols.echo('small'), library.generation]).toEqual(['small', 3])
  })

  test('that traps is followed by no other: a retired instance is not even called to free', () => {
    using library = openGuest(faulty)
    const { symbols } = library
    // Its instance is the one that the count would be read from: hold on to its memory through a frame.
    const frame = library.frame(8)
    expect(codeOf(() => symbols.new_texts_trapping(A, A))).toBe('GUEST_TRAPPED')
    expect(symbols.freed()).toBe(0)
    frame.release()
    expect(library.generation).toBe(2)
  })

  test('is called for all that was returned, though the first of it is no text', () => {
    using library = openGuest(faulty)
    const { symbols } = library
    expect(codeOf(() => symbols.new_texts(BROKEN, A))).toBe('RESULT_INVALID')
    // Two texts and the handle that nobody got.
    expect(symbols.freed()).toBe(3)
    expect(codeOf(() => symbols.new_texts(A, BROKEN))).toBe('RESULT_INVALID')
    expect(symbols.freed()).toBe(6)
    expect(codeOf(() => symbols.new_text(BROKEN))).toBe('RESULT_INVALID')
    expect([symbols.freed(), library.generation]).toEqual([7, 1])
  })

  test('that traps when an object is disposed of retires the instance once', () => {
    using library = openGuest(faulty)
    const { symbols } = library
    const thing = symbols.new_thing(A)
    const other = symbols.new_thing(A)
    expect(codeOf(() => thing?.dispose())).toBe('GUEST_TRAPPED')
    // Both went with the instance.
    thing?.dispose()
    other?.dispose()
    expect([symbols.echo('small'), library.generation]).toEqual(['small', 2])
  })

  test('that does not exist is missed when the guest is opened, wherever it is named', () => {
    const module = compiledWat('allocators')
    const guest = { module, allocator: faulty, imports: { host: { within: () => {} } } }
    const free = 'no_such_function'
    const handle = { type: 'handle', name: 'Thing', free } as const
    for (const definition of [
      { parameters: ['u32'], result: { type: 'cstring', free } },
      { parameters: ['u32'], result: { type: 'bytes', length: 1, free } },
      { parameters: ['u32'], result: { type: 'pointer', free } },
      { parameters: ['u32'], result: { pointer: 'i32', free } },
      { parameters: ['u32'], result: handle },
      { parameters: [{ out: { type: 'cstring', free } }], result: 'u32' },
      { parameters: [{ out: handle }], result: 'u32' },
    ] as const) {
      expect(codeOf(() => open(guest, { new_text: definition }))).toBe('SYMBOL_NOT_FOUND')
    }
  })
})
