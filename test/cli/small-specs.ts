/** A payload with one spec of each kind that the command treats differently, small enough to know every answer by heart. */

type Condition = { type: string; operator?: string; field?: string; targetValue?: unknown; idType: string }

const conditions = {
  anyone: { type: 'public', idType: 'userID' },
  level_10: { type: 'user_field', operator: 'gte', field: 'level', targetValue: 10, idType: 'userID' },
  staff_mail: {
    type: 'user_field',
    operator: 'str_ends_with_any',
    field: 'email',
    targetValue: ['@example.com'],
    idType: 'userID',
  },
  is_staff: { type: 'pass_gate', targetValue: 'segment:staff', idType: 'userID' },
  is_experienced: { type: 'pass_gate', targetValue: 'experienced', idType: 'userID' },
  since_2030: { type: 'current_time', operator: 'after', targetValue: 1_893_456_000_000, idType: 'userID' },
  production: {
    type: 'environment_field',
    operator: 'any',
    field: 'tier',
    targetValue: ['production'],
    idType: 'userID',
  },
  from_mars: { type: 'user_field', operator: 'any', field: 'planet', targetValue: ['mars'], idType: 'userID' },
  not_known_here: {
    type: 'user_field',
    operator: 'no_such_operator',
    field: 'email',
    targetValue: 1,
    idType: 'userID',
  },
} satisfies Record<string, Condition>

type ConditionName = keyof typeof conditions

function rule(id: string, condition: ConditionName, returnValue: unknown, more: object = {}) {
  return { id, name: id, passPercentage: 100, conditions: [condition], returnValue, idType: 'userID', ...more }
}

function spec(entity: string, rules: object[], defaultValue: unknown, more: object = {}) {
  const type =
    entity === 'feature_gate' || entity === 'segment' || entity === 'holdout' ? 'feature_gate' : 'dynamic_config'
  return { type, entity, salt: `salt of ${entity}`, enabled: true, defaultValue, rules, idType: 'userID', ...more }
}

/** A payload in the v2 shape; a new object at every call, for tests that change it. */
export function smallSpecs() {
  return {
    has_updates: true,
    time: 1_767_225_600_000,
    feature_gates: {
      everyone: spec('feature_gate', [rule('all', 'anyone', true)], false, { version: 7 }),
      experienced: spec('feature_gate', [rule('level', 'level_10', true)], false),
      behind_experienced: spec('feature_gate', [rule('nested', 'is_experienced', true)], false),
      half: spec('feature_gate', [rule('half', 'anyone', true, { passPercentage: 50 })], false),
      in_2030: spec('feature_gate', [rule('later', 'since_2030', true)], false),
      on_production: spec('feature_gate', [rule('tier', 'production', true)], false),
      unsupported: spec('feature_gate', [rule('strange', 'not_known_here', true)], false),
      'segment:staff': spec('segment', [rule('mail', 'staff_mail', true)], false),
      holdout: spec('holdout', [rule('held', 'from_mars', false)], false),
    },
    dynamic_configs: {
      banner: spec('dynamic_config', [rule('staff', 'is_staff', { text: 'hello, staff' })], { text: 'hello' }),
      button: spec(
        'experiment',
        [
          rule('blue_group', 'level_10', { colour: 'blue' }, { groupName: 'Blue', isExperimentGroup: true }),
          rule('red_group', 'anyone', { colour: 'red' }, { groupName: 'Red', isExperimentGroup: true }),
        ],
        { colour: 'grey' },
        { isActive: true, explicitParameters: ['colour'], hasSharedParams: true },
      ),
      tuned: spec('autotune', [rule('arm', 'anyone', { arm: 1 }, { groupName: 'One' })], {}),
    },
    layer_configs: {
      looks: spec('layer', [rule('to_button', 'level_10', {}, { configDelegate: 'button' })], { colour: 'grey' }),
    },
    condition_map: { ...conditions } as Record<string, Condition>,
    experiment_to_layer: { button: 'looks' },
  }
}

/** The same with a gate `invited` for the users of an ID list of that name. */
export function specsWithIdList() {
  const specs = smallSpecs()
  const invited = { type: 'unit_id', operator: 'in_segment_list', targetValue: 'invited', idType: 'userID' }
  return {
    ...specs,
    feature_gates: {
      ...specs.feature_gates,
      invited: spec('feature_gate', [{ ...rule('list', 'anyone', true), conditions: ['invited'] }], false),
    },
    condition_map: { ...specs.condition_map, invited },
  }
}
