/**
 * Projects that nobody would write: every condition type, operator and kind of target in random combination, gates nested in gates,
 * layers of both algorithms, mapped experiments. Gates only nest earlier ones (a cycle has an answer of its own, tested elsewhere) and
 * only known ones, and gate rules carry no group names: in those three the native engine has defects that framegate does not repeat.
 */
import { createHash } from 'node:crypto'
import { arrays, dates, numbers, objects, scalars, strings, versions } from './nasty-values.ts'
import { Random } from './random.ts'
import { condition, payload, publicCondition, rule, spec } from './specs.ts'

const customFields = [
  'f',
  'g',
  'Level',
  'level',
  'email',
  'userID',
  'user_id',
  'app_version',
  'appVersion',
  'country',
  'locale',
  'userAgent',
  'os_name',
  'tier',
]
const numericOperators = ['gt', 'gte', 'lt', 'lte']
const versionOperators = ['version_gt', 'version_gte', 'version_lt', 'version_lte', 'version_eq', 'version_neq']
const setOperators = ['any', 'none', 'any_case_sensitive', 'none_case_sensitive']
const textOperators = ['str_starts_with_any', 'str_ends_with_any', 'str_contains_any', 'str_contains_none']
const arrayOperators = ['array_contains_any', 'array_contains_none', 'array_contains_all', 'not_array_contains_all']
const timeOperators = ['before', 'after', 'on']
const patterns = [
  'a',
  '^a$',
  '(?i)É',
  '\\d+',
  '^\\s*$',
  '(?<=x)a',
  '^(a+)+$',
  '\\p{L}',
  '(a)\\1',
  '\\bab\\b',
  '[',
  '',
  '.*',
  '^.{3,}$',
  '\\h',
  '(?<!1)\\.',
  '\\Aa\\z',
  '(?s)a.b',
  '[^\\x00-\\x7f]',
  '(?m)^b$',
  'a++b',
]
const percentages = [100, 100, 100, 0, 50, 10, 33.33, 0.5, 99.99, 0.01, 12.345, -1, 150]
// As an instant, minus infinity is the smallest integer, on which the native engine aborts when asked whether that is `on` a day.
const anyTargets = [...scalars, ...objects].filter((target) => target !== '-infinity')
const listNames = ['list_a', 'missing_list']

export interface RandomProject {
  readonly specs: string
  readonly idLists: Record<string, string>
}

