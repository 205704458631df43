/**
 * Input made to break an evaluator. Each piece gets a defined answer or a typed error, the process lives, and the next call is right.
 * Several of these abort the whole process in the native server engine (`docs/differences.md`), so it is not asked here.
 */
import { describe, expect, test } from 'vitest'
import { createEvaluator, type Evaluator, FramegateError, type User } from '../src/node.ts'
import { backends } from './support/backends.ts'
import { condition, nested, payload, publicCondition, rule, spec } from './support/specs.ts'

const depthExceeded = 'Error:Statsig Evaluation Depth Exceeded'
const control = spec([rule('everybody', ['public'])])

describe.each(backends)('hostile input (%s)', (backend) => {
  /** An evaluator of some gates and a control gate, which must still answer after `use`. */
  function withGates(
    gates: Record<string, unknown>,
    conditions: Record<string, unknown>,
    use: (evaluator: Evaluator) => void,
    more: Record<string, unknown> = {},
  ): void {
    const specs = payload({
      feature_gates: { ...gates, control },
      condition_map: { ...conditions, public: publicCondition },
      ...more,
    })
    using evaluator = createEvaluator({ specs, backend })
    use(evaluator)
    expect(evaluator.getFeatureGate({ userID: 'next' }, 'control')).toMatchObject({ value: true, ruleID: 'everybody' })
  }

  function withCondition(
    operator: string,
    targetValue: unknown,
    use: (check: (user: User) => boolean) => void,
    fields: Record<string, unknown> = {},
  ): void {
    const conditions = { asked: condition('user_field', { field: 'attribute', operator, targetValue, ...fields }) }
    withGates({ asked: spec([rule('asked', ['asked'])]) }, conditions, (evaluator) =>
      use((user) => evaluator.checkGate(user, 'asked')),
    )
  }

  const attribute = (value: unknown): User => ({ userID: 'a', custom: { attribute: value } }) as User

  test('an address whose numbers go beyond 2^32 is in no country', () => {
    const fields = { type: 'ip_based', field: 'country' }
    withCondition(
      'any',
      [''],
      (check) => {
        for (const ip of [
          '256.1.1.1',
          '1.2.3.99999999999',
          '99999999999999999999.1.1.1',
          '4294967295.255.255.255',
          '-256.1.1.1',
          '9223372036854775807.9223372036854775807.1.1',
        ])
          expect([ip, check({ userID: 'a', ip })]).toEqual([ip, true])
        expect(check({ userID: 'a', ip: '8.8.8.8' })).toBe(false)
      },
      fields,
    )
  })

  test('an `eq` target whose elements collide when lower-cased compares what is left of it', () => {
    withCondition('eq', ['a', 'A'], (check) => {
      expect(check(attribute(['A']))).toBe(false)
      expect(check(attribute(['a', 'A']))).toBe(false)
      expect(check(attribute([]))).toBe(false)
    })
    withCondition('neq', ['a', 'a', 'b'], (check) => expect(check(attribute(['a', 'b']))).toBe(true))
  })

  test('the smallest integer is `on` its own day only', () => {
    withCondition('on', '-9223372036854775808', (check) => {
      expect(check(attribute('-9223372036854775808'))).toBe(true)
      expect(check(attribute(-9223372036854775808))).toBe(true)
      expect(check(attribute('0'))).toBe(false)
    })
    withCondition('on', 0, (check) => expect(check(attribute('-9223372036854775808'))).toBe(false))
  })

  test('cyclic gates end in the depth error', () => {
    const gates = {
      first: spec([rule('a', ['second'])]),
      second: spec([rule('b', ['first'])]),
      itself: spec([rule('c', ['itself'])], { defaultValue: true }),
      not_first: spec([rule('d', ['not first']), rule('e', ['public'])]),
      before: spec([rule('f', ['public']), rule('g', ['first'])]),
    }
    const conditions = {
      first: nested('first'),
      second: nested('second'),
      itself: nested('itself'),
      'not first': nested('first', 'fail_gate'),
    }
    withGates(gates, conditions, (evaluator) => {
      for (const name of ['first', 'second', 'itself', 'not_first']) {
        const gate = evaluator.getFeatureGate({ userID: 'a' }, name)
        expect(gate).toMatchObject({ value: false, ruleID: '', idType: '' })
        expect(gate.details.reason).toBe(depthExceeded)
        expect(evaluator.checkGate({ userID: 'a' }, name)).toBe(false)
      }
      expect(evaluator.getFeatureGate({ userID: 'a' }, 'before')).toMatchObject({ value: true, ruleID: 'f' })
    })
  })

  test('gates nest 300 deep and no deeper', () => {
    const gates: Record<string, unknown> = {}
    const conditions: Record<string, unknown> = {}
    for (let depth = 0; depth < 302; depth++) {
      gates[`gate${depth}`] = spec([rule(`rule${depth}`, [depth === 301 ? 'public' : `next${depth}`])])
      conditions[`next${depth}`] = nested(`gate${depth + 1}`)
    }
    withGates(gates, conditions, (evaluator) => {
      expect(evaluator.getFeatureGate({ userID: 'a' }, 'gate1')).toMatchObject({ value: true, ruleID: 'rule1' })
      expect(evaluator.getFeatureGate({ userID: 'a' }, 'gate1').secondaryExposures).toHaveLength(300)
      expect(evaluator.getFeatureGate({ userID: 'a' }, 'gate0').details.reason).toBe(depthExceeded)
    })
  })

  test('an experiment whose group depends on its own group has no group', () => {
    const conditions = {
      own: condition('experiment_group', { field: 'experiment', operator: 'any', targetValue: ['Group'] }),
    }
    const experiment = spec([rule('group', ['own'], { groupName: 'Group', returnValue: { a: 1 } })], {
      entity: 'experiment',
    })
    withGates(
      { asks: spec([rule('asks', ['own'])]) },
      conditions,
      (evaluator) => {
        expect(evaluator.checkGate({ userID: 'a' }, 'asks')).toBe(false)
        expect(evaluator.getExperiment({ userID: 'a' }, 'experiment').groupName).toBeNull()
      },
      { dynamic_configs: { experiment } },
    )
  })

  test.each([300, 301, 3000])('%i unknown nested gates count as false', (count) => {
    const names = Array.from({ length: count }, (_, index) => `unknown${index}`)
    const conditions = Object.fromEntries(names.map((name) => [name, nested(name, 'fail_gate')]))
    withGates({ many: spec([rule('none of them', names)]) }, conditions, (evaluator) => {
      const gate = evaluator.getFeatureGate({ userID: 'a' }, 'many')
      expect(gate).toMatchObject({ value: true, ruleID: 'none of them' })
      expect(gate.details.reason).toBe('Bootstrap:Recognized')
      expect(gate.secondaryExposures).toEqual([])
    })
  })

  test('an unknown gate after another nested gate is not exposed', () => {
    const conditions = { known: nested('control'), unknown: nested('unknown', 'fail_gate') }
    withGates({ both: spec([rule('both', ['known', 'unknown'])]) }, conditions, (evaluator) => {
      const exposures = evaluator.getFeatureGate({ userID: 'a' }, 'both').secondaryExposures
      expect(exposures).toEqual([{ gate: 'control', gateValue: 'true', ruleID: 'everybody' }])
    })
  })

  test('a 1 MB attribute is searched to its end, in any field', () => {
    const megabyte = 'x'.repeat(2 ** 20)
    withCondition('str_ends_with_any', ['needle'], (check) => {
      expect(check(attribute(`${megabyte}NEEDLE`))).toBe(true)
      expect(check(attribute(megabyte))).toBe(false)
      expect(
        check({
          userID: megabyte,
          email: megabyte,
          userAgent: megabyte,
          ip: megabyte,
          custom: { attribute: 'needle', other: megabyte },
        }),
      ).toBe(true)
    })
    withCondition('str_matches', '(?<=x)needle$', (check) =>
      expect(check(attribute(`${megabyte.slice(0, 900_000)}needle`))).toBe(true),
    )
    withCondition('array_contains_any', ['needle'], (check) =>
      expect(check(attribute([...Array(100_000).fill('x'), 'needle']))).toBe(true),
    )
    withCondition('any', [megabyte], (check) => expect(check(attribute(megabyte.toUpperCase()))).toBe(true))
  })

  test('a lone surrogate counts as U+FFFD', () => {
    withCondition('eq', '\ufffd', (check) => {
      for (const text of ['\ud800', '\udc00', '\ufffd']) expect(check(attribute(text))).toBe(true)
      for (const text of ['\ud800\ud800', '\u{10000}', '']) expect(check(attribute(text))).toBe(false)
    })
    const gates = Object.fromEntries(
      [20, 40, 60, 80].map((passPercentage) => [
        `${passPercentage}`,
        spec([rule('some', ['public'], { passPercentage })]),
      ]),
    )
    withGates(gates, {}, (evaluator) => {
      for (const name of Object.keys(gates))
        expect(evaluator.checkGate({ userID: 'x\ud800' }, name)).toBe(evaluator.checkGate({ userID: 'x\ufffd' }, name))
    })
  })

  test('NUL is a letter like any other', () => {
    withCondition('eq', 'a\0b', (check) => {
      expect(check(attribute('a\0b'))).toBe(true)
      expect(check(attribute('a'))).toBe(false)
    })
    withGates({ 'gate\0name': spec([rule('rule\0id', ['public'])]) }, {}, (evaluator) => {
      expect(evaluator.getFeatureGate({ userID: 'a\0' }, 'gate\0name')).toMatchObject({
        value: true,
        ruleID: 'rule\0id',
      })
    })
  })

  test('a 10,000-deep value on a user gets an answer or a typed error', () => {
    let deep: unknown = []
    for (let depth = 0; depth < 10_000; depth++) deep = depth % 2 === 0 ? [deep] : { a: deep }
    withCondition('str_contains_any', ['a'], (check) => {
      answerOrTypedError(() => check(attribute([deep])))
      answerOrTypedError(() => check({ userID: 'a', privateAttributes: { attribute: [deep] } } as User))
      answerOrTypedError(() => check({ userID: 'a', custom: { attribute: 'a', other: deep } } as User))
      expect(check(attribute('a'))).toBe(true)
    })
  })

  test.each([
    [
      'a return value',
      (deep: string) =>
        payload({ feature_gates: { control }, condition_map: { public: publicCondition } }).replace(
          '"returnValue":true',
          `"returnValue":{"a":${deep}}`,
        ),
    ],
    [
      'a target',
      (deep: string) =>
        payload({ feature_gates: { control }, condition_map: { public: publicCondition } }).replace(
          '"targetValue":null',
          `"targetValue":${deep}`,
        ),
    ],
    [
      'an unknown field',
      (deep: string) =>
        payload({ feature_gates: { control }, condition_map: { public: publicCondition }, unknown: 0 }).replace(
          '"unknown":0',
          `"unknown":${deep}`,
        ),
    ],
  ])('a 10,000-deep value in specs, as %s, loads or is a typed error', (_, specsWith) => {
    const specs = specsWith('['.repeat(10_000) + ']'.repeat(10_000))
    answerOrTypedError(() => {
      using evaluator = createEvaluator({ specs, backend })
      evaluator.checkGate({ userID: 'a' }, 'control')
    })
    withGates({}, {}, (evaluator) => answerOrTypedError(() => evaluator.update(specs)))
  })

  test('specs that do not parse leave the old ones in force', () => {
    withGates({}, {}, (evaluator) => {
      for (const bad of [
        '',
        '{',
        'null',
        '[]',
        '{"feature_gates":[]',
        '\ufeff',
        '\0',
        '{"has_updates":true}',
        '"\ud800"',
        new Uint8Array([0xff, 0xfe, 0x00]),
      ])
        expect(() => evaluator.update(bad)).toThrow(FramegateError)
      expect(evaluator.checkGate({ userID: 'a' }, 'control')).toBe(true)
    })
  })

  test('users of the wrong shape get an answer or a typed error', () => {
    withCondition('any', ['x'], (check) => {
      const odd: unknown[] = [
        {},
        { userID: {} },
        { userID: [] },
        { userID: true },
        { userID: Number.NaN },
        { userID: 1e999 },
        { email: 5 },
        { ip: {} },
        { userAgent: [] },
        { custom: [] },
        { custom: 'text' },
        { custom: 5 },
        { customIDs: 'text' },
        { customIDs: { a: {} } },
        { statsigEnvironment: { tier: 5 } },
        { statsigEnvironment: 'production' },
        { custom: { attribute: Symbol.iterator } },
        { custom: { attribute: () => 'x' } },
        { custom: { attribute: 10n } },
        { custom: { attribute: new Date(0) } },
        { custom: { attribute: undefined } },
        { custom: Object.create(null) },
        null,
        undefined,
        'text',
        5,
        [],
      ]
      for (const user of odd) answerOrTypedError(() => check(user as User))
      const cyclic: Record<string, unknown> = {}
      cyclic.self = cyclic
      answerOrTypedError(() => check(attribute(cyclic)))
      answerOrTypedError(() => check(attribute([cyclic])))
      expect(check(attribute('x'))).toBe(true)
    })
  })

  test('names that every object has are unknown gates', () => {
    withGates({}, {}, (evaluator) => {
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])
        expect(evaluator.getFeatureGate({ userID: 'a' }, name)).toMatchObject({ value: false, ruleID: '', idType: '' })
      const polluted = JSON.parse('{"userID":"a","custom":{"__proto__":{"attribute":"x"}}}') as User
      expect(evaluator.checkGate(polluted, 'control')).toBe(true)
    })
  })

  test('a regular expression that backtracks without end is no match, and soon', () => {
    withCondition('str_matches', '^(a+)+\\1$', (check) => expect(check(attribute(`${'a'.repeat(40)}b`))).toBe(false))
    withCondition('str_matches', '^(?:a+)+$', (check) =>
      expect(check(attribute(`${'a'.repeat(100_000)}b`))).toBe(false),
    )
  })
})

function answerOrTypedError(call: () => unknown): void {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(FramegateError)
    expect((error as FramegateError).code).toMatch(/^[A-Z][A-Z_]+$/)
  }
}
