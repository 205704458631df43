/**
 * The flag that every engine can express, in one definition from which each engine's own format is made: who is in the segment (by the
 * ending of the email) gets it; who is in one of two countries, on a plan and old enough gets it at 50 %; everybody else at 10 %.
 */

export const segment = { name: 'corporate', emailEnding: '@corp.example' } as const
export const audience = { countries: ['US', 'GB'], plan: 'pro', age: 18, percent: 50 } as const
export const everybody = { percent: 10 } as const

export const flagNames = Array.from({ length: 50 }, (_, number) => `flag_${String(number).padStart(2, '0')}`)

/** Whom an engine makes its own context of, inside the measured time. */
export interface Person {
  readonly id: string
  readonly email: string
  readonly country: string
  readonly plan: string
  readonly age: number
}

/** Which rule is to decide for a person; the groups of `everybody` each miss one condition of the audience's rule. */
export type Group = 'segment' | 'audience' | 'other country' | 'other plan' | 'too young'

export const expectedShare: Readonly<Record<Group, number>> = {
  segment: 1,
  audience: audience.percent / 100,
  'other country': everybody.percent / 100,
  'other plan': everybody.percent / 100,
  'too young': everybody.percent / 100,
}

export const groups = Object.keys(expectedShare) as Group[]

const made = Array.from({ length: 1000 }, (_, number): Person & { readonly group: Group } => {
  const group = groups[number % groups.length]!
  // The youngest that are old enough and the oldest that are not are among them.
  const age = group === 'too young' ? audience.age - 1 - (number % 10) : audience.age + (number % 40)
  const country = group === 'other country' || number % 10 === 0 ? 'DE' : audience.countries[number % 2]!
  const plan = group === 'other plan' || number % 15 === 0 ? 'free' : audience.plan
  const ending = group === 'segment' ? segment.emailEnding : '@mail.example'
  return { id: `person-${number * 7919}`, email: `p${number}${ending}`, country, plan, age, group }
})

/**
 * So many of each group that a share over all of its people and flags is within a point of what it should be. Their texts are as they
 * come out of a request: what is put together in JavaScript is kept in pieces, which are slower to read.
 */
export const people = JSON.parse(JSON.stringify(made)) as typeof made
