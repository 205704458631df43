/** Statsig's config specs (v2), made of their pieces; salts are UUIDs, as Statsig's console gives them out. */

export function payload(gates: Readonly<Record<string, object>>, conditions: Readonly<Record<string, object>>): string {
  return JSON.stringify({
    has_updates: true,
    response_format: 'dcs-v2',
    time: 1_751_362_200_000,
    feature_gates: gates,
    dynamic_configs: {},
    layer_configs: {},
    experiment_to_layer: {},
    condition_map: conditions,
  })
}

/** @param number - of its salt */
export function gate(entity: 'feature_gate' | 'segment', number: number, rules: readonly object[]): object {
  const salt = uuid(number)
  return { type: 'feature_gate', entity, salt, enabled: true, defaultValue: false, idType: 'userID', rules }
}

/** @param number - of its id and salt */
export function rule(number: number, conditions: readonly string[], passPercentage: number): object {
  const id = `rule_${number}`
  return { name: id, id, salt: uuid(10_000 + number), passPercentage, conditions, returnValue: true, idType: 'userID' }
}

export function condition(given: object): object {
  return { operator: null, field: null, targetValue: null, additionalValues: {}, idType: 'userID', ...given }
}

/** The same text for the same number in the shape of a UUID, as services give out salts and ids. */
export function uuid(number: number): string {
  const digits = (Math.imul(number + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')
  return `${digits}-${digits.slice(0, 4)}-4${digits.slice(1, 4)}-8${digits.slice(5, 8)}-${digits}${digits.slice(0, 4)}`
}
