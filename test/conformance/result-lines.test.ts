/**
 * Whole projects for many users: every gate, config, experiment and layer equal to Statsig's native engine in value, rule id, id
 * type, group name, reason, version and exposures with their order.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Workspace } from '../cli/command.ts'
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

  test('framegate eval on two threads prints the same bytes, on either backend', { timeout: 60_000 }, async () => {
    using workspace = new Workspace()
    workspace.write('specs.json', set.specs())
    workspace.write(
      'users.ndjson',
      set
        .allUsers()
        .map((user) => `${JSON.stringify(user)}\n`)
        .join(''),
    )
    mkdirSync(join(workspace.folder, 'lists'))
    for (const [name, lines] of Object.entries(set.idLists())) workspace.write(`lists/${name}`, lines)
    const args = ['eval', '--specs', 'specs.json', '--users', 'users.ndjson', '--id-lists', 'lists', '--threads', '2']
    const expected = evaluateSet(set, 'wasm').join('')
    for (const backend of backends) {
      const { code, stdout } = await workspace.run(...args, '--backend', backend)
      expect(code).toBe(0)
      expect(stdout).toBe(expected)
    }
  })
}
