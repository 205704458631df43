/** After a call that did not return, the instance is never entered again: the next call runs on the next generation, and is right. */
import { describe, expect, test } from 'vitest'
import { FramegateError, open } from '../src/ffi/index.ts'
import { createEvaluator } from '../src/node.ts'
import { payload, publicCondition, rule, spec } from './support/specs.ts'

/**
 * A guest that counts its calls, so that a test sees which instance answers:
 *
 *     (module
 *       (memory (export "memory") 2)
 *       (global $calls (mut i32) (i32.const 0))
 *       (func (export "alloc") (param i32) (result i32) (i32.const 1024))
 *       (func (export "free") (param i32 i32))
 *       (func (export "count") (result i32) (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (global.get $calls))
 *       (func (export "trap") unreachable)
 *       (func $descend (export "descend") (result i32) (i32.add (call $descend) (i32.const 1)))
 *       (func $dive (export "dive") (param i32 i32) (result i32)
 *         (i32.add (call $dive (local.get 0) (local.get 1)) (i32.const 1))))
 */
const countingGuest = new WebAssembly.Module(
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    // types: (i32) -> i32, (i32 i32) -> (), () -> i32, () -> (), (i32 i32) -> i32
    ...section(
      1,
      [
        [5],
        [0x60, 1, 0x7f, 1, 0x7f],
        [0x60, 2, 0x7f, 0x7f, 0],
        [0x60, 0, 1, 0x7f],
        [0x60, 0, 0],
        [0x60, 2, 0x7f, 0x7f, 1, 0x7f],
      ].flat(),
    ),
    ...section(3, [6, 0, 1, 2, 3, 2, 4]),
    ...section(5, [1, 0x00, 2]),
    ...section(6, [1, 0x7f, 0x01, 0x41, 0, 0x0b]),
    ...section(7, [
      7,
      ...exported('memory', 2, 0),
      ...exported('alloc', 0, 0),
      ...exported('free', 0, 1),
      ...exported('count', 0, 2),
      ...exported('trap', 0, 3),
      ...exported('descend', 0, 4),
      ...exported('dive', 0, 5),
    ]),
    ...section(10, [
      6,
      ...body(0x41, 0x80, 0x08),
      ...body(),
      ...body(0x23, 0, 0x41, 1, 0x6a, 0x24, 0, 0x23, 0),
      ...body(0x00),
      ...body(0x10, 4, 0x41, 1, 0x6a),
      ...body(0x20, 0, 0x20, 1, 0x10, 5, 0x41, 1, 0x6a),
    ]),
  ]),
)

const definitions = {
  count: { parameters: [], result: 'u32' },
  trap: { parameters: [], result: 'void' },
  descend: { parameters: [], result: 'u32' },
  dive: { parameters: ['usize', 'frame'], result: 'u32' },
} as const

