/** Specs in the older payload shape (v1), which `statsig-node` takes: specs in lists, conditions inside their rules, sets as lists. */

interface Condition {
  readonly operator?: string | null
  readonly targetValue?: unknown
}

interface Rule {
  readonly conditions: readonly string[]
  readonly passPercentage: number
  readonly returnValue: unknown
}

interface Spec {
  readonly rules: readonly Rule[]
}

interface Payload {
  readonly condition_map: Record<string, Condition>
  readonly experiment_to_layer?: Record<string, string>
  readonly [field: string]: unknown
}

export function legacySpecs(specs: string): string {
  const { condition_map, experiment_to_layer, ...rest } = JSON.parse(specs) as Payload
  const lists = Object.fromEntries(
    ['feature_gates', 'dynamic_configs', 'layer_configs'].map((kind) => [
      kind,
      Object.entries(rest[kind] as Record<string, Spec>).map(([name, spec]) => ({
        name,
        ...spec,
        rules: spec.rules.map((rule) => ({
          ...holdoutRule(rule),
          conditions: rule.conditions.map((id) => withListTarget(condition_map[id] ?? {})),
        })),
      })),
    ]),
  )
  const layers: Record<string, string[]> = {}
  for (const [experiment, layer] of Object.entries(experiment_to_layer ?? {}))
    layers[layer] = [...(layers[layer] ?? []), experiment]
  return JSON.stringify({ ...rest, ...lists, layers, response_format: 'dcs-v1' })
}

// A rule that holds users out lets all of them through to `false` in the newer shape, and none of them through to `true` in the older.
function holdoutRule(rule: Rule): Rule {
  return rule.returnValue === false && rule.passPercentage === 100
    ? { ...rule, passPercentage: 0, returnValue: true }
    : rule
}

function withListTarget(condition: Condition): Condition {
  const { operator, targetValue } = condition
  const isSet =
    (operator === 'any' || operator === 'none') &&
    typeof targetValue === 'object' &&
    targetValue !== null &&
    !Array.isArray(targetValue)
  return isSet ? { ...condition, targetValue: Object.keys(targetValue) } : condition
}
