/**
 * The conditions of a config specs payload, one small function for each way in which the shop's rules ask about a
 * user. A condition is plain data; `project.ts` gives equal ones one id.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export interface Condition {
  readonly type: string
  readonly operator: string | null
  readonly field: string | null
  readonly targetValue: Json
  readonly additionalValues: { readonly [key: string]: string }
  readonly idType: string
}

const BUILT_IN_FIELDS = ['userID', 'email', 'ip', 'country', 'locale', 'appVersion', 'userAgent']

function condition(
  type: string,
  operator: string | null,
  field: string | null,
  targetValue: Json,
  rest: Partial<Condition> = {},
): Condition {
  return { type, operator, field, targetValue, additionalValues: {}, idType: 'userID', ...rest }
}

/** Everyone. */
export const everyone = (): Condition => condition('public', null, null, null)

/** A field of the user, or one of its custom or private attributes. */
export function userField(field: string, operator: string, target: Json): Condition {
  const additionalValues: Condition['additionalValues'] = BUILT_IN_FIELDS.includes(field) ? {} : { custom_field: field }
  return condition('user_field', operator, field, target, { additionalValues })
}

/** The country that the user brings along, otherwise that of its IP address. */
export const country = (operator: 'any' | 'none', countries: readonly string[]): Condition =>
  condition('ip_based', operator, 'country', countries)

/** What the user agent says: `os_name`, `os_version`, `browser_name` or `browser_version`. */
export const userAgent = (field: string, operator: string, target: Json): Condition =>
  condition('ua_based', operator, field, target)

/** The environment's tier. */
export const tier = (operator: 'any' | 'none', tiers: readonly string[]): Condition =>
  condition('environment_field', operator, 'tier', tiers)

/** The moment of the evaluation; `date` is an RFC 3339 text. */
export const now = (operator: 'before' | 'after', date: string): Condition =>
  condition('current_time', operator, null, Date.parse(date))

/** Another gate passes, or is held out of by a holdout. */
export const passGate = (name: string, operator: string | null = null): Condition =>
  condition('pass_gate', operator, null, name)

/** Another gate fails. */
export const failGate = (name: string): Condition => condition('fail_gate', null, null, name)

/** The unit ID itself: overrides, ID lists, "has a company". */
export function unitID(idType: string, operator: string, target: Json): Condition {
  const additionalValues: Condition['additionalValues'] = idType === 'userID' ? {} : { custom_id: idType }
  return condition('unit_id', operator, null, target, { additionalValues, idType })
}

/** The unit's bucket, 0 to 999, under a salt. */
export const bucket = (salt: string, operator: string, target: Json, idType = 'userID'): Condition =>
  condition('user_bucket', operator, null, target, { additionalValues: { salt }, idType })

/** A set of buckets as version 2 of the format writes it: an object whose keys are the members. */
export const bucketSet = (buckets: Iterable<number>): Json =>
  Object.fromEntries([...buckets].sort((a, b) => a - b).map((number) => [String(number), true]))

/** The application that the payload is for. */
export const targetApp = (operator: 'any' | 'none', apps: readonly string[]): Condition =>
  condition('target_app', operator, null, apps)
