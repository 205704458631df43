/**
 * What an engine answers about the flags, beside what the definition says. Engines with Statsig's semantics must answer as core
 * does. The others draw lots by hashes of their own: of them the rule without a lot must hold for each person, and in each group the
 * share of flags that are on must be the share of the rule that is to decide there, so that a rule that is wrongly made shows.
 */

import type { Answers } from '../../../src/cli/bench/contestant.ts'
import { CommandError } from '../../../src/cli/errors.ts'
import { expectedShare, type Group, groups, people } from './definition.ts'

/**
 * Ten thousand answers stand behind a share. Were each a lot of its own, half a point would be one standard deviation; three
 * points are six.
 */
const tolerance = 0.03

export type Shares = Readonly<Record<Group, number>>

/**
 * The share of flags that are on, by group.
 *
 * @throws {@link CommandError} `ANSWERS_DIFFER`
 */
export function checkedShares(engine: string, answers: Answers): Shares {
  const counts = new Map(groups.map((group) => [group, { on: 0, all: 0 }]))
  for (const [question, given] of Object.entries(answers))
    people.forEach(({ group }, person) => {
      const answer = given[person]
      if (answer !== 'true' && answer !== 'false') throw wrong(engine, question, `"${answer}" instead of true or false`)
      const count = counts.get(group)!
      count.all++
      if (answer === 'true') count.on++
    })
  const shares = groups.map((group) => {
    const { on, all } = counts.get(group)!
    const share = on / all
    const expected = expectedShare[group]
    const isRight = expected === 0 || expected === 1 ? share === expected : Math.abs(share - expected) <= tolerance
    if (!isRight) throw wrong(engine, `the group "${group}"`, `${on} of ${all} on instead of ${expected * 100} %`)
    return [group, share]
  })
  return Object.fromEntries(shares) as unknown as Shares
}

function wrong(engine: string, where: string, what: string): CommandError {
  return new CommandError(
    'ANSWERS_DIFFER',
    `${engine} is wrong about ${where}: ${what}; nothing was measured: mend its definition in bench/engines`,
  )
}
