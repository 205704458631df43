/** Lists of exposures repeat what nested gates repeat; that they can double at every level must not cost memory or time. */
import { expect, test } from 'vitest'
import { createEvaluator } from '../src/node.ts'
import { nested, payload, publicCondition, rule, spec } from './support/specs.ts'

/** Gates of which each nests the one before it twice: 2^n - 1 exposures below the n-th. */
function doubling(levels: number): string {
  const gates: Record<string, unknown> = { g0: spec([rule('r0', ['public'])]) }
  const conditions: Record<string, unknown> = { public: publicCondition }
  for (let level = 1; level <= levels; level++) {
    const nests = `nests g${level - 1}`
    conditions[nests] = nested(`g${level - 1}`)
    gates[`g${level}`] = spec([rule(`r${level}`, [nests, nests])])
  }
  return payload({ feature_gates: gates, condition_map: conditions })
}

test('a list is given as it is, repetitions in order', () => {
  using evaluator = createEvaluator({ specs: doubling(3) })
  const exposures = evaluator.getFeatureGate({ userID: 'u' }, 'g3').secondaryExposures
  expect(exposures.map(({ gate }) => gate).join(' ')).toBe('g0 g0 g1 g0 g0 g1 g2 g0 g0 g1 g0 g0 g1 g2')
})

test('a list beyond 65,536 entries has every exposure once', () => {
  using evaluator = createEvaluator({ specs: doubling(100) })
  const gate = evaluator.getFeatureGate({ userID: 'u' }, 'g100')
  expect(gate.value).toBe(true)
  expect(gate.secondaryExposures.map(({ gate }) => gate)).toEqual(
    Array.from({ length: 100 }, (_, level) => `g${level}`),
  )
})
