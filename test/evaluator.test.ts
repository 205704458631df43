/** The evaluator's own promises, beside the answers that the conformance tests compare. */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { Evaluator, type EvaluatorOptions } from '../src/evaluator/index.ts'
import { UserImage } from '../src/evaluator/user.ts'
import { createEvaluator, engineModule, type User } from '../src/node.ts'
import { backends } from './support/backends.ts'
import { condition, payload, publicCondition, rule, spec } from './support/specs.ts'

/** The first eight bytes of SHA-256 of `salt.r.u-7`, modulo 10,000. */
const bucket = Number(createHash('sha256').update('salt.r.u-7').digest().readBigUInt64BE() % 10_000n)

const failing = (code: string) => expect.objectContaining({ code })

/** A gate `asked` with one condition on `custom.attribute`. */
function asking(operator: string, targetValue: unknown, type = 'user_field'): string {
  return payload({
    feature_gates: { asked: spec([rule('asked', ['asked'])]) },
    condition_map: { asked: condition(type, { field: 'attribute', operator, targetValue }) },
  })
}

describe.each(backends)('on the %s backend', (backend) => {
  const create = (specs: string, options: Partial<EvaluatorOptions> = {}) =>
    createEvaluator({ specs, backend, ...options })

  test.each(['any', 'any_case_sensitive', 'str_contains_any', 'str_matches', 'version_eq', 'eq'])(
    'texts of arrays of control characters fit in the frame (%s)',
    (operator) => {
      using evaluator = create(asking(operator, operator === 'str_matches' || operator === 'eq' ? 'x' : ['x']))
      for (const count of [1, 30, 100, 300, 1000, 5000]) {
        const user = { userID: 'u', custom: { attribute: Array(count).fill('\u0001É') } }
        expect(evaluator.checkGate(user, 'asked')).toBe(false)
        expect(evaluator.bind(user).checkGate('asked')).toBe(false)
      }
      expect(evaluator.generation).toBe(1)
    },
  )

  test('an array with holes is no value', () => {
    using evaluator = create(asking('array_contains_any', ['x']))
    for (const attribute of [new Array(1000), Object.assign(new Array(2), { 1: 'x' }), [undefined, 'x']]) {
      expect(evaluator.checkGate({ custom: { attribute } }, 'asked')).toBe(false)
      expect(evaluator.bind({ custom: { attribute } }).checkGate('asked')).toBe(false)
    }
  })

  test('a user that grows whenever it is read is refused', () => {
    using evaluator = create(asking('any', ['x']))
    let length = 1000
    const user = {
      custom: {
        get attribute() {
          length *= 8
          return 'x'.repeat(length)
        },
      },
    }
    expect(() => evaluator.checkGate(user, 'asked')).toThrow(failing('USER_INVALID'))
    length = 1000
    expect(() => evaluator.bind(user).checkGate('asked')).toThrow(failing('USER_INVALID'))
    expect(evaluator.checkGate({ custom: { attribute: 'x' } }, 'asked')).toBe(true)
  })

  test('a getter may ask the evaluator in the middle of a call', () => {
    using evaluator = create(asking('any', ['yes']))
    const user = {
      custom: {
        get attribute() {
          return evaluator.checkGate({ custom: { attribute: 'yes' } }, 'asked') ? 'yes' : 'no'
        },
      },
    }
    expect(evaluator.checkGate(user, 'asked')).toBe(true)
  })

  test('a call in flight finishes on the specs that it began with, whoever replaces or disposes of them meanwhile', () => {
    for (const disturb of ['update', 'dispose'] as const) {
      const evaluator = create(asking('any', ['x']))
      const user = {
        custom: {
          get attribute() {
            if (disturb === 'update') evaluator.update(asking('any', ['y']))
            else evaluator.dispose()
            return 'x'
          },
        },
      }
      expect(evaluator.checkGate(user, 'asked')).toBe(true)
      if (disturb === 'update') expect(evaluator.checkGate({ custom: { attribute: 'x' } }, 'asked')).toBe(false)
      else expect(() => evaluator.checkGate({}, 'asked')).toThrow(failing('DISPOSED'))
      evaluator.dispose()
    }
  })

  test('a bound user goes on after an update, with the new specs’ fields', () => {
    using evaluator = create(asking('any', ['x']))
    const user = evaluator.bind({ email: 'x', custom: { attribute: 'y' } })
    expect(user.checkGate('asked')).toBe(false)
    evaluator.update(asking('any', ['y']))
    expect(user.checkGate('asked')).toBe(true)
    expect(evaluator.generation).toBe(2)
  })

  test('bound users that are asked in turns each have their own answers, however large their values are', () => {
    const letters = [...'abcdefgh']
    const specs = payload({
      feature_gates: Object.fromEntries(letters.map((letter) => [letter, spec([rule(letter, [letter])])])),
      condition_map: Object.fromEntries(
        letters.map((letter) => [
          letter,
          condition('user_field', { operator: 'str_ends_with_any', field: letter, targetValue: ['!'] }),
        ]),
      ),
    })
    using evaluator = create(specs)
    const users: User[] = Array.from({ length: 200 }, (_, number) => {
      const text = (letter: number) => `${'x'.repeat((number * 37) % 900)}${(number >> letter) & 1 ? '!' : '?'}`
      return { custom: Object.fromEntries(letters.map((letter, index) => [letter, text(index)])) }
    })
    const bound = users.map((user) => evaluator.bind(user))
    // Again from the last, when all of the values are encoded.
    for (const letter of [...letters, ...letters.toReversed()]) {
      const index = letters.indexOf(letter)
      const expected = users.map((_, number) => ((number >> index) & 1) === 1)
      expect(bound.map((user) => user.checkGate(letter))).toEqual(expected)
      expect(users.map((user) => evaluator.checkGate(user, letter))).toEqual(expected)
    }
  })

  test('what many specs hash is hashed once for a bound user, and after an update anew', () => {
    const names = ['a', 'b', 'c', 'd']
    const specsOf = (salt: string) =>
      payload({
        feature_gates: {
          holdout: spec([rule('out', ['public'], { passPercentage: 50 })], { salt }),
          ...Object.fromEntries(names.map((name) => [name, spec([rule(name, ['in', 'bucket'])])])),
        },
        condition_map: {
          public: publicCondition,
          in: condition('fail_gate', { targetValue: 'holdout' }),
          bucket: condition('user_bucket', { operator: 'lt', targetValue: 700, additionalValues: { salt } }),
        },
      })
    using evaluator = create(specsOf('one'))
    const learn = vi.spyOn(UserImage.prototype, 'learn')
    const users = Array.from({ length: 100 }, (_, number) => ({ userID: `u-${number}` }))
    const bound = users.map((user) => evaluator.bind(user))
    const answers = () => bound.map((user) => user.checkGates(names))
    const fresh = () => users.map((user) => names.map((name) => evaluator.checkGate(user, name)))
    const first = answers()
    expect(learn).toHaveBeenCalledTimes(users.length)
    expect([first, answers()]).toEqual([fresh(), fresh()])
    expect(learn).toHaveBeenCalledTimes(users.length)
    expect(new Set(first.map(String)).size).toBe(2)
    evaluator.update(specsOf('two'))
    expect(answers()).toEqual(fresh())
    expect(answers()).not.toEqual(first)
    expect(learn).toHaveBeenCalledTimes(2 * users.length)
    learn.mockRestore()
  })

  test('refused specs leave the old ones in force', () => {
    using evaluator = create(asking('any', ['x']))
    expect(() => evaluator.update('{"has_updates":false}')).toThrow(failing('SPECS_UNCHANGED'))
    expect(() => evaluator.update('{')).toThrow(failing('SPECS_INVALID'))
    expect(() => evaluator.update({ self: 10n })).toThrow(failing('SPECS_INVALID'))
    expect(evaluator.checkGate({ custom: { attribute: 'x' } }, 'asked')).toBe(true)
  })

  test('an ID list of another type is refused', () => {
    const idLists = { staff: 5 as unknown as string }
    expect(() => create(asking('in_segment_list', 'staff'), { idLists })).toThrow(failing('ID_LIST_INVALID'))
  })

  test('specs are the evaluator’s own: changing the bytes afterwards changes nothing', () => {
    const specs = new TextEncoder().encode(asking('any', ['x']))
    using evaluator = createEvaluator({ specs, backend })
    specs.fill(0x20)
    expect(evaluator.checkGate({ custom: { attribute: 'x' } }, 'asked')).toBe(true)
  })

  test('a percentage lets in the buckets below it, not the one at it', () => {
    const at = (percentage: number) =>
      payload({
        feature_gates: { asked: spec([rule('r', ['public'], { passPercentage: percentage })]) },
        condition_map: { public: publicCondition },
      })
    const passes = (percentage: number) => {
      using evaluator = create(at(percentage))
      return evaluator.checkGate({ userID: 'u-7' }, 'asked')
    }
    let [low, high] = [0, 10_000]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (passes(middle / 100)) high = middle
      else low = middle
    }
    expect(low).toBe(bucket)
  })
})

