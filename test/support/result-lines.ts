/**
 * Evaluates users with framegate and gives what `framegate eval` would print for them, through the command's own writer, so that
 * the line format is tested along with the answers; and compares such lines entity by entity.
 */
import { ByteBuffer } from '../../src/cli/byte-buffer.ts'
import { ResultLineWriter } from '../../src/cli/result-line.ts'
import { selectEntities } from '../../src/cli/selection.ts'
import { createEvaluator, type Evaluator, type User } from '../../src/node.ts'
import type { Backend } from './backends.ts'
import { shortened, sortedJson } from './canonical-json.ts'
import type { DataSet } from './data-sets.ts'

export type ResultEntry = Record<string, unknown> & { value?: unknown }

export interface ResultLine {
  readonly user: number
  readonly gates: Record<string, ResultEntry>
  readonly configs: Record<string, ResultEntry>
  readonly layers: Record<string, ResultEntry>
}

export interface Difference {
  readonly user: number
  readonly kind: 'gates' | 'configs' | 'layers'
  readonly name: string
  readonly expected: string
  readonly actual: string
}

/** Evaluates everything in the specs, as `framegate eval` without names selects it. */
export class LineEvaluator {
  readonly #evaluator: Evaluator
  readonly #writer: ResultLineWriter
  readonly #bytes = new ByteBuffer()

  constructor(evaluator: Evaluator) {
    this.#evaluator = evaluator
    this.#writer = new ResultLineWriter(selectEntities(evaluator, {}))
  }

  /** The user's line, ended by a line feed. */
  text(user: User, index: number): string {
    this.#writer.write(this.#evaluator.bind(user), index, this.#bytes)
    return decoder.decode(this.#bytes.take())
  }
}

const decoder = new TextDecoder()

/** One text per user, each ending in a line feed. */
export function resultTexts(evaluator: Evaluator, users: readonly User[]): string[] {
  const lines = new LineEvaluator(evaluator)
  return users.map((user, index) => lines.text(user, index))
}

const evaluated = new Map<string, string[]>()

/** The result texts of a whole data set, evaluated once per backend and test file. */
export function evaluateSet(set: DataSet, backend: Backend): string[] {
  const key = `${set.name} ${backend}`
  let texts = evaluated.get(key)
  if (texts === undefined) {
    using evaluator = createEvaluator({ specs: set.specs(), idLists: set.idLists(), backend })
    texts = resultTexts(evaluator, set.allUsers())
    evaluated.set(key, texts)
  }
  return texts
}

/** Every entity that differs, or is on one side only. Key order does not count, the order of exposures does. */
export function compareLines(
  expected: readonly ResultLine[],
  actual: readonly ResultLine[],
): { compared: number; differences: Difference[] } {
  const differences: Difference[] = []
  let compared = 0
  for (let user = 0; user < Math.max(expected.length, actual.length); user++)
    for (const kind of ['gates', 'configs', 'layers'] as const) {
      const wanted = expected[user]?.[kind] ?? {}
      const got = actual[user]?.[kind] ?? {}
      for (const name of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
        compared++
        const texts = { expected: entryText(wanted[name], wanted[name]), actual: entryText(got[name], wanted[name]) }
        if (texts.expected !== texts.actual) differences.push({ user, kind, name, ...texts })
      }
    }
  return { compared, differences }
}

/** The first differences in words, for a failed expectation. */
export function describeDifferences(differences: readonly Difference[], users: readonly User[], limit = 5): string {
  return differences
    .slice(0, limit)
    .map(
      ({ user, kind, name, expected, actual }) =>
        `${kind} ${name} of user ${user} ${JSON.stringify(users[user])}\n  expected ${expected}\n  actual   ${actual}`,
    )
    .join('\n')
}

function entryText(entry: ResultEntry | undefined, expected: ResultEntry | undefined): string {
  if (entry === undefined) return 'absent'
  const isShortened =
    typeof expected?.value === 'object' && expected.value !== null && '__sha256_canonical_json' in expected.value
  return sortedJson(isShortened && entry !== expected ? { ...entry, value: shortened(entry.value) } : entry)
}
