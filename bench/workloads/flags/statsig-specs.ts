/** The flags as Statsig's config specs (v2): the segment is a segment, as Statsig's console makes it. */
import type { User } from '../../../src/node.ts'
import { condition, gate, payload, rule } from '../statsig-payload.ts'
import { audience, everybody, flagNames, type Person, segment } from './definition.ts'

export function statsigUser({ id, email, country, plan, age }: Person): User {
  return { userID: id, email, country, custom: { plan, age } }
}

export function statsigSpecs(): string {
  const segmentName = `segment:${segment.name}`
  const flags = flagNames.map((name, number) => {
    const rules = [
      rule(number * 3, ['in_segment'], 100),
      rule(number * 3 + 1, ['country', 'plan', 'age'], audience.percent),
      rule(number * 3 + 2, ['public'], everybody.percent),
    ]
    return [name, gate('feature_gate', number, rules)] as const
  })
  const ending = { field: 'email', operator: 'str_ends_with_any', targetValue: [segment.emailEnding] }
  return payload(
    { ...Object.fromEntries(flags), [segmentName]: gate('segment', 900, [rule(2000, ['email'], 100)]) },
    {
      in_segment: condition({ type: 'pass_gate', targetValue: segmentName }),
      email: condition({ type: 'user_field', ...ending }),
      country: condition({ type: 'user_field', field: 'country', operator: 'any', targetValue: audience.countries }),
      plan: condition({ type: 'user_field', field: 'plan', operator: 'any', targetValue: [audience.plan] }),
      age: condition({ type: 'user_field', field: 'age', operator: 'gte', targetValue: audience.age }),
      public: condition({ type: 'public' }),
    },
  )
}
