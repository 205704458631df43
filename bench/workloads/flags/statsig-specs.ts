/** The flags as Statsig's config specs (v2): the segment is a segment, as Statsig's console makes it. */

import type { User } from '../../../src/node.ts'
import { audience, everybody, flagNames, type Person, segment, uuid } from './definition.ts'

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
    return [name, gate('feature_gate', number, rules)]
  })
  return JSON.stringify({
    has_updates: true,
    response_format: 'dcs-v2',
    time: 1_751_362_200_000,
    feature_gates: {
      ...Object.fromEntries(flags),
      [segmentName]: gate('segment', 900, [rule(2000, ['email'], 100)]),
    },
    dynamic_configs: {},
    layer_configs: {},
    experiment_to_layer: {},
    condition_map: {
      in_segment: condition({ type: 'pass_gate', targetValue: segmentName }),
      email: condition({
        type: 'user_field',
        field: 'email',
        operator: 'str_ends_with_any',
        targetValue: [segment.emailEnding],
      }),
      country: condition({ type: 'user_field', field: 'country', operator: 'any', targetValue: audience.countries }),
      plan: condition({ type: 'user_field', field: 'plan', operator: 'any', targetValue: [audience.plan] }),
      age: condition({ type: 'user_field', field: 'age', operator: 'gte', targetValue: audience.age }),
      public: condition({ type: 'public' }),
    },
  })
}

function gate(entity: string, number: number, rules: readonly object[]): object {
  return {
    type: 'feature_gate',
    entity,
    salt: uuid(number),
    enabled: true,
    defaultValue: false,
    idType: 'userID',
    rules,
  }
}

function rule(number: number, conditions: readonly string[], passPercentage: number): object {
  const id = `rule_${number}`
  return { name: id, id, salt: uuid(10_000 + number), passPercentage, conditions, returnValue: true, idType: 'userID' }
}

function condition(given: object): object {
  return { operator: null, field: null, targetValue: null, additionalValues: {}, idType: 'userID', ...given }
}
