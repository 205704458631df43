/** What of a payload is asked for. */
import type { Evaluator } from '../../node.ts'
import { makeUser, userCount } from './users.ts'

export interface AskedNames {
  readonly gates: readonly string[]
  readonly configs: readonly string[]
  readonly experiments: readonly string[]
  readonly layers: readonly { readonly name: string; readonly parameters: readonly string[] }[]
}

/** Everything that a program asks for: no segments, no holdouts, and no bandits, whose answers are random. */
export function askedNames(evaluator: Evaluator): AskedNames {
  const { gates, dynamicConfigs, autotunes, layers } = evaluator.list
  const experiments = evaluator.list.experiments.filter((name) => !autotunes.includes(name))
  return {
    gates,
    configs: dynamicConfigs,
    experiments,
    layers: layers.map((name) => ({ name, parameters: parametersOf(evaluator, name) })),
  }
}

/** Of all users together: a layer's parameters come from whatever rule or experiment decides. */
function parametersOf(evaluator: Evaluator, layer: string): string[] {
  const found = new Set<string>()
  for (let user = 0; user < userCount; user++)
    for (const name of Object.keys(evaluator.getLayer(makeUser(user), layer).value)) found.add(name)
  return [...found].sort()
}
