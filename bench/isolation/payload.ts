/**
 * Payloads of any size, the same for the same numbers: gates of three rules with salts of their own, which share conditions
 * on country, email, plan and age as the gates of one product do; each tenth gate asks another one, and to each ten gates
 * there is a dynamic config. Payloads with other seeds have the same names and other salts, rules and answers.
 */
import type { User } from '../../src/node.ts'

interface Contents {
  readonly gates: number
  readonly seed: number
}

/** A payload of so many gates. */
export function payload({ gates, seed }: Contents): string {
  const random = randomOf(seed)
  const conditions = sharedConditions(gates, random)
  const shared = [...conditions.keys()]
  const featureGates: Record<string, unknown> = {}
  const dynamicConfigs: Record<string, unknown> = {}
  for (let number = 0; number < gates; number++) {
    const chosen = () => [pick(shared, random), ...(random() < 0.3 ? [pick(shared, random)] : [])]
    const own = [chosen(), chosen(), ['public']]
    if (asksAnother(number)) own[0] = [nestedCondition(conditions, gateName(Math.floor(random() * number)))]
    featureGates[gateName(number)] = spec('feature_gate', random, own, () => true, false)
    if (number % 10 !== 3) continue
    const value = (size: number) => ({ color: `#${hex(random, 6)}`, size, title: `Offer ${hex(random, 8)}` })
    dynamicConfigs[`config_${number}`] = spec('dynamic_config', random, own, value, value(0))
  }
  return JSON.stringify({
    has_updates: true,
    response_format: 'dcs-v2',
    time: 1_751_362_200_000 + seed,
    feature_gates: featureGates,
    dynamic_configs: dynamicConfigs,
    layer_configs: {},
    experiment_to_layer: {},
    condition_map: Object.fromEntries(conditions),
  })
}

/** A payload of about so many bytes, and how many gates it has. */
export function payloadOfBytes(bytes: number, seed: number): { readonly specs: string; readonly gates: number } {
  const sample = 2000
  const gates = Math.ceil((bytes / payload({ gates: sample, seed }).length) * sample)
  return { specs: payload({ gates, seed }), gates }
}

/** The names of the gates of every payload with so many. */
export function gateNames(gates: number): string[] {
  return Array.from({ length: gates }, (_, number) => gateName(number))
}

/** A new object with new objects in it, with every field that the payloads ask for. */
export function subscriber(number: number): User {
  return {
    userID: `user_${number * 7919}`,
    email: `person${number}@${pick(domains, () => (number % 7) / 7)}`,
    country: countries[number % countries.length],
    locale: number % 2 === 0 ? 'en_US' : 'de_DE',
    appVersion: `${number % 4}.${number % 10}.${number % 7}`,
    customIDs: { companyID: `company_${number % 50}` },
    custom: { plan: plans[number % plans.length], age: 16 + (number % 60), seats: number % 300 },
  }
}

function spec(
  entity: 'feature_gate' | 'dynamic_config',
  random: () => number,
  conditions: readonly string[][],
  ruleValue: (rule: number) => unknown,
  defaultValue: unknown,
) {
  return {
    type: entity,
    entity,
    salt: uuid(random),
    enabled: random() < 0.97,
    defaultValue,
    idType: 'userID',
    version: 1 + Math.floor(random() * 40),
    rules: conditions.map((ids, number) => {
      const id = hex(random, 22)
      return {
        name: id,
        id,
        salt: uuid(random),
        passPercentage: pick(percentages, random),
        conditions: ids,
        returnValue: ruleValue(number + 1),
        idType: random() < 0.15 ? 'companyID' : 'userID',
      }
    }),
  }
}

/** One condition to four gates. */
function sharedConditions(gates: number, random: () => number): Map<string, unknown> {
  const conditions = new Map<string, unknown>()
  const count = Math.max(8, Math.floor(gates / 4))
  for (let number = 0; number < count; number++) {
    const field = (name: string, operator: string, targetValue: unknown, isCustom = true) =>
      condition('user_field', operator, name, targetValue, isCustom ? { custom_field: name } : {})
    const kinds = [
      () => field('country', 'any', some(countries, random), false),
      () => field('country', 'none', some(countries, random), false),
      () => field('email', 'str_ends_with_any', [`@${pick(domains, random)}`, `@${hex(random, 8)}.example`], false),
      () => field('email', 'str_contains_any', [`person${Math.floor(random() * 100)}`, hex(random, 6)], false),
      () => field('plan', 'any', some(plans, random)),
      () => field('age', 'gte', 16 + Math.floor(random() * 50)),
      () => field('seats', 'lt', Math.floor(random() * 300)),
      () => field('appVersion', 'version_gte', `${Math.floor(random() * 4)}.${Math.floor(random() * 10)}`, false),
    ]
    conditions.set(String(2_000_000_000 + Math.floor(random() * 2 ** 31)), kinds[number % kinds.length]!())
  }
  conditions.set('public', condition('public', null, null, null, {}))
  return conditions
}

function nestedCondition(conditions: Map<string, unknown>, gate: string): string {
  const id = `passes ${gate}`
  conditions.set(id, condition('pass_gate', null, null, gate, {}))
  return id
}

function condition(type: string, operator: string | null, field: string | null, targetValue: unknown, more: object) {
  return { type, operator, field, targetValue, additionalValues: more, idType: 'userID' }
}

function asksAnother(number: number): boolean {
  return number % 10 === 7
}

function gateName(number: number): string {
  return `${areas[number % areas.length]}_${features[number % features.length]}_${number}`
}

/** Numbers from 0 up to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function uuid(random: () => number): string {
  return [8, 4, 4, 4, 12].map((length) => hex(random, length)).join('-')
}

function hex(random: () => number, length: number): string {
  let digits = ''
  while (digits.length < length)
    digits += Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return digits.slice(0, length)
}

function pick<Value>(values: readonly Value[], random: () => number): Value {
  return values[Math.floor(random() * values.length)]!
}

function some<Value>(values: readonly Value[], random: () => number): Value[] {
  const chosen = values.filter(() => random() < 0.4)
  return chosen.length === 0 ? [values[0]!] : chosen
}

const areas = ['checkout', 'search', 'profile', 'billing', 'onboarding', 'mobile', 'admin']
const features = ['redesign', 'fast_path', 'beta', 'dark_mode', 'new_copy', 'holdback', 'export', 'retry', 'limits']
const countries = ['US', 'GB', 'DE', 'FR', 'BR', 'IN', 'JP', 'CA', 'NL', 'SE', 'PL', 'ES']
const plans = ['free', 'plus', 'pro', 'business', 'enterprise']
const domains = ['example.com', 'mail.example', 'corp.example', 'school.example', 'acme.example', 'news.example']
const percentages = [0, 5, 10, 25, 50, 50, 75, 90, 100, 100]
