/** Guests that end badly while they begin, or say something false about why they ended. */
import { describe, expect, test } from 'vitest'
import { type Library, open } from '../../src/ffi/index.ts'
import { compiledWat } from './compile.ts'
import { codeOf, thrownBy } from './thrown.ts'

const one = { one: { parameters: [], result: 'i32' } } as const
const definitions = {
  break: { parameters: [], result: 'void' },
  broken: { parameters: [], result: 'i32' },
  echo: { parameters: ['cstring'], result: 'cstring' },
} as const
type Guest = Library<typeof definitions, unknown>

const RETURNS = 0
const TRAPS = 1
const DESCENDS = 2

describe('a hostile guest, opened,', () => {
  test.each([
    ['start-traps', 'GUEST_TRAPPED'],
    ['start-descends', 'GUEST_STACK_EXHAUSTED'],
  ])('%s: %s', (name, code) => {
    expect(codeOf(() => open({ module: compiledWat(name) }, one))).toBe(code)
  })

  test('whose memory threads share, is refused: views on such a memory do not show that it has grown', () => {
    expect(codeOf(() => open({ module: compiledWat('shared') }, one))).toBe('GUEST_INCOMPATIBLE')
  })

  test.each([
    ['traps', TRAPS, 'GUEST_TRAPPED'],
    ['descends', DESCENDS, 'GUEST_STACK_EXHAUSTED'],
  ])('whose constructors end badly (%s): %s', (_, what, code) => {
    const imports = { host: { constructor: () => what } }
    expect(codeOf(() => open({ module: compiledWat('initialize'), imports }, definitions))).toBe(code)
  })

  test('whose constructors an import of the caller ends', () => {
    const cause = new Error('not today')
    const imports = {
      host: {
        constructor: () => {
          throw cause
        },
      },
    }
    const error = thrownBy(() => open({ module: compiledWat('initialize'), imports }, {}))
    expect(error).toMatchObject({ code: 'GUEST_INTERRUPTED', cause })
  })

  test('whose next instance does not begin, answers again once one does', () => {
    let what = RETURNS
    const imports = { host: { constructor: () => what } }
    using library = open({ module: compiledWat('initialize'), imports }, definitions)
    what = TRAPS
    expect(codeOf(() => library.symbols.break())).toBe('GUEST_TRAPPED')
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(codeOf(() => library.symbols.broken())).toBe('GUEST_TRAPPED')
      expect(codeOf(() => library.symbols.echo('a'))).toBe('GUEST_TRAPPED')
      expect(codeOf(() => library.frame(8))).toBe('GUEST_TRAPPED')
    }
    what = RETURNS
    expect([library.symbols.echo('a'), library.symbols.broken()]).toEqual(['a', 0])
  })
})

describe('the caller’s start', () => {
  const imports = { host: { constructor: () => RETURNS } }
  const openWith = (start: (library: Guest) => void) =>
    open({ module: compiledWat('initialize'), imports }, definitions, { start })

  test('that retires the instance is an error, though it hides it, and no retired instance answers', () => {
    const hiding = ({ symbols }: Guest) => void codeOf(() => symbols.break())
    expect(codeOf(() => openWith(hiding))).toBe('GUEST_INTERRUPTED')
    let isHiding = false
    using library = openWith((each) => {
      if (isHiding) hiding(each)
    })
    isHiding = true
    expect(codeOf(() => library.symbols.break())).toBe('GUEST_TRAPPED')
    expect(codeOf(() => library.symbols.broken())).toBe('GUEST_INTERRUPTED')
    isHiding = false
    expect(library.symbols.broken()).toBe(0)
  })

  test('that retires the instance and goes on, ends with an error instead of starting for ever', () => {
    let starts = 0
    const goingOn = ({ symbols }: Guest) => {
      if (++starts > 50) return
      codeOf(() => symbols.break())
      symbols.echo('a')
    }
    expect(codeOf(() => openWith(goingOn))).toBe('GUEST_INTERRUPTED')
    expect(starts).toBe(1)
  })

  test('that closes the library leaves it closed', () => {
    expect(codeOf(() => openWith((library) => library.close()).symbols.broken())).toBe('DISPOSED')
  })

  test('that throws is tried again by the next call, with its own error', () => {
    let failing = false
    const error = new Error('no data yet')
    using library = openWith(() => {
      if (failing) throw error
    })
    failing = true
    expect(codeOf(() => library.symbols.break())).toBe('GUEST_TRAPPED')
    for (let attempt = 0; attempt < 3; attempt++) expect(() => library.symbols.echo('a')).toThrow(error)
    failing = false
    expect([library.symbols.echo('a'), library.symbols.broken()]).toEqual(['a', 0])
  })
})

describe('the text of a hostile guest’s panic', () => {
  const panics = {
    panic: { parameters: ['u32', 'u8'], result: 'void' },
    echo: { parameters: ['cstring'], result: 'cstring' },
  } as const
  const openPanicking = (panicMessage: string) => open({ module: compiledWat('panics'), panicMessage }, panics)
  const LETTER = 0x78

  test('is in the error', () => {
    using library = openPanicking('panic_at')
    expect(thrownBy(() => library.symbols.panic(5, LETTER)).message).toContain('trapped: xxxxx;')
    expect([library.symbols.echo('a'), library.generation]).toEqual(['a', 2])
  })

  test.each([0xffff_ffff, 0x8000_0000, 60_000])('of a length that is a lie is cut (%i)', (length) => {
    using library = openPanicking('panic_at')
    const { code, message } = thrownBy(() => library.symbols.panic(length, LETTER))
    expect([code, message.length < 10_000]).toEqual(['GUEST_TRAPPED', true])
    expect([library.symbols.echo('a'), library.generation]).toEqual(['a', 2])
  })

  test('may be no text', () => {
    using library = openPanicking('panic_at')
    expect(codeOf(() => library.symbols.panic(100, 0xff))).toBe('GUEST_TRAPPED')
    expect([library.symbols.echo('a'), library.generation]).toEqual(['a', 2])
  })

  test.each(['panic_nowhere', 'panic_at_end'])('at an address that is none is left out (%s)', (panicMessage) => {
    using library = openPanicking(panicMessage)
    expect(thrownBy(() => library.symbols.panic(5, LETTER))).toMatchObject({
      code: 'GUEST_TRAPPED',
      message: expect.stringContaining('unreachable'),
    })
    expect([library.symbols.echo('a'), library.generation]).toEqual(['a', 2])
  })

  test('whose place cannot be asked for ends the opening with why', () => {
    expect(thrownBy(() => openPanicking('panic_traps'))).toMatchObject({
      code: 'GUEST_TRAPPED',
      message: expect.stringContaining('unreachable'),
    })
    expect(codeOf(() => openPanicking('no_such_function'))).toBe('SYMBOL_NOT_FOUND')
  })
})
