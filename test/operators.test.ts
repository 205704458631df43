/** Custom operators: a condition `custom:<name>` is answered by a function of the host's. */
import { describe, expect, test } from 'vitest'
import { createEvaluator, type Evaluator, type EvaluatorOptions, type JsonValue, type Operator } from '../src/node.ts'
import { backends } from './support/backends.ts'
import { condition, nested, payload, rule, spec } from './support/specs.ts'

const custom = (fields: Record<string, unknown> = {}, type = 'user_field') =>
  condition(type, { operator: 'custom:test', field: 'plan', targetValue: 'pro', ...fields })

/** A gate `asked` with this condition, and `outer` which nests it. */
const specs = (asked: Record<string, unknown>) =>
  payload({
    feature_gates: {
      asked: spec([rule('r', ['asked'])]),
      outer: spec([rule('outer', ['nests asked'])]),
      plain: spec([rule('p', ['plain'])]),
    },
    condition_map: {
      asked,
      'nests asked': nested('asked'),
      plain: condition('user_field', { operator: 'any', field: 'plan', targetValue: ['pro'] }),
    },
  })

const user = { userID: 'u', custom: { plan: 'pro' } }
const throws: Operator = () => {
  throw new Error('no answer')
}

describe.each(backends)('on the %s backend', (backend) => {
  const create = (asked: Record<string, unknown>, operators?: EvaluatorOptions['operators']) =>
    createEvaluator({ specs: specs(asked), backend, ...(operators && { operators }) })

  const results = (evaluator: Evaluator, name: string) => {
    const [fresh, bound] = [evaluator.getFeatureGate(user, name), evaluator.bind(user).getFeatureGate(name)]
    expect(JSON.stringify(bound)).toBe(JSON.stringify(fresh))
    expect(evaluator.checkGate(user, name)).toBe(fresh.value)
    return [fresh.value, fresh.details.reason, fresh.ruleID]
  }

  test.each<[string, Operator | undefined, boolean, string, string, string]>([
    ['true matches', () => true, true, 'Bootstrap:Recognized', 'r', 'outer'],
    ['false does not match', () => false, false, 'Bootstrap:Recognized', 'default', 'default'],
    ['an error does not match and is told', throws, false, 'CustomOperatorFailed:Recognized', 'default', 'default'],
    ['no such operator is unsupported', undefined, false, 'Bootstrap:Unsupported', '', ''],
  ])('%s', (_, operator, value, reason, ruleID, outerRuleID) => {
    using evaluator = create(custom(), operator && { test: operator })
    expect(results(evaluator, 'asked')).toEqual([value, reason, ruleID])
    expect(results(evaluator, 'outer')).toEqual([value, reason, outerRuleID])
    expect(results(evaluator, 'plain')).toEqual([true, 'Bootstrap:Recognized', 'p'])
  })

  test('without the operator everything is as with any unknown one', () => {
    using unknown = create(custom({ operator: 'other' }))
    using missing = create(custom(), { other: () => true })
    for (const name of ['asked', 'outer']) expect(results(missing, name)).toEqual(results(unknown, name))
    const told = unknown.report.unsupported.map((entry) => ({ ...entry, reason: 'unknown operator "custom:test"' }))
    expect(missing.report.unsupported).toEqual(told)
    using given = create(custom(), { test: () => true })
    expect(given.report.unsupported).toEqual([])
  })

  test.each<[string, unknown]>([
    ['a promise', Promise.resolve(true)],
    ['undefined', undefined],
    ['a number', 1],
  ])('%s is no answer', (_, answer) => {
    using evaluator = create(custom(), { test: (() => answer) as Operator })
    expect(results(evaluator, 'asked')).toEqual([false, 'CustomOperatorFailed:Recognized', 'default'])
  })

  test.each<[string, Record<string, unknown>, JsonValue | undefined, JsonValue]>([
    ['a user field', custom(), 'pro', 'pro'],
    ['a field that the user does not have', custom({ field: 'other' }), undefined, 'pro'],
    ['no target', custom({ targetValue: null }), 'pro', null],
    ['an object as target', custom({ targetValue: { a: [1, { b: 'é"' }] } }), 'pro', { a: [1, { b: 'é"' }] }],
    ['a unit', custom({ idType: 'UserID' }, 'unit_id'), 'u', 'pro'],
    ['an environment field', custom({ field: 'tier' }, 'environment_field'), 'staging', 'pro'],
  ])('the operator gets %s', (_, asked, value, target) => {
    const calls: unknown[] = []
    const operators = { test: (...call: unknown[]) => calls.push(call) > 0 }
    using evaluator = createEvaluator({ specs: specs(asked), backend, operators, environment: 'staging' })
    expect(evaluator.checkGate(user, 'asked')).toBe(true)
    expect(calls).toEqual([[value, target]])
  })

  test('the target is made once, and frozen', () => {
    const targets: JsonValue[] = []
    using evaluator = create(custom({ targetValue: { a: [1] } }), { test: (_, target) => targets.push(target) > 0 })
    for (const id of ['a', 'b']) evaluator.checkGate({ userID: id }, 'asked')
    const [first, second] = targets as [{ a: number[] }, unknown]
    expect(second).toBe(first)
    expect(() => first.a.push(2)).toThrow(TypeError)
  })

  test('a bound user keeps the answer', () => {
    let calls = 0
    using evaluator = create(custom(), { test: () => ++calls === 1 })
    const bound = evaluator.bind(user)
    expect([bound.checkGate('asked'), bound.checkGate('outer'), bound.checkGate('asked')]).toEqual([true, true, true])
    expect(calls).toBe(1)
    expect(evaluator.checkGate(user, 'asked')).toBe(false)
  })

  test('an operator may ask the evaluator, also about more than its memory holds so far', () => {
    using evaluator: Evaluator = create(custom(), {
      test: () => !evaluator.checkGate({ custom: { plan: 'x'.repeat(1 << 22) } }, 'plain'),
    })
    expect(results(evaluator, 'outer')).toEqual([true, 'Bootstrap:Recognized', 'outer'])
  })

  test('what reading the user throws is not the operator’s', () => {
    using evaluator = create(custom(), { test: () => true })
    const hostile = {
      get custom(): never {
        throw new RangeError('mine')
      },
    }
    expect(() => evaluator.checkGate(hostile, 'asked')).toThrow('mine')
    expect(evaluator.checkGate(user, 'asked')).toBe(true)
  })

  test('the field that an operator reads is listed as any other', () => {
    using evaluator = create(custom(), { test: () => true })
    expect(evaluator.fieldsFor('outer')).toEqual(['custom.plan'])
    expect(evaluator.report.fields).toEqual(['custom.plan'])
  })

  test.each([
    ['another type of condition', custom({}, 'ip_based')],
    ['no field', custom({ field: null })],
    ['no name', custom({ operator: 'custom:' })],
    ['a name that every object inherits', custom({ operator: 'custom:toString' })],
  ])('with %s the operator is unknown', (_, asked) => {
    using evaluator = create(asked, { test: () => true, '': () => true })
    expect(results(evaluator, 'asked')).toEqual([false, 'Bootstrap:Unsupported', ''])
    expect(evaluator.report.unsupported).toMatchObject([{ kind: 'gate', name: 'asked', rule: 'r' }])
  })
})
