/**
 * The results that Statsig's own Swift SDK recorded for a project in the older payload shape (v1). That SDK evaluates on the device,
 * without tables for countries and user agents, so four of its 143 answers are not a server's: those are held against what the native
 * server engine answers for the same specs and user instead.
 */
import { expect, test } from 'vitest'
import { createEvaluator, type User } from '../../src/node.ts'
import { backends } from '../support/backends.ts'
import { sortedJson } from '../support/canonical-json.ts'
import { describeWithSharedData, readText, sharedPath } from '../support/data.ts'
import { type ResultEntry, type ResultLine, resultTexts } from '../support/result-lines.ts'

interface Recorded {
  readonly user: User
  readonly feature_gates: Record<string, ResultEntry>
  readonly dynamic_configs: Record<string, ResultEntry>
  readonly layer_configs: Record<string, ResultEntry>
}

const holdout = { gate: 'global_holdout', gateValue: 'false', ruleID: '3QoA4ncNdVGBaMt3N1KYjz:0.50:1' }

// Answers of @statsig/statsig-node-core 0.23.2. The first three need a country or a user agent; `test_many_rules` nests such gates.
const serverAnswers: Record<string, ResultEntry> = {
  test_country: {
    value: true,
    rule_id: '1yhP7ww1Ot82rjqi1kh4eR',
    id_type: 'userID',
    reason: 'Recognized',
    version: 2,
    secondary_exposures: [],
  },
  test_ua: {
    value: true,
    rule_id: '7CRdApC3iHXzDFisD1d4bH',
    id_type: 'userID',
    reason: 'Recognized',
    version: 6,
    secondary_exposures: [],
  },
  test_browser_version: {
    value: true,
    rule_id: '1jLAxy8z446xx7YouIIroS:10.00:1',
    id_type: 'userID',
    reason: 'Recognized',
    version: 6,
    secondary_exposures: [holdout],
  },
  test_many_rules: {
    value: true,
    rule_id: '6p3sVaV50pp0Vy3n2DwZpd',
    id_type: 'userID',
    reason: 'Recognized',
    version: 5,
    secondary_exposures: [holdout],
  },
}

describeWithSharedData('the Swift results (v1 payload)', () => {
  const specs = () => readText(sharedPath('expected/swift_RulesetsDownloadConfigsSpecs.dcs-v1.json'))
  const recorded = () => JSON.parse(readText(sharedPath('expected/swift_RulesetsResults.json'))) as Recorded
  const printed = new Map<string, string>()

  for (const backend of backends) {
    const evaluate = (): ResultLine => {
      using evaluator = createEvaluator({ specs: specs(), backend })
      const [text] = resultTexts(evaluator, [recorded().user])
      printed.set(backend, text!)
      return JSON.parse(text!) as ResultLine
    }

    test(`139 of 143 answers are equal, the other four are the known ones (${backend})`, () => {
      const line = evaluate()
      const { feature_gates, dynamic_configs, layer_configs } = recorded()
      const kinds = [
        [feature_gates, line.gates],
        [dynamic_configs, line.configs],
        [layer_configs, line.layers],
      ] as const
      const different = new Map<string, string>()
      let equal = 0
      for (const [wanted, got] of kinds)
        for (const [name, entry] of Object.entries(wanted)) {
          const fields = recordedFields(entry)
          const actual = Object.fromEntries(
            Object.keys(fields).map((field) => [field, got[name]?.[field] ?? absentField(field)]),
          )
          if (sortedJson(fields) === sortedJson(actual)) equal++
          else different.set(name, `expected ${sortedJson(fields)}, got ${sortedJson(actual)}`)
        }
      for (const name of Object.keys(serverAnswers)) different.delete(name)
      expect([...different].map(([name, difference]) => `${name}: ${difference}`).join('\n')).toBe('')
      expect(equal).toBe(139)
    })

    test(`the four are answered as the native server engine answers them (${backend})`, () => {
      const { gates } = evaluate()
      expect(Object.fromEntries(Object.keys(serverAnswers).map((name) => [name, gates[name]]))).toEqual(serverAnswers)
    })
  }

  test('wasm and native print identical bytes', () => {
    expect(printed.get('native')).toBe(printed.get('wasm'))
  })
})

// `group` repeats the rule id, `is_device_based` and `name` are not part of a result line, segments and holdouts carry no exposures there.
function recordedFields(entry: ResultEntry): ResultEntry {
  const { name, group, is_device_based, __meta, ...fields } = entry
  return fields
}

// The recorded answers write an empty list where a result line leaves the field out.
function absentField(field: string): unknown {
  return field === 'explicit_parameters' ? [] : undefined
}