test('fieldsFor names what a spec reads, over all that it nests', () => {
  using evaluator = createEvaluator({
    specs: payload({
      feature_gates: {
        outer: spec([rule('r', ['nests', 'by company'])]),
        inner: spec([rule('r', ['by plan'], { passPercentage: 50 })]),
      },
      condition_map: {
        nests: condition('pass_gate', { targetValue: 'inner' }),
        'by company': condition('unit_id', { operator: 'any', targetValue: ['c'], idType: 'companyID' }),
        'by plan': condition('user_field', { operator: 'any', field: 'plan', targetValue: ['pro'] }),
      },
    }),
  })
  expect(evaluator.fieldsFor('outer')).toEqual(['custom.plan', 'customIDs.companyID', 'userID'])
  expect(evaluator.fieldsFor('inner', 'gate')).toEqual(['custom.plan', 'userID'])
  expect(evaluator.fieldsFor('inner', 'config')).toEqual([])
  expect(evaluator.entityOf('inner', 'gate')).toBe('feature_gate')
  expect(evaluator.entityOf('none', 'gate')).toBeNull()
})

test('parameters are given when their type is that of the fallback', () => {
  const value = { text: 'a', number: 1.5, list: [1], nothing: null, object: { a: 1 } }
  const config = spec([rule('r', [], { returnValue: value })], { entity: 'dynamic_config' })
  using evaluator = createEvaluator({ specs: payload({ dynamic_configs: { config } }) })
  const result = evaluator.getDynamicConfig({ userID: 'u' }, 'config')
  expect(result.get('text', 'b')).toBe('a')
  expect(result.get('number', 0)).toBe(1.5)
  expect(result.get('number', 'b')).toBe('b')
  expect(result.get('list', {})).toEqual({})
  expect(result.get('missing', 7)).toBe(7)
  expect(result.get('nothing', null)).toBeNull()
  expect(result.getValue('object')).toEqual({ a: 1 })
  expect(result.getValue('toString')).toBeUndefined()
  expect(() => Object.assign(result.getValue('object') as object, { a: 2 })).toThrow(TypeError)
})

