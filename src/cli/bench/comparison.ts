/** Answers beside the reference's: how fast a wrong answer came is of no interest, so a difference ends the run. */
import { CommandError } from '../errors.ts'
import type { Answers } from './contestant.ts'

/** A question that an engine answers differently from the reference. */
export interface Difference {
  readonly engine: string
  readonly question: string
  readonly users: number
  /** Of the first of them. */
  readonly given: string
  readonly right: string
}

/** Of what both were asked. */
export function differences(engine: string, given: Answers, right: Answers): Difference[] {
  return Object.entries(given).flatMap(([question, texts]): Difference[] => {
    const expected = right[question]
    if (expected === undefined) return []
    if (texts.length !== expected.length)
      return [
        { engine, question, users: expected.length, given: `${texts.length} answers`, right: `${expected.length}` },
      ]
    const wrong = texts.flatMap((text, user) => (text === expected[user] ? [] : [user]))
    const [first] = wrong
    if (first === undefined) return []
    return [{ engine, question, users: wrong.length, given: texts[first]!, right: expected[first]! }]
  })
}

/**
 * Ends the run on any difference that is not known.
 *
 * @returns the known ones
 * @throws {@link CommandError} `ANSWERS_DIFFER`
 */
export function onlyKnown(
  found: readonly Difference[],
  isKnown: (difference: Difference) => boolean,
  reference: string,
): readonly Difference[] {
  const wrong = found.find((difference) => !isKnown(difference))
  if (wrong === undefined) return found
  const { engine, question, users, given, right } = wrong
  throw new CommandError(
    'ANSWERS_DIFFER',
    `${engine} answers "${question}" differently from ${reference} for ${users} users (${short(given)} instead of ${short(right)}): nothing was measured; one of the two is wrong, or they were not asked the same`,
  )
}

function short(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}...` : text
}
