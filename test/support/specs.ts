/** Small payloads (v2) for tests: everything a payload must have, with what the test is about laid over it. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export function condition(type: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { type, operator: null, field: null, targetValue: null, additionalValues: {}, idType: 'userID', ...fields }
}

export const publicCondition = condition('public')

/** Passes or fails with another gate. */
export function nested(gate: string, type: 'pass_gate' | 'fail_gate' = 'pass_gate'): Record<string, unknown> {
  return condition(type, { targetValue: gate })
}

/** A rule that returns true to everybody whom its conditions let in. */
export function rule(
  id: string,
  conditions: readonly string[],
  fields: Record<string, unknown> = {},
): Record<string, unknown> {
  return { name: id, id, salt: id, idType: 'userID', passPercentage: 100, conditions, returnValue: true, ...fields }
}

/** A gate, unless `fields.entity` says otherwise. */
export function spec(
  rules: readonly Record<string, unknown>[],
  fields: Record<string, unknown> = {},
): Record<string, unknown> {
  const entity = fields.entity ?? 'feature_gate'
  const isGate = entity === 'feature_gate' || entity === 'segment' || entity === 'holdout'
  return {
    type: isGate ? 'feature_gate' : 'dynamic_config',
    entity,
    salt: 'salt',
    enabled: true,
    defaultValue: isGate ? false : {},
    idType: 'userID',
    rules,
    ...fields,
  }
}

/** The payload as text. */
export function payload(fields: Record<string, unknown>): string {
  return JSON.stringify({
    has_updates: true,
    time: 1_700_000_000_000,
    response_format: 'dcs-v2',
    feature_gates: {},
    dynamic_configs: {},
    layer_configs: {},
    condition_map: {},
    experiment_to_layer: {},
    ...fields,
  })
}
