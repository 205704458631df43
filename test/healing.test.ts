/** A fault costs one call: a typed error with the guest's message, and a healthy answer right after it, however often. */
import { describe, expect, test } from 'vitest'
import { FramegateError, open } from '../src/ffi/index.ts'
import { createEvaluator, meteredEngineModule } from '../src/node.ts'
import { median } from './support/median.ts'
import { condition, payload, rule, spec } from './support/specs.ts'
import { compiledWat } from './wat/compile.ts'

const ENDS = 10_000
const MB = 1_000_000

describe('10,000 abrupt ends in a row', () => {
  test('of every kind give as many typed errors, each followed by a healthy answer, and the process does not grow', () => {
    const guest = {
      module: compiledWat('killing'),
      id: 'c0ffee',
      panicMessage: 'panic_message',
      imports: {
        host: {
          throws: () => {
            throw new Error('the host said no')
          },
        },
      },
    }
    const definitions = {
      set: { parameters: ['i32'], result: 'void' },
      get: { parameters: [], result: 'i32' },
      trap: { parameters: [], result: 'void' },
      descend: { parameters: ['i32'], result: 'i32' },
      interrupt: { parameters: [], result: 'void' },
      fill: { parameters: [], result: 'void' },
    } as const
    using library = open(guest, definitions, { recoveriesPerSecond: Number.POSITIVE_INFINITY })
    const { symbols } = library
    symbols.set(42)
    library.snapshot()
    const kinds = [
      [() => symbols.trap(), 'GUEST_TRAPPED', 'the guest panics'],
      [() => symbols.descend(0), 'GUEST_STACK_EXHAUSTED', 'call stack'],
      [() => symbols.interrupt(), 'GUEST_INTERRUPTED', 'the host said no'],
      [() => symbols.fill(), 'GUEST_MEMORY_EXHAUSTED', 'memory allocation of 8 bytes failed'],
    ] as const
    const rss: number[] = []
    for (let end = 0; end < ENDS; end++) {
      const [call, code, message] = kinds[end % kinds.length] as (typeof kinds)[number]
      const error = thrown(call)
      if (error.code !== code || !error.message.includes(message)) expect(error).toMatchObject({ code, message })
      if (symbols.get() !== 42) expect(symbols.get()).toBe(42)
      if (end % 50 === 0) rss.push(process.memoryUsage.rss())
    }
    expect(library.generation).toBe(ENDS + 1)
    expect(library.stats.ends).toEqual(Object.fromEntries(kinds.map(([, code]) => [code, ENDS / kinds.length])))
    expect(growth(rss)).toBeLessThan(20 * MB)
  })

  test('of an evaluator leave its answers as they were, for bound users too', () => {
    const specs = payload({
      feature_gates: {
        gate: spec([rule('r', ['plan'])]),
        half: spec([rule('half', ['public'], { passPercentage: 50 })]),
      },
      condition_map: {
        plan: condition('user_field', { operator: 'str_contains_any', field: 'plan', targetValue: ['pro'] }),
        public: condition('public'),
      },
    })
    const users = Array.from({ length: 50 }, (_, number) => ({ userID: `u${number}`, custom: { plan: 'pro' } }))
    const told: string[] = []
    using evaluator = createEvaluator({
      specs,
      module: meteredEngineModule(),
      limits: { fuel: 3000 },
      recoveriesPerSecond: Number.POSITIVE_INFINITY,
      onEnd: ({ code }) => told.push(code),
    })
    const bound = users.map((user) => evaluator.bind(user))
    const expected = users.map((user) => evaluator.checkGate(user, 'half'))
    expect(new Set(expected).size).toBe(2)
    const hostile = { userID: 'h', custom: { plan: 'x'.repeat(5000) } }
    const rss: number[] = []
    for (let end = 0; end < ENDS; end++) {
      const error = thrown(() => evaluator.checkGate(hostile, 'gate'))
      if (error.code !== 'FUEL_EXHAUSTED') throw error
      const user = end % users.length
      if (bound[user]?.checkGate('half') !== expected[user]) expect(bound[user]?.checkGate('half')).toBe(expected[user])
      if (end % 50 === 0) rss.push(process.memoryUsage.rss())
    }
    expect(told).toHaveLength(ENDS)
    expect(evaluator.stats).toMatchObject({ generation: ENDS + 1, ends: { FUEL_EXHAUSTED: ENDS } })
    expect(evaluator.stats.peakBytes).toBe(evaluator.memoryBytes)
    expect(growth(rss)).toBeLessThan(20 * MB)
  })
})

function thrown(call: () => unknown): FramegateError {
  try {
    call()
  } catch (error) {
    if (error instanceof FramegateError) return error
    throw error
  }
  throw new Error('the call returned')
}

/** Instances that are gone are freed when the garbage collector runs: what is compared are stretches of its cycles. */
function growth(rss: readonly number[]): number {
  const quarter = Math.floor(rss.length / 4)
  return median(rss.slice(-quarter)) - median(rss.slice(quarter, 2 * quarter))
}
