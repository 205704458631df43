/** Every operator with every kind of target against every kind of value: 67,580 cells, each equal to Statsig's native engine. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEvaluator, type User } from '../../src/node.ts'
import { backends } from '../support/backends.ts'
import { fixturesFolder, readIdLists, readLines, readText } from '../support/data.ts'
import { type ResultLine, resultTexts } from '../support/result-lines.ts'

type Cell = 0 | 1 | 'U'

const specs = readText(join(fixturesFolder, 'operator_matrix.specs.json.gz'))
const idLists = readIdLists(join(fixturesFolder, 'idlists'))
const users = readLines<User>(join(fixturesFolder, 'operator_matrix.users.ndjson'))
const expected = readLines<{ gates: Record<string, Cell> }>(join(fixturesFolder, 'operator_matrix.expected.ndjson.gz'))
const printed = new Map<string, string>()

describe('operator matrix', () => {
  for (const backend of backends) {
    test(`67,580 of 67,580 cells are equal (${backend})`, () => {
      using evaluator = createEvaluator({ specs, idLists, backend })
      const texts = resultTexts(evaluator, users)
      printed.set(backend, texts.join(''))
      const wrong: string[] = []
      let equal = 0
      texts.forEach((text, user) => {
        const { gates } = JSON.parse(text) as ResultLine
        for (const [name, cell] of Object.entries(expected[user]!.gates)) {
          const { value, reason } = gates[name]!
          const actual: Cell = reason === 'Unsupported' ? 'U' : value ? 1 : 0
          if (actual === cell) equal++
          else wrong.push(`${name}: expected ${cell}, got ${actual} for ${JSON.stringify(users[user])}`)
        }
      })
      expect(wrong.slice(0, 10).join('\n')).toBe('')
      expect(equal).toBe(67_580)
    })

    test(`checkGate, checkGates and getFeatureGate agree (${backend})`, () => {
      using evaluator = createEvaluator({ specs, idLists, backend })
      const names = Object.keys(expected[0]!.gates)
      for (const user of users.slice(0, 20)) {
        const together = evaluator.checkGates(user, names)
        expect(names.map((name) => evaluator.checkGate(user, name))).toEqual(together)
        expect(names.map((name) => evaluator.getFeatureGate(user, name).value)).toEqual(together)
      }
    })
  }

  test('wasm and native print identical bytes', () => {
    expect(printed.get('native')).toBe(printed.get('wasm'))
  })
})
