/** Callbacks and frames that are kept beyond the call they belong to: nothing of another call is reached through them. */
import { describe, expect, test } from 'vitest'
import { callback, expectRenewed, type Guest, onText, openGuest } from './nesting.ts'
import { causesOf, codeOf, thrownBy } from './thrown.ts'

describe('a frame that a callback took and kept', () => {
  test('is stale once the call around it has returned: no other call’s arguments lie in it', () => {
    using library = openGuest()
    const { symbols } = library
    for (const size of [0, 8, 64, 70_000]) {
      const kept: ReturnType<Guest['frame']>[] = []
      symbols.call_with('a text', () => kept.push(library.frame(size)), 1)
      const [frame] = kept
      expect(codeOf(() => symbols.first(frame!, 'x'.repeat(64)))).toBe('FRAME_STALE')
      // Nor when another call or frame has taken the place since.
      const next = library.frame(4096)
      expect(codeOf(() => symbols.first(frame!, 'x'))).toBe('FRAME_STALE')
      expect(codeOf(() => frame!.release())).toBe('FRAME_STALE')
      next.release()
    }
    expect([library.symbols.count(), library.generation]).toEqual([1, 1])
  })

  test('is one like any other, where the callback releases it', () => {
    using library = openGuest()
    const { symbols } = library
    const outer = library.frame(64)
    const taking = () => {
      const frame = library.frame(64)
      expect(frame.base).toBeGreaterThanOrEqual(outer.base + 64)
      expect(symbols.first(frame, 'text')).toBe(frame.base | 0)
      frame.release()
      return 1
    }
    expect(symbols.call_with('a text', taking, 1)).toBe('a text')
    expect(symbols.first(outer, 'text')).toBe(outer.base | 0)
    outer.release()
  })

  test('of no size is stale like another', () => {
    using library = openGuest()
    const empty = library.frame(0)
    const other = library.frame(0)
    expect(library.symbols.first(empty, 'text')).toBe(empty.base | 0)
    expect(library.symbols.echo('text')).toBe('text')
    expect(codeOf(() => empty.release())).toBe('FRAME_STALE')
    other.release()
    empty.release()
  })
})

describe('a callback that is over', () => {
  test('is not called again by a hostile guest that kept it', () => {
    using library = openGuest()
    const { symbols } = library
    symbols.keep((value) => value * 2)
    expect(thrownBy(() => symbols.call_kept(4))).toMatchObject({ cause: { code: 'CALLBACK_STALE' } })
    expectRenewed(library)
  })

  test('nor one that was disposed of', () => {
    using library = openGuest()
    const { symbols } = library
    const double = library.callback(callback, (value) => value * 2)
    symbols.keep(double)
    expect(symbols.call_kept(4)).toBe(8)
    const { pointer } = double
    double.dispose()
    expect(codeOf(() => double.pointer)).toBe('CALLBACK_STALE')
    expect(codeOf(() => symbols.keep(double))).toBe('CALLBACK_STALE')
    expect(thrownBy(() => symbols.call_at(pointer, 4))).toMatchObject({ cause: { code: 'CALLBACK_STALE' } })
    expectRenewed(library)
  })

  test('is not another one’s: pointers of the next calls differ from those that were kept', () => {
    using library = openGuest()
    const { symbols } = library
    symbols.keep(() => expect.fail('the callback of an earlier call ran'))
    const called: number[] = []
    for (let round = 0; round < 8; round++) {
      // The guest calls what it kept while another callback of the same type is in force.
      const error = thrownBy(() => symbols.call(() => symbols.call_kept(round), round))
      expect(causesOf(error)).toContainEqual(expect.objectContaining({ code: 'CALLBACK_STALE' }))
      symbols.keep((value) => called.push(value))
    }
    expect(called).toEqual([])
  })

  test('stays known to the library when its instance is retired, and to the new guest once it is told', () => {
    using library = openGuest()
    const { symbols } = library
    using double = library.callback(callback, (value) => value * 2)
    symbols.keep(double)
    expect(codeOf(() => symbols.trap())).toBe('GUEST_TRAPPED')
    expect(codeOf(() => symbols.call_kept(4))).toBe('GUEST_TRAPPED')
    symbols.keep(double)
    expect(symbols.call_kept(4)).toBe(8)
    expect(library.generation).toBe(3)
  })

  test('is no function that the guest has: an address of nothing, or of another type, traps', () => {
    using library = openGuest()
    const { symbols } = library
    const nothing = 0xffff as never
    expect(codeOf(() => symbols.call_at(nothing, 1))).toBe('GUEST_TRAPPED')
    using say = library.callback(onText, () => {})
    expect(codeOf(() => symbols.call_at(say.pointer, 1))).toBe('GUEST_TRAPPED')
    expectRenewed(library, 3)
  })
})