describe('a guest', () => {
  const openGuest = () => open({ module: countingGuest, allocator: { alloc: 'alloc', free: 'free' } }, definitions)

  test.each([
    ['trap', 'GUEST_TRAPPED'],
    ['descend', 'GUEST_STACK_EXHAUSTED'],
  ] as const)('that ends in %s is followed by generation + 1', (symbol, code) => {
    using library = openGuest()
    expect([library.symbols.count(), library.symbols.count(), library.generation]).toEqual([1, 2, 1])
    expect(thrownBy(() => library.symbols[symbol]())).toMatchObject({ code })
    // The count starts anew: another instance answers.
    expect([library.symbols.count(), library.generation]).toEqual([1, 2])
    expect(thrownBy(() => library.symbols[symbol]())).toMatchObject({ code })
    expect([library.symbols.count(), library.symbols.count(), library.generation]).toEqual([1, 2, 3])
  })

  test('that runs out of stack in a call with a frame is followed by generation + 1', () => {
    using library = openGuest()
    const frame = library.frame(16)
    expect(thrownBy(() => library.symbols.dive(1, frame))).toMatchObject({ code: 'GUEST_STACK_EXHAUSTED' })
    frame.release()
    expect([library.symbols.count(), library.generation]).toEqual([1, 2])
  })

  test('that is interrupted by an exception of the host is followed by generation + 1', () => {
    // (module (import "host" "throws" (func)) (memory (export "memory") 2) … (func (export "call") (call 0)))
    const module = new WebAssembly.Module(
      Uint8Array.from([
        ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
        ...section(1, [[3], [0x60, 0, 0], [0x60, 1, 0x7f, 1, 0x7f], [0x60, 2, 0x7f, 0x7f, 0]].flat()),
        ...section(2, [1, 4, ...new TextEncoder().encode('host'), 6, ...new TextEncoder().encode('throws'), 0, 0]),
        ...section(3, [3, 1, 2, 0]),
        ...section(5, [1, 0x00, 2]),
        ...section(7, [
          4,
          ...exported('memory', 2, 0),
          ...exported('alloc', 0, 1),
          ...exported('free', 0, 2),
          ...exported('call', 0, 3),
        ]),
        ...section(10, [3, ...body(0x41, 0x80, 0x08), ...body(), ...body(0x10, 0)]),
      ]),
    )
    const throws = () => {
      throw new Error('the host said no')
    }
    const allocator = { alloc: 'alloc', free: 'free' }
    const calls = { call: { parameters: [], result: 'void' } } as const
    using library = open({ module, allocator, imports: { host: { throws } } }, calls)
    expect(thrownBy(() => library.symbols.call())).toMatchObject({
      code: 'GUEST_INTERRUPTED',
      message: expect.stringContaining('the host said no'),
    })
    library.frame(8).release()
    expect(library.generation).toBe(2)
    expect(thrownBy(() => open({ module, allocator }, calls))).toMatchObject({ code: 'GUEST_INCOMPATIBLE' })
  })

  test('that has retired does not take the frames of before, nor are they given back to it', () => {
    using library = openGuest()
    const before = library.frame(16)
    thrownBy(() => library.symbols.trap())
    const after = library.frame(16)
    before.release()
    after.release()
    expect([library.symbols.count(), library.generation]).toEqual([1, 2])
  })
})

describe('an evaluator (wasm)', () => {
  const specs = payload({
    feature_gates: { control: spec([rule('everybody', ['public'])]) },
    condition_map: { public: publicCondition },
  })

  test('that runs out of stack answers the next call', () => {
    using evaluator = createEvaluator({ specs, recoveriesPerSecond: Number.POSITIVE_INFINITY })
    const user = { userID: 'a', custom: { attribute: 'x' } }
    let ends = 0
    // From the deepest call outward, the first calls of the evaluator have no stack left, at every point of their way in.
    const descend = (): void => {
      try {
        descend()
      } catch (error) {
        if (!(error instanceof RangeError) && !(error instanceof FramegateError)) throw error
      }
      if (ends >= 2000) return
      ends++
      evaluator.checkGate(user, 'control')
    }
    descend()
    expect(evaluator.getFeatureGate(user, 'control')).toMatchObject({ value: true, ruleID: 'everybody' })
    for (let call = 0; call < 1000; call++) expect(evaluator.checkGate(user, 'control')).toBe(true)
  })

  test('that was disposed of says so', () => {
    const evaluator = createEvaluator({ specs })
    evaluator.dispose()
    evaluator.dispose()
    expect(thrownBy(() => evaluator.checkGate({ userID: 'a' }, 'control'))).toMatchObject({ code: 'DISPOSED' })
  })
})

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(FramegateError)
    return error
  }
  throw new Error('the call returned')
}

function section(id: number, content: readonly number[]): number[] {
  return [id, content.length, ...content]
}

function exported(name: string, kind: number, index: number): number[] {
  return [name.length, ...new TextEncoder().encode(name), kind, index]
}

function body(...code: number[]): number[] {
  return [code.length + 2, 0, ...code, 0x0b]
}