/** The whole project of a seed, about 90 entities. */
export function randomProject(seed: number): RandomProject {
  const random = new Random(seed)
  const conditions: Record<string, unknown> = { public: publicCondition }
  const leaves = Array.from({ length: 110 }, (_, index) => {
    conditions[`leaf${index}`] = leafCondition(random)
    return `leaf${index}`
  })
  const unsupported = ['bad_type', 'bad_operator', 'no_operator', 'not_there']
  conditions.bad_type = condition('user_feeling', { field: 'f', operator: 'any', targetValue: ['a'] })
  conditions.bad_operator = condition('user_field', { field: 'f', operator: 'ANY', targetValue: ['a'] })
  conditions.no_operator = condition('user_field', { field: 'f', targetValue: ['a'] })

  const gates: Record<string, unknown> = {}
  const gateNames: string[] = []
  const conditionNames = (): string[] => {
    const names = random.some(leaves, 3)
    if (random.chance(0.15)) names.push('public')
    if (gateNames.length > 0 && random.chance(0.45)) {
      const type = random.chance(0.7) ? 'pass_gate' : 'fail_gate'
      const gate = random.pick(gateNames)
      const name = `${type} ${gate}`
      conditions[name] ??= condition(type, { targetValue: gate, operator: random.chance(0.5) ? 'any' : null })
      names.splice(random.below(names.length + 1), 0, name)
    }
    if (random.chance(0.015)) names.splice(random.below(names.length + 1), 0, random.pick(unsupported))
    return names
  }
  const rules = (count: number, fields: (index: number) => Record<string, unknown>) =>
    Array.from({ length: count }, (_, index) => randomRule(random, `r${index}`, conditionNames(), fields(index)))

  for (let index = 0; index < 60; index++) {
    const entity = random.pick(['feature_gate', 'feature_gate', 'feature_gate', 'segment', 'holdout'])
    const name = entity === 'segment' ? `segment:s${index}` : `${entity === 'holdout' ? 'holdout' : 'gate'}${index}`
    gates[name] = spec(
      rules(random.below(4), () => ({ returnValue: random.pick([true, true, true, true, false, null, { a: 1 }]) })),
      { entity, defaultValue: random.chance(0.1), ...randomSpecFields(random) },
    )
    gateNames.push(name)
  }

  // Nothing nests it: a mapped gate within a config would lose what the config had found so far, or not, as the order of things has it.
  gates.mapped_gate = spec([], { defaultValue: true })

  const configs: Record<string, unknown> = {}
  for (let index = 0; index < 24; index++) {
    const isExperiment = random.chance(0.7)
    configs[`config${index}`] = spec(
      rules(random.below(5), (position) => ({
        returnValue: random.pick([
          { v: position },
          { v: `text ${position}`, w: [1, 2.5] },
          {},
          null,
          { a: position, b: { c: null } },
        ]),
        ...(isExperiment && random.chance(0.7)
          ? { groupName: `Group ${position}`, isExperimentGroup: random.chance(0.8) }
          : {}),
      })),
      {
        entity: isExperiment ? 'experiment' : 'dynamic_config',
        defaultValue: random.pick([{}, { v: 'default' }, { a: 0, b: 0 }]),
        ...(isExperiment
          ? {
              isActive: random.chance(0.7),
              hasSharedParams: random.chance(0.4),
              ...(random.chance(0.6) ? { explicitParameters: random.some(['v', 'a'], 2) } : {}),
            }
          : {}),
        ...randomSpecFields(random),
      },
    )
  }

  const layers: Record<string, unknown> = {}
  for (let index = 0; index < 8; index++)
    layers[`layer${index}`] = spec(
      rules(1 + random.below(4), (position) => ({
        returnValue: { [random.pick(['v', 'a', 'l'])]: `layer ${position}` },
        ...(random.chance(0.6)
          ? { configDelegate: random.chance(0.9) ? `config${random.below(24)}` : 'no_such_config' }
          : {}),
      })),
      {
        entity: 'layer',
        defaultValue: { v: 'layer', a: 1, b: 2 },
        ...randomSpecFields(random),
        ...(index % 2 === 0 ? { useNewLayerEval: true } : {}),
      },
    )

  const mapping = {
    overrides: {
      config0: [{ new_config_name: 'config1', rules: [{ rule_name: 'half' }, { rule_name: 'some' }] }],
      config2: [
        { new_config_name: 'no_such_config', rules: [{ rule_name: 'half' }] },
        { new_config_name: 'config3', rules: [{ rule_name: 'some', start_time: 0 }, { rule_name: 'unknown_rule' }] },
      ],
      mapped_gate: [{ new_config_name: gateNames[3]!, rules: [{ rule_name: 'half' }] }],
    },
    override_rules: {
      half: rule('half', ['public'], { passPercentage: 50 }),
      some: randomRule(random, 'some', conditionNames(), {}),
    },
  }
  const specs = payload({
    feature_gates: gates,
    dynamic_configs: configs,
    layer_configs: layers,
    condition_map: conditions,
    app_id: 'app_one',
    ...mapping,
  })
  return { specs, idLists: { list_a: idList(['a', '1', 'US', 'true', 'user_1']) } }
}

function randomSpecFields(random: Random): Record<string, unknown> {
  return {
    enabled: random.chance(0.9),
    salt: random.pick(['salt', '', 'é', '0f9a2c1e-0000-4000-8000-123456789abc']),
    idType: random.pick(['userID', 'stableID', '']),
    ...(random.chance(0.6) ? { version: random.below(50) } : {}),
  }
}

