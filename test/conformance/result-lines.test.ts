/**
 * Whole projects for many users: every gate, config, experiment and layer equal to Statsig's native engine in value, rule id, id
 * type, group name, reason, version and exposures with their order.
 */
import { describe, expect, test } from 'vitest'
import { backends } from '../support/backends.ts'
import { describeWithSharedData } from '../support/data.ts'
import { type DataSet, demoSet, dotnetSet, structureSet } from '../support/data-sets.ts'
import { compareLines, describeDifferences, evaluateSet, type ResultLine } from '../support/result-lines.ts'

for (const set of [structureSet, demoSet, dotnetSet])
  (set.isShared ? describeWithSharedData : describe)(set.name, () => checkSet(set))

function checkSet(set: DataSet): void {
  const cells = set.users * set.entities
  for (const backend of backends)
    test(`${cells} of ${cells} results are equal (${backend})`, { timeout: 60_000 }, () => {
      const lines = evaluateSet(set, backend).map((text) => JSON.parse(text) as ResultLine)
      const { compared, differences } = compareLines(set.expected(), lines)
      expect(describeDifferences(differences, set.allUsers())).toBe('')
      expect(compared - differences.length).toBe(cells)
    })

  test('wasm and native print identical bytes', { timeout: 60_000 }, () => {
    expect(evaluateSet(set, 'native').join('')).toBe(evaluateSet(set, 'wasm').join(''))
  })
}
