/** Specs of one gate, open to those whose text matches. */
export function matching(expression: string): string {
  const rule = { name: 'r', id: 'r', salt: 's', passPercentage: 100, returnValue: true, idType: 'userID' }
  const gate = { type: 'feature_gate', entity: 'feature_gate', salt: 's', enabled: true, defaultValue: false }
  const matches = { type: 'user_field', operator: 'str_matches', field: 'text', targetValue: expression }
  return JSON.stringify({
    has_updates: true,
    response_format: 'dcs-v2',
    time: 1_751_362_200_000,
    feature_gates: { gate: { ...gate, idType: 'userID', rules: [{ ...rule, conditions: ['matches'] }] } },
    dynamic_configs: {},
    layer_configs: {},
    experiment_to_layer: {},
    condition_map: { matches: { ...matches, additionalValues: { custom_field: 'text' }, idType: 'userID' } },
  })
}