function randomRule(
  random: Random,
  id: string,
  conditions: readonly string[],
  fields: Record<string, unknown>,
): Record<string, unknown> {
  const salt = random.pick(['', 'rule salt', 'é', undefined])
  const made = rule(id, conditions, {
    passPercentage: random.pick(percentages),
    idType: random.pick(['userID', 'userID', 'stableID', 'companyID', 'USERID']),
    salt,
    ...fields,
  })
  if (salt === undefined) delete made.salt
  return made
}

function leafCondition(random: Random): Record<string, unknown> {
  const type = random.pick([
    'user_field',
    'user_field',
    'user_field',
    'user_field',
    'user_field',
    'unit_id',
    'user_bucket',
    'environment_field',
    'ip_based',
    'ua_based',
    'current_time',
    'target_app',
  ])
  if (type === 'user_bucket')
    return condition(type, {
      operator: random.pick(['lt', 'gte', 'any', 'none']),
      targetValue: random.chance(0.5)
        ? random.below(1000)
        : Array.from({ length: 300 }, () => random.below(1000)).filter(
            (bucket, index, all) => all.indexOf(bucket) === index,
          ),
      additionalValues: random.chance(0.8) ? { salt: random.pick(['bucket', 'é', '']) } : null,
      idType: random.pick(['userID', 'stableID']),
    })
  if (type === 'current_time')
    return condition(type, {
      operator: random.pick(timeOperators),
      targetValue: random.pick([1, 1672531200000, 99999999999999, '2023-01-01T00:00:00Z']),
    })
  const field =
    type === 'environment_field'
      ? random.pick(['tier', 'Tier', 'region'])
      : type === 'ip_based'
        ? random.pick(['country', 'Country', 'region'])
        : type === 'ua_based'
          ? random.pick(['os_name', 'osVersion', 'browser_name', 'BrowserVersion', 'device', 'f'])
          : random.pick(customFields)
  return condition(type, {
    ...operatorAndTarget(random),
    field,
    idType: random.pick(['userID', 'stableID', 'companyID']),
  })
}

function operatorAndTarget(random: Random): { operator: string; targetValue: unknown } {
  const operator = random.pick([
    ...numericOperators,
    ...versionOperators,
    ...setOperators,
    ...setOperators,
    ...textOperators,
    ...arrayOperators,
    ...timeOperators,
    'eq',
    'neq',
    'eq',
    'neq',
    'str_matches',
    'in_segment_list',
    'not_in_segment_list',
  ])
  if (operator.includes('segment_list')) return { operator, targetValue: random.pick(listNames) }
  if (operator === 'str_matches') return { operator, targetValue: random.pick(patterns) }
  if (random.chance(0.1)) return { operator, targetValue: random.pick(anyTargets) }
  if (numericOperators.includes(operator))
    return { operator, targetValue: random.pick([...numbers, ...numbers.map(String)]) }
  if (versionOperators.includes(operator)) return { operator, targetValue: random.pick(versions) }
  if (timeOperators.includes(operator)) return { operator, targetValue: random.pick([...numbers, ...dates]) }
  if (operator === 'eq' || operator === 'neq')
    return {
      operator,
      targetValue: random.pick([
        ...scalars,
        ...objects,
        ...objects,
        ...arrays.filter((array) => !collides(array as unknown[])),
      ]),
    }
  return { operator, targetValue: random.some([...strings, ...strings, ...scalars, ...arrays, ...objects], 6) }
}

function idList(members: readonly string[]): string {
  return members.map((member) => `+${createHash('sha256').update(member).digest('base64').slice(0, 8)}\n`).join('')
}

// The native engine aborts on such targets.
function collides(array: readonly unknown[]): boolean {
  const texts = array.map((element) => (typeof element === 'string' ? element : JSON.stringify(element)).toLowerCase())
  return new Set(texts).size < texts.length
}
