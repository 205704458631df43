/** Guests that end badly in nested calls: nothing runs on an instance that was retired, and the next call is right. */
import { describe, expect, test } from 'vitest'
import { FramegateError } from '../../src/ffi/index.ts'
import { expectRenewed, openGuest } from './nesting.ts'
import { causesOf, codeOf, thrownBy } from './thrown.ts'

const BAD_ENDS = [
  ['trap', 'GUEST_TRAPPED'],
  ['beyond', 'GUEST_TRAPPED'],
  ['descend', 'GUEST_STACK_EXHAUSTED'],
] as const

describe.each(BAD_ENDS)('%s in a hostile guest', (symbol, code) => {
  test('retires the instance', () => {
    using library = openGuest()
    expect(codeOf(() => library.symbols[symbol]())).toBe(code)
    expectRenewed(library)
  })

  test('ends the call that it is nested in, whose error has it as its cause', () => {
    let wentOn = 0
    using library = openGuest(() => wentOn++)
    const error = thrownBy(() => library.symbols.call(() => Number(library.symbols[symbol]()), 1))
    expect(error.code).toBe('GUEST_INTERRUPTED')
    expect(causesOf(error)).toContainEqual(expect.objectContaining({ code }))
    expect(wentOn).toBe(0)
    expectRenewed(library)
  })

  test('ends the call that it is nested in, though the callback hides its error', () => {
    let wentOn = 0
    using library = openGuest(() => wentOn++)
    const hiding = (): number => {
      expect(codeOf(() => library.symbols[symbol]())).toBe(code)
      return 7
    }
    expect(codeOf(() => library.symbols.call(hiding, 1))).toBe('GUEST_INTERRUPTED')
    expect(codeOf(() => library.symbols.call_with('text', hiding, 1))).toBe('GUEST_INTERRUPTED')
    expect(wentOn).toBe(0)
    expectRenewed(library, 3)
  })

  test('ends the call that it is nested in, though an import of the caller hides its error', () => {
    let within = false
    using library = openGuest(() => {
      within = true
      expect(codeOf(() => library.symbols[symbol]())).toBe(code)
    })
    expect(codeOf(() => library.symbols.import())).toBe('GUEST_INTERRUPTED')
    expect(within).toBe(true)
    expect([library.symbols.count(), library.generation]).toEqual([1, 2])
  })

  test('ends every call around it, each of which was of the instance that is gone', () => {
    let wentOn = 0
    using library = openGuest(() => wentOn++)
    const ends: string[] = []
    const nest = (depth: number): number => {
      try {
        return depth === 0 ? Number(library.symbols[symbol]()) : library.symbols.call(nest, depth - 1)
      } catch (error) {
        ends.push((error as FramegateError).code)
        return 0
      }
    }
    expect(codeOf(() => library.symbols.call(nest, 20))).toBe('GUEST_INTERRUPTED')
    expect(ends).toEqual([code, ...Array(20).fill('GUEST_INTERRUPTED')])
    expect(wentOn).toBe(0)
    expectRenewed(library)
  })
})

test('a new instance that a callback made answers within the callback, and the old call ends all the same', () => {
  let wentOn = 0
  using library = openGuest(() => wentOn++)
  const { symbols } = library
  const renewing = (): number => {
    expect(codeOf(() => symbols.trap())).toBe('GUEST_TRAPPED')
    expect([symbols.count(), symbols.count(), library.generation]).toEqual([1, 2, 2])
    expect(symbols.echo('on the new one')).toBe('on the new one')
    return 0
  }
  expect(codeOf(() => symbols.call_with('on the old one', renewing, 0))).toBe('GUEST_INTERRUPTED')
  expect(wentOn).toBe(0)
  // The end of the old call is none of the new instance.
  expect([symbols.count(), library.generation]).toEqual([3, 2])
})

describe('an exception of the host', () => {
  test.each([
    ['an Error', new Error('the host said no')],
    ['a RangeError that is no full stack', new RangeError('Invalid array length')],
    ['a RuntimeError of another module', new WebAssembly.RuntimeError('unreachable')],
    ['no error at all', 'a text'],
    ['undefined', undefined],
    ['null', null],
    ['an object without a prototype', Object.create(null)],
  ])('that goes through a hostile guest ends the call: %s', (_, thrown) => {
    let wentOn = 0
    using library = openGuest(() => wentOn++)
    const throws = (): never => {
      throw thrown
    }
    for (const call of [() => library.symbols.call(throws, 1), () => library.symbols.call_with('text', throws, 1)]) {
      const error = thrownBy(call)
      expect(error.code).toBe('GUEST_INTERRUPTED')
      expect(error.cause).toBe(thrown)
    }
    expect(wentOn).toBe(0)
    expectRenewed(library, 3)
  })

  test('of an import goes the same way', () => {
    const cause = new Error('not today')
    using library = openGuest(() => {
      throw cause
    })
    expect(thrownBy(() => library.symbols.import())).toMatchObject({ code: 'GUEST_INTERRUPTED', cause })
    expect([library.symbols.count(), library.generation]).toEqual([1, 2])
  })

  test('comes from the shim where a callback returns what its type is not', () => {
    using library = openGuest()
    for (const value of [1.5, 2 ** 31, '1', undefined, 1n]) {
      const error = thrownBy(() => library.symbols.call((() => value) as never, 1))
      expect(error.code).toBe('GUEST_INTERRUPTED')
      expect(error.cause).toBeInstanceOf(FramegateError)
    }
    expectRenewed(library, 6)
  })

  test('comes from the shim where a hostile guest hands a callback a text that is none', () => {
    using library = openGuest()
    const error = thrownBy(() => library.symbols.say(() => expect.fail('the callback ran'), 0xffff_fff0))
    expect(error).toMatchObject({ code: 'GUEST_INTERRUPTED', cause: { code: 'RESULT_INVALID' } })
    expectRenewed(library)
  })
})

