/** Users as fast-check arbitraries: attributes of every type, drawn from the edges and from the specs' own targets. */
import fc from 'fast-check'
import type { User } from '../../src/node.ts'
import { addresses, anyValues, loneSurrogates, strings, userAgents, versions } from './nasty-values.ts'

/** What a project's rules look at, so that random users reach the rules and do not all fall through to the default. */
export interface Vocabulary {
  readonly customFields: readonly string[]
  readonly unitIds: readonly string[]
  readonly environmentFields: readonly string[]
  readonly values: readonly unknown[]
}

export function randomUser(vocabulary: Vocabulary): fc.Arbitrary<User> {
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...vocabulary.values, ...anyValues, ...loneSurrogates, loneSurrogates) },
    { weight: 1, arbitrary: jsonValue },
    { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
    { weight: 1, arbitrary: fc.integer() },
  )
  const text = fc.oneof(
    fc.constantFrom(
      ...vocabulary.values.filter((candidate) => typeof candidate === 'string'),
      ...strings,
      ...loneSurrogates,
    ),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  const attributes = fc.dictionary(fc.constantFrom(...vocabulary.customFields), value, { maxKeys: 12 })
  const unitId = fc.oneof(text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.uuid())
  return fc.record(
    {
      userID: fc.oneof(
        text,
        fc.uuid(),
        fc.nat({ max: 5000 }).map((number) => `user_${number}`),
      ),
      customIDs: fc.dictionary(fc.constantFrom(...vocabulary.unitIds), unitId, { maxKeys: 3 }),
      email: fc.oneof(text, fc.emailAddress()),
      ip: fc.oneof(fc.constantFrom(...addresses), fc.ipV4(), fc.ipV6()),
      userAgent: fc.oneof(fc.constantFrom(...userAgents), text),
      country: fc.oneof(text, fc.constantFrom('US', 'us', 'GB', 'DE', 'FR')),
      locale: fc.oneof(text, fc.constantFrom('en_US', 'de_DE')),
      appVersion: fc.oneof(text, fc.constantFrom(...versions)),
      custom: attributes,
      privateAttributes: attributes,
      statsigEnvironment: fc.dictionary(
        fc.constantFrom(...vocabulary.environmentFields),
        fc.oneof(text, fc.constantFrom('production', 'staging', 'development')),
        { maxKeys: 2 },
      ),
    },
    { requiredKeys: [] },
  ) as unknown as fc.Arbitrary<User>
}

/** All the field names, unit ids and scalar targets that occur in a payload. */
export function vocabularyOf(specs: string): Vocabulary {
  const { condition_map } = JSON.parse(specs) as {
    condition_map: Record<string, { type: string; field: string | null; idType: string; targetValue: unknown }>
  }
  const customFields = new Set(['user_id', 'app_version', 'email', 'country', 'userID', 'os_name'])
  const unitIds = new Set(['stableID', 'companyID'])
  const environmentFields = new Set(['tier'])
  const values = new Set<unknown>()
  for (const { type, field, idType, targetValue } of Object.values(condition_map)) {
    if (idType !== 'userID') unitIds.add(idType).add(idType.toLowerCase())
    if (typeof field === 'string') (type === 'environment_field' ? environmentFields : customFields).add(field)
    if (type === 'user_field' && typeof field === 'string') customFields.add(field.toLowerCase())
    for (const target of Array.isArray(targetValue) ? targetValue.slice(0, 20) : [targetValue])
      if (type !== 'user_bucket' && target !== null && typeof target !== 'object') values.add(target)
  }
  customFields.delete('ip')
  return {
    customFields: [...customFields],
    unitIds: [...unitIds],
    environmentFields: [...environmentFields],
    values: [...values],
  }
}

const jsonValue = fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' })