test('a layer that merges rules tells where each parameter comes from', () => {
  const layer = spec(
    [rule('first', [], { returnValue: { a: 1 } }), rule('second', [], { returnValue: { a: 2, b: 2 } })],
    { entity: 'layer', useNewLayerEval: true, defaultValue: { c: 3 } },
  )
  using evaluator = createEvaluator({ specs: payload({ layer_configs: { layer } }) })
  const { value, parameterRuleIDs } = evaluator.getLayer({ userID: 'u' }, 'layer')
  expect(value).toEqual({ a: 1, b: 2, c: 3 })
  expect(parameterRuleIDs).toEqual({ a: 'first', b: 'second', c: 'default' })
})

test('the app id and global custom fields of the options count', () => {
  const specs = asking('any', ['app-2'], 'target_app')
  using own = createEvaluator({ specs, appId: 'app-2' })
  using other = createEvaluator({ specs })
  expect(own.checkGate({}, 'asked')).toBe(true)
  expect(other.checkGate({}, 'asked')).toBe(false)
  using global = createEvaluator({ specs: asking('any', ['x']), globalCustomFields: { attribute: 'x' } })
  expect(global.checkGate({}, 'asked')).toBe(true)
  expect(global.checkGate({ custom: { attribute: 'y' } }, 'asked')).toBe(false)
})

