/**
 * Real user agents through the evaluator. For every value that a reading of the corpus expects there is a gate which compares the
 * parsed field with exactly that value; the gate must pass.
 */
import { expect, test } from 'vitest'
import { createEvaluator } from '../../src/node.ts'
import { backends } from '../support/backends.ts'
import { describeWithSharedData, readLines, sharedPath } from '../support/data.ts'
import { condition, payload, rule, spec } from '../support/specs.ts'

type Fields = Record<'os_name' | 'os_version' | 'browser_name' | 'browser_version', string | null>

const corpora = [
  { file: 'test_user_agents', agents: 11_127 },
  { file: 'test_must_pass_user_agents', agents: 227 },
]

describeWithSharedData('user agents, first-party parser', () => {
  for (const { file, agents } of corpora)
    for (const backend of backends)
      test(`${agents} of ${agents} agents of ${file} are equal (${backend})`, { timeout: 120_000 }, () => {
        const corpus = readLines<[agent: string, fields: Fields]>(
          sharedPath(`ua/${file}.first_party.expected.ndjson.gz`),
        )
        const conditions: Record<string, unknown> = {}
        const gates: Record<string, unknown> = {}
        const gateNames = (fields: Fields) => Object.entries(fields).map(([field, value]) => gateName(field, value))
        for (const [, fields] of corpus)
          for (const [field, value] of Object.entries(fields)) {
            const name = gateName(field, value)
            conditions[name] ??= condition('ua_based', { field, operator: 'eq', targetValue: value })
            gates[name] ??= spec([rule('equal', [name])])
          }
        using evaluator = createEvaluator({
          specs: payload({ feature_gates: gates, condition_map: conditions }),
          backend,
        })
        const wrong = corpus.flatMap(([userAgent, fields]) => {
          const names = gateNames(fields)
          const passed = evaluator.checkGates({ userID: 'a', userAgent }, names)
          return names.filter((_, index) => !passed[index]).map((name) => `${name} for ${userAgent}`)
        })
        expect(wrong.slice(0, 10).join('\n')).toBe('')
        expect(corpus).toHaveLength(agents)
      })
})

function gateName(field: string, value: string | null): string {
  return `${field} ${JSON.stringify(value)}`
}