test('places beyond memory that a hostile guest gives a callback are not read, and not written', () => {
  using library = openGuest()
  const { symbols } = library
  let generation = 1
  const expectRefused = (call: () => unknown): void => {
    expect(thrownBy(call)).toMatchObject({ code: 'GUEST_INTERRUPTED', cause: { code: 'RESULT_INVALID' } })
    expectRenewed(library, ++generation)
  }
  for (const at of [library.memoryBytes - 15, 0x7fff_fff0, 0xffff_fff8]) {
    expectRefused(() => symbols.make_point(() => ({ x: 1, y: 2 }), at))
    expectRefused(() => symbols.change_point(() => expect.fail('the callback ran'), at))
    expectRefused(() => symbols.say_bytes(() => expect.fail('the callback ran'), at, 16))
  }
  for (const length of [-1, 2 ** 31 - 1, -(2 ** 31)]) {
    expectRefused(() => symbols.say_bytes(() => expect.fail('the callback ran'), 64, length))
  }
  symbols.make_point(() => ({ x: 1, y: 2 }), 64)
  const seen: unknown[] = []
  symbols.change_point((value) => seen.push(value), 64)
  symbols.say_bytes((bytes) => seen.push(bytes?.length), 64, 0)
  expect(seen).toEqual([{ x: 1, y: 2 }, 0])
})

test('a callback re-enters a hundred levels deep, each with a frame of its own', () => {
  using library = openGuest()
  const { symbols } = library
  const nest = (depth: number): number => {
    const text = `level ${depth} `.repeat(1 + (depth % 40))
    expect(symbols.call_with(text, depth === 0 ? () => 0 : nest, depth - 1)).toBe(text)
    return depth
  }
  for (let round = 0; round < 3; round++) expect(nest(100)).toBe(100)
  expect([library.symbols.count(), library.generation]).toEqual([1, 1])
})

test('a callback that re-enters without end exhausts the stack, with one error of a bearable size', () => {
  let wentOn = 0
  using library = openGuest(() => wentOn++)
  const endless = (depth: number): number => library.symbols.call(endless, depth + 1)
  const error = thrownBy(() => library.symbols.call(endless, 0))
  expect(['GUEST_STACK_EXHAUSTED', 'GUEST_INTERRUPTED']).toContain(error.code)
  expect(causesOf(error)).toContainEqual(expect.objectContaining({ name: 'RangeError' }))
  expect(error.message.length).toBeLessThan(10_000)
  expect(wentOn).toBe(0)
  expectRenewed(library)
})

test('a trap where the host’s own stack is full retires the instance as well', () => {
  using library = openGuest()
  const { symbols } = library
  let traps = 0
  // From the deepest call outward: at some of these depths there is no stack left to deal with the trap.
  const descend = (): void => {
    try {
      descend()
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof FramegateError)) throw error
    }
    if (traps >= 400) return
    traps++
    try {
      if (traps % 2 === 0) symbols.trap()
      else symbols.trap_with('text')
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof FramegateError)) throw error
    }
    // Whatever could be reported, an instance that trapped is not entered again.
    expect(symbols.broken()).toBe(0)
  }
  descend()
  expect(traps).toBe(400)
  expect(symbols.broken()).toBe(0)
  expect(symbols.echo('a text')).toBe('a text')
})

test('frames are given back where the host’s own stack is full', () => {
  using library = openGuest()
  const { symbols } = library
  const before = library.frame(8)
  const { base } = before
  before.release()
  let calls = 0
  const descend = (): void => {
    try {
      descend()
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof FramegateError)) throw error
    }
    if (calls >= 2000) return
    calls++
    symbols.call_with('a text that takes a frame', (value) => value, 1)
  }
  descend()
  const { generation } = library
  const after = library.frame(8)
  expect(library.generation).toBe(generation)
  expect(after.base).toBe(base)
  after.release()
})