test('without a country table the reason says so; a wrong table is refused', () => {
  const specs = payload({
    feature_gates: { asked: spec([rule('r', ['asked'])]) },
    condition_map: { asked: condition('ip_based', { operator: 'any', field: 'country', targetValue: ['US'] }) },
  })
  const guest = { module: engineModule() }
  const user: User = { ip: '8.8.8.8' }
  using without = new Evaluator(guest, { specs })
  expect(without.getFeatureGate(user, 'asked').details.reason).toBe('CountryLookupNotLoaded:Recognized')
  using withTable = createEvaluator({ specs })
  expect(withTable.checkGate(user, 'asked')).toBe(true)
  for (const ip of ['1.2.3', '1.2.3.4.5', '::1', 8.8, ['8.8.8.8']]) {
    expect(without.getFeatureGate({ ip }, 'asked').details.reason).toBe('Bootstrap:Recognized')
  }
  expect(without.getFeatureGate({ ...user, country: 'US' }, 'asked').details.reason).toBe('Bootstrap:Recognized')
  const wrong = new Uint8Array(9)
  expect(() => new Evaluator(guest, { specs }, wrong)).toThrow(failing('COUNTRY_TABLE_INVALID'))
  expect(() => new Evaluator(guest, { specs: withTable.snapshot }, wrong)).toThrow(failing('COUNTRY_TABLE_INVALID'))
  using unasked = new Evaluator(guest, { specs: payload({}) }, wrong)
  expect(() => unasked.update(specs)).toThrow(failing('COUNTRY_TABLE_INVALID'))
  expect(unasked.stats.updates).toBe(0)
  let asked = 0
  const brought = () => {
    asked++
    return wrong
  }
  using lazy = new Evaluator(guest, { specs }, brought)
  expect(lazy.checkGate({ country: 'US' }, 'asked')).toBe(true)
  expect(asked).toBe(0)
  expect(() => lazy.checkGate(user, 'asked')).toThrow(failing('COUNTRY_TABLE_INVALID'))
  expect(asked).toBe(1)
})

test('the table is asked for once, however many evaluators need it, and is in no snapshot', async () => {
  const specs = payload({
    feature_gates: { asked: spec([rule('r', ['asked'])]) },
    condition_map: { asked: condition('ip_based', { operator: 'any', field: 'country', targetValue: ['AA'] }) },
  })
  const guest = { module: engineModule() }
  let calls = 0
  const table = () => {
    calls++
    return Uint8Array.of(0x41, 0x41, 0x2a, 0x2a, 1, 0)
  }
  using unasked = new Evaluator(guest, { specs: payload({}) }, table)
  expect(calls).toBe(0)
  await unasked.updateAsync(specs)
  using evaluator = new Evaluator(guest, { specs }, table)
  using started = new Evaluator(guest, { specs: evaluator.snapshot }, table)
  using without = new Evaluator(guest, { specs: evaluator.snapshot })
  const user: User = { ip: '0.0.0.1' }
  expect([unasked, evaluator, started, without].map((asked) => asked.checkGate(user, 'asked'))).toEqual([
    true,
    true,
    true,
    false,
  ])
  expect(calls).toBe(1)
  expect(evaluator.bind(user).checkGate('asked')).toBe(true)
  expect(evaluator.report.fields).toEqual(['country', 'ip'])
  expect(evaluator.fieldsFor('asked')).toEqual(['country', 'ip'])
})

test('what cannot be the engine is refused', () => {
  const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
  expect(() => createEvaluator({ specs: payload({}), module: empty })).toThrow(failing('GUEST_INCOMPATIBLE'))
  expect(() => createEvaluator({ specs: payload({}), backend: 'native', library: '/no/such/file.so' })).toThrow(
    failing('LIBRARY_NOT_FOUND'),
  )
  expect(() =>
    createEvaluator({ specs: payload({}), backend: 'native', library: fileURLToPath(import.meta.url) }),
  ).toThrow(failing('LIBRARY_NOT_LOADED'))
})
