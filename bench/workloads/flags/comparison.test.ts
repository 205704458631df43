import { expect, test } from 'vitest'
import { checkedShares } from './comparison.ts'
import { expectedShare, flagNames, type Group, people } from './definition.ts'

/** Answers of an engine that gives each group its share exactly, by lots drawn from people and flags in turns. */
function answers(shares: Readonly<Record<Group, number>> = expectedShare): Record<string, string[]> {
  const seen = new Map<Group, number>()
  const given = flagNames.map((flag) => {
    const texts = people.map(({ group }) => {
      const lot = seen.get(group) ?? 0
      seen.set(group, lot + 1)
      return String((lot % 100) / 100 < shares[group])
    })
    return [`flag ${flag}`, texts] as const
  })
  return Object.fromEntries(given)
}

test('an engine with the right shares passes, and its shares are told', () => {
  expect(checkedShares('right', answers())).toEqual(expectedShare)
})

test('one person of the segment without a flag ends the run', () => {
  const given = answers()
  const person = people.findIndex(({ group }) => group === 'segment')
  given['flag flag_07']![person] = 'false'
  expect(() => checkedShares('wrong', given)).toThrow(
    expect.objectContaining({
      code: 'ANSWERS_DIFFER',
      message: expect.stringMatching(/^wrong is wrong about the group "segment": 9999 of 10000 on instead of 100 %/),
    }),
  )
})

test.each([
  ['a rule that leaves its country out', { 'other country': 0.5 }],
  ['a rule that leaves its plan out', { 'other plan': 0.5 }],
  ['a rule that takes the age for older', { 'too young': 0.5 }],
  ['a share that is off by five points', { audience: 0.55 }],
  ['a last rule that nobody gets', { 'other country': 0, 'other plan': 0, 'too young': 0 }],
])('%s ends the run', (_, shares) => {
  expect(() => checkedShares('wrong', answers({ ...expectedShare, ...shares }))).toThrow(
    /wrong is wrong about the group/,
  )
})

test('an answer that is neither true nor false ends the run', () => {
  const given = answers()
  given['flag flag_00']![0] = 'undefined'
  expect(() => checkedShares('wrong', given)).toThrow(/flag flag_00: "undefined" instead of true or false/)
})
