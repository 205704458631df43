/** Limits of one call: specs and users made to pass them get an answer or a typed error, and other gates stay right. */
import { describe, expect, test } from 'vitest'
import { createEvaluator, type EvaluatorOptions } from '../src/node.ts'
import { backends } from './support/backends.ts'
import { condition, nested, payload, publicCondition, rule, spec } from './support/specs.ts'

const tooDeep = 'Error:Statsig Evaluation Depth Exceeded'

describe.each(backends)('on the %s backend', (backend) => {
  const create = (specs: string, options: Partial<EvaluatorOptions> = {}) =>
    createEvaluator({ specs, backend, ...options })

  test('gates that nest each other ten thousand times leave other gates right', () => {
    const conditions = { public: publicCondition, 'nests b': nested('b'), 'nests c': nested('c') }
    const many = (id: string, count: number) => [rule('r', Array(count).fill(id))]
    const others = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`other${index}`, spec([rule('r', ['public'])])]),
    )
    const gates = { a: spec(many('nests b', 8147)), b: spec(many('nests c', 10_982)), c: spec([rule('r', ['public'])]) }
    using evaluator = create(payload({ feature_gates: { ...gates, ...others }, condition_map: conditions }))
    const right = () => Object.keys(others).every((name) => evaluator.checkGate({ userID: 'u' }, name))
    expect(right()).toBe(true)
    expect(evaluator.checkGate({ userID: 'u' }, 'a')).toBe(true)
    expect(right()).toBe(true)
    expect(evaluator.generation).toBe(1)
  })

  test('experiments that delegate to each other in a circle are too deep', () => {
    const experiment = (delegate: string) =>
      spec([rule('r', ['nests g'], { configDelegate: delegate, returnValue: {} })], { entity: 'experiment' })
    using evaluator = create(
      payload({
        feature_gates: { g: spec([rule('r', ['public'])]) },
        dynamic_configs: { e1: experiment('e2'), e2: experiment('e1') },
        condition_map: { public: publicCondition, 'nests g': nested('g') },
      }),
    )
    expect(evaluator.getExperiment({ userID: 'u' }, 'e1').details.reason).toBe(tooDeep)
    expect(evaluator.checkGate({ userID: 'u' }, 'g')).toBe(true)
    expect(evaluator.generation).toBe(1)
  })

  test('mappings in a circle end', () => {
    const mapping = (to: string) => [{ new_config_name: to, rules: [{ rule_name: 'always' }] }]
    const config = spec([rule('own', ['public'], { returnValue: {} })], { entity: 'dynamic_config' })
    using evaluator = create(
      payload({
        dynamic_configs: { a: config, b: config },
        condition_map: { public: publicCondition },
        overrides: { a: mapping('b'), b: mapping('a') },
        override_rules: { always: rule('always', ['public']) },
      }),
    )
    expect(evaluator.getDynamicConfig({ userID: 'u' }, 'a').ruleID).toBe('own')
    expect(evaluator.generation).toBe(1)
  })

  test('groups asked for twice at every level end as too deep, not with another answer', () => {
    const levels = 20
    const asks = (level: number, name: string) => ({
      [name]: condition('experiment_group', { field: `e${level}`, operator: 'any', targetValue: ['in'] }),
    })
    const conditions = Object.assign(
      { public: publicCondition },
      ...Array.from({ length: levels }, (_, level) => asks(level, `asks ${level}`)),
    )
    const inGroup = { groupName: 'in', returnValue: {} }
    const configs: Record<string, unknown> = { e0: spec([rule('r', ['public'], inGroup)], { entity: 'experiment' }) }
    for (let level = 1; level <= levels; level++) {
      const twice = [`asks ${level - 1}`, `asks ${level - 1}`]
      configs[`e${level}`] = spec([rule('r', twice, inGroup)], { entity: 'experiment' })
    }
    using evaluator = create(payload({ dynamic_configs: configs, condition_map: conditions }))
    expect(evaluator.getExperiment({ userID: 'u' }, 'e3').groupName).toBe('in')
    expect(evaluator.getExperiment({ userID: 'u' }, `e${levels}`).details.reason).toBe(tooDeep)
  })

  /** Experiments, each of which asks for the next one's group below 298 gates; the last asks for what is given. */
  const deep = (questions: number, last: object) => {
    const gates: Record<string, unknown> = {}
    const configs: Record<string, unknown> = {}
    const conditions: Record<string, unknown> = { public: publicCondition }
    const asks = (experiment: string) =>
      condition('experiment_group', { field: experiment, operator: 'any', targetValue: ['x'] })
    for (let question = 0; question < questions; question++) {
      for (let level = 0; level < 298; level++) {
        const name = `g${question}_${level}`
        const below = question + 1 < questions ? asks(`e${question + 1}`) : last
        conditions[name] = level === 297 ? below : nested(`g${question}_${level + 1}`)
        gates[name] = spec([rule('r', [name])])
      }
      conditions[`start ${question}`] = nested(`g${question}_0`)
      configs[`e${question}`] = spec([rule('r', [`start ${question}`], { returnValue: {} })], { entity: 'experiment' })
    }
    return payload({ feature_gates: gates, dynamic_configs: configs, condition_map: conditions })
  }

  test('experiments that ask for groups below 300 nested gates do not run out of stack', () => {
    using evaluator = create(deep(20, publicCondition))
    expect(evaluator.getExperiment({ userID: 'u' }, 'e0').details.reason).toBe(tooDeep)
    expect(evaluator.generation).toBe(1)
  })

  test('an expression that ignores case in going back, below as many levels as there can be, does not run out of stack', () => {
    const field = { field: 'email', operator: 'str_matches', targetValue: String.raw`(?i)^(\p{L}+)-\1$` }
    using evaluator = create(deep(3, condition('user_field', field)))
    const { details } = evaluator.getExperiment({ userID: 'u', email: 'müll-MÜLL' }, 'e0')
    expect(details.reason).toBe('Bootstrap:Recognized')
    expect(evaluator.generation).toBe(1)
  })

  test('an app id of any length and kind fits in the frame', () => {
    const specs = (app: unknown, target: unknown) =>
      payload({
        app_id: app,
        feature_gates: { asked: spec([rule('r', ['asked'])]) },
        condition_map: { asked: condition('target_app', { operator: 'any', targetValue: [target] }) },
      })
    const long = 'A'.repeat(4000)
    for (const [app, target] of [
      [long, long],
      [[long, '\u0001'.repeat(2000)], 'x'],
    ]) {
      using evaluator = create(specs(app, target))
      expect(evaluator.checkGate({}, 'asked')).toBe(app === target)
      expect(evaluator.bind({}).checkGate('asked')).toBe(app === target)
      expect(evaluator.generation).toBe(1)
    }
  })

  test('an expression that names a group nobody has is none', () => {
    const asked = (expression: string) =>
      condition('user_field', { operator: 'str_matches', field: 'email', targetValue: expression })
    using evaluator = create(
      payload({
        feature_gates: { bad: spec([rule('r', ['bad'])]), good: spec([rule('r', ['good'])]) },
        condition_map: { bad: asked('(a)\\k<1000000000000>'), good: asked('(a)\\k<1>') },
      }),
    )
    expect(evaluator.checkGate({ email: 'aa' }, 'bad')).toBe(false)
    expect(evaluator.checkGate({ email: 'aa' }, 'good')).toBe(true)
  })

  test('a getter of a bound user may ask about that user', () => {
    const field = (name: string) => condition('user_field', { operator: 'any', field: name, targetValue: ['yes'] })
    using evaluator = create(
      payload({
        feature_gates: { a: spec([rule('r', ['a'])]), b: spec([rule('r', ['b'])]) },
        condition_map: { a: field('fa'), b: field('fb') },
      }),
    )
    const user: ReturnType<typeof evaluator.bind> = evaluator.bind({
      custom: {
        get fa() {
          return user.checkGate('b') ? 'yes' : 'no'
        },
        fb: 'yes',
      },
    })
    expect(user.checkGate('a')).toBe(true)
    expect(user.checkGate('b')).toBe(true)
    expect(user.checkGate('a')).toBe(true)
  })
})

test('a large value takes memory in proportion', () => {
  using evaluator = createEvaluator({
    specs: payload({
      feature_gates: { asked: spec([rule('r', ['asked'])]) },
      condition_map: { asked: condition('user_field', { operator: 'any', field: 'email', targetValue: ['x'] }) },
    }),
  })
  expect(evaluator.checkGate({ email: 'X'.repeat(10_000_000) }, 'asked')).toBe(false)
  expect(evaluator.memoryBytes).toBeLessThan(50_000_000)
})
