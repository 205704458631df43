/** The metered engine ends a question at the same place for the same input, whatever was asked before. */
import { describe, expect, test } from 'vitest'
import { createEvaluator, meteredEngineModule, type User } from '../src/node.ts'
import { condition, nested, payload, publicCondition, rule, spec } from './support/specs.ts'
import { codeOf } from './wat/thrown.ts'

const module = meteredEngineModule()

const asking = (operator: string, targetValue: unknown) =>
  payload({
    feature_gates: { asked: spec([rule('r', ['asked'])]) },
    condition_map: { asked: condition('user_field', { operator, field: 'attribute', targetValue }) },
  })

function nest(depth: number): string {
  const gates = Object.fromEntries(
    Array.from({ length: depth }, (_, level) => [`level${level}`, spec([rule(`r${level}`, [`pass${level + 1}`])])]),
  )
  const conditions = Object.fromEntries(
    Array.from({ length: depth }, (_, level) => [`pass${level + 1}`, nested(`level${level + 1}`)]),
  )
  return payload({
    feature_gates: {
      ...gates,
      [`level${depth}`]: spec([rule('last', ['public'])]),
      asked: spec([rule('r', ['first'])]),
    },
    condition_map: { ...conditions, public: publicCondition, first: nested('level0') },
  })
}

const cases: readonly [name: string, specs: string, user: User][] = [
  ['a regular expression', asking('str_matches', '^(a+)+[b-z]*@mail'), { custom: { attribute: 'a'.repeat(200) } }],
  [
    'a target of 50,000 elements',
    asking(
      'str_contains_any',
      Array.from({ length: 50_000 }, (_, number) => `element-${number}`),
    ),
    { custom: { attribute: 'nothing of that' } },
  ],
  ['a nest of 300 gates', nest(299), { userID: 'u' }],
]

describe.each(cases)('%s', (_, specs, user) => {
  const snapshot = (() => {
    using maker = createEvaluator({ module, specs })
    return maker.snapshot
  })()

  test('needs the same fuel every time; with one unit less it is a typed error', () => {
    const needed = fuelNeeded(user)
    expect(needed).toBeGreaterThan(100)
    expect(fuelNeeded(user)).toBe(needed)
    using evaluator = createEvaluator({ module, specs: snapshot, limits: { fuel: needed - 1 } })
    for (let time = 0; time < 5; time++) {
      expect(codeOf(() => evaluator.checkGate(user, 'asked'))).toBe('FUEL_EXHAUSTED')
      // Something else in between, on the new instance.
      evaluator.checkGate({ custom: { attribute: 'b' } }, 'unknown')
    }
    using enough = createEvaluator({ module, specs: snapshot, limits: { fuel: needed } })
    for (let time = 0; time < 20; time++) enough.checkGate(user, 'asked')
    expect(enough.generation).toBe(1)
  })

  /** By halving: the least fuel with which the question is answered. */
  function fuelNeeded(asked: User): number {
    let [low, high] = [0, 1 << 30]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      using evaluator = createEvaluator({ module, specs: snapshot, limits: { fuel: middle } })
      try {
        evaluator.checkGate(asked, 'asked')
        high = middle
      } catch {
        low = middle + 1
      }
    }
    return low
  }
})

test('loading has fuel of its own, and what is refused leaves the old specs in force', () => {
  using evaluator = createEvaluator({ module, specs: asking('any', ['x']), limits: { fuel: 5000, loadFuel: 200_000 } })
  const user = { custom: { attribute: 'x' } }
  const large = asking(
    'any',
    Array.from({ length: 50_000 }, (_, number) => `y${number}`),
  )
  expect(codeOf(() => evaluator.update(large))).toBe('FUEL_EXHAUSTED')
  expect(evaluator.checkGate(user, 'asked')).toBe(true)
})

test('the metered engine gives the answers of the plain one', () => {
  using plain = createEvaluator({ specs: nest(50) })
  using metered = createEvaluator({ module, specs: nest(50) })
  for (const name of plain.list.gates) {
    const [one, other] = [plain, metered].map((each) => JSON.stringify(withoutTime(each.getFeatureGate({}, name))))
    expect(other).toBe(one)
  }
})

test('limits need the metered build', () => {
  using evaluator = createEvaluator({ specs: nest(1), limits: { maxBytes: 8 << 20 } })
  expect(evaluator.checkGate({}, 'asked')).toBe(true)
  const given = { module: new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)) }
  expect(codeOf(() => createEvaluator({ specs: nest(1), ...given, limits: {} }))).toBe('ARGUMENT_INVALID')
})

function withoutTime(gate: { toJSON(): object }): object {
  const { details, ...rest } = gate.toJSON() as { details: { reason: string } }
  return { ...rest, reason: details.reason }
}
