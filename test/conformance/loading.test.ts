/**
 * What becomes of a payload with something wrong in it, as the native server engine decides it: a spec that does not parse is dropped
 * and the others load; a condition or a top-level field that does not parse refuses the payload. framegate says which, and why.
 */
import { describe, expect, test } from 'vitest'
import { createEvaluator, FramegateError } from '../../src/node.ts'
import { backends } from '../support/backends.ts'
import { payload, publicCondition, rule, spec } from '../support/specs.ts'

const whole = payload({
  feature_gates: { odd: spec([rule('odd', ['public'])]), good: spec([rule('good', ['good'])]) },
  condition_map: { public: { ...publicCondition, field: 'odd' }, good: publicCondition },
})

/** Changes the first place where `text` stands: it lies in the spec `odd` or in its condition. */
function changed(text: string, replacement: string): string {
  expect(whole).toContain(text)
  return whole.replace(text, () => replacement)
}

const kept: [name: string, specs: () => string][] = [
  ['a version of null', () => changed('"idType":"userID","rules"', '"idType":"userID","version":null,"rules"')],
  ['isActive of null', () => changed('"idType":"userID","rules"', '"idType":"userID","isActive":null,"rules"')],
  ['a rule salt of null', () => changed('"id":"odd","salt":"odd"', '"id":"odd","salt":null')],
  ['a return value that is a number', () => changed('"returnValue":true', '"returnValue":1')],
  ['a return value that is a text', () => changed('"returnValue":true', '"returnValue":"false"')],
  ['an unknown entity', () => changed('"entity":"feature_gate"', '"entity":"something_new"')],
  ['additionalValues of null', () => changed('"additionalValues":{}', '"additionalValues":null')],
  ['the name twice, the last one good', () => changed('"feature_gates":{', '"feature_gates":{"odd":{},')],
  ['unknown fields', () => changed('"idType":"userID","rules"', '"idType":"userID","new":{"a":[1]},"rules"')],
]

const dropped: [name: string, specs: () => string][] = [
  ['no entity', () => changed('"entity":"feature_gate",', '')],
  ['no default value', () => changed('"defaultValue":false,', '')],
  ['a negative version', () => changed('"idType":"userID","rules"', '"idType":"userID","version":-1,"rules"')],
  ['a fractional version', () => changed('"idType":"userID","rules"', '"idType":"userID","version":1.5,"rules"')],
  [
    'a version beyond 32 bits',
    () => changed('"idType":"userID","rules"', '"idType":"userID","version":4294967296,"rules"'),
  ],
  ['a field twice', () => changed('"salt":"salt"', '"salt":"salt","salt":"salt"')],
  ['a rule without a name', () => changed('"name":"odd",', '')],
  ['a rule without a return value', () => changed(',"returnValue":true', '')],
  ['a rule without an id type', () => changed('"salt":"odd","idType":"userID"', '"salt":"odd"')],
  ['a percentage that is a text', () => changed('"passPercentage":100', '"passPercentage":"100"')],
  ['a percentage of null', () => changed('"passPercentage":100', '"passPercentage":null')],
  ['a condition inside the rule', () => changed('"conditions":["public"]', '"conditions":[{"type":"public"}]')],
]

const refused: [name: string, specs: () => string][] = [
  ['a top-level field twice', () => changed('"has_updates":true', '"has_updates":true,"has_updates":true')],
  ['no condition map', () => changed('"condition_map"', '"conditions"')],
  ['no map from experiments to layers', () => changed('"experiment_to_layer"', '"experiments"')],
  ['no time', () => changed('"time":1700000000000,', '')],
  ['a fractional time', () => changed('1700000000000', '1700000000000.5')],
  ['a negative time', () => changed('1700000000000', '-1')],
  ['a condition without an id type', () => changed('"additionalValues":{},"idType":"userID"', '"additionalValues":{}')],
  ['a condition whose field is a number', () => changed('"field":"odd"', '"field":1')],
  ['an additional value that is a number', () => changed('"additionalValues":{}', '"additionalValues":{"salt":1}')],
  ['a byte order mark', () => `\ufeff${whole}`],
]

describe.each(backends)('loading (%s)', (backend) => {
  test.each(kept)('keeps a gate with %s', (_, specs) => {
    using evaluator = createEvaluator({ specs: specs(), backend })
    expect(evaluator.getFeatureGate({ userID: 'a' }, 'odd')).toMatchObject({ value: true, ruleID: 'odd' })
    expect(evaluator.report.dropped).toEqual([])
  })

  test.each(dropped)('drops and names a gate with %s', (_, specs) => {
    using evaluator = createEvaluator({ specs: specs(), backend })
    expect(evaluator.getFeatureGate({ userID: 'a' }, 'odd').details.reason).toBe('Bootstrap:Unrecognized')
    expect(evaluator.report.dropped).toMatchObject([{ name: 'odd' }])
    expect(evaluator.report.dropped[0]!.reason).not.toBe('')
    expect(evaluator.getFeatureGate({ userID: 'a' }, 'good')).toMatchObject({ value: true, ruleID: 'good' })
  })

  test.each(refused)('refuses a payload with %s and keeps the old specs', (_, specs) => {
    using evaluator = createEvaluator({ specs: whole, backend })
    expect(() => evaluator.update(specs())).toThrow(FramegateError)
    expect(() => createEvaluator({ specs: specs(), backend })).toThrow(
      expect.objectContaining({ code: 'SPECS_INVALID' }),
    )
    expect(evaluator.getFeatureGate({ userID: 'a' }, 'good')).toMatchObject({ value: true, ruleID: 'good' })
  })

  test('takes specs as text, as bytes and as an object alike', () => {
    for (const specs of [whole, new TextEncoder().encode(whole), JSON.parse(whole) as object]) {
      using evaluator = createEvaluator({ specs, backend })
      expect(evaluator.checkGate({ userID: 'a' }, 'good')).toBe(true)
      expect(evaluator.report.counts).toMatchObject({ gates: 2, conditions: 2 })
    }
  })

  test('takes new specs in place of the old', () => {
    using evaluator = createEvaluator({ specs: whole, backend })
    evaluator.update(payload({ feature_gates: { newer: spec([], { defaultValue: true }) }, time: 1_800_000_000_000 }))
    expect(evaluator.checkGate({ userID: 'a' }, 'newer')).toBe(true)
    expect(evaluator.getFeatureGate({ userID: 'a' }, 'good').details.reason).toBe('Bootstrap:Unrecognized')
    expect(evaluator.list.gates).toEqual(['newer'])
  })

  test('reads the older payload shape', () => {
    const { condition_map, feature_gates, ...rest } = JSON.parse(whole) as Record<string, Record<string, object>>
    const good = {
      ...feature_gates!.good,
      name: 'good',
      rules: [rule('good', [], { conditions: [condition_map!.good] })],
    }
    const disabled = { ...good, name: 'disabled', enabled: false }
    const lists = { feature_gates: [good, disabled], dynamic_configs: [], layer_configs: [], response_format: 'dcs-v1' }
    using evaluator = createEvaluator({ specs: { ...rest, ...lists }, backend })
    expect(evaluator.report.format).toBe('v1')
    expect(evaluator.getFeatureGate({ userID: 'a' }, 'good')).toMatchObject({ value: true, ruleID: 'good' })
    expect(evaluator.getFeatureGate({ userID: 'a' }, 'disabled')).toMatchObject({ value: false, ruleID: 'disabled' })
  })
})
