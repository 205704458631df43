import { describe, expect, test } from 'vitest'
import { Countries } from './country.ts'
import { describe as name, reader } from './lookup.ts'
import type { User } from './types.ts'

const nowhere = {
  environment: undefined,
  globalCustomFields: undefined,
  operators: undefined,
  countries: undefined,
}
const field = (field: string, user: User) => reader(['user', field], nowhere)(user)
const unit = (type: string, user: User) => reader(['unit', type], nowhere)(user)

describe('user fields', () => {
  test('a top-level value with a text comes before custom ones, an empty one after', () => {
    expect(field('Email', { email: 'top', custom: { email: 'custom' } })).toBe('top')
    expect(field('email', { email: '', custom: { email: 'custom' } })).toBe('custom')
    expect(field('email', { email: '' })).toBeUndefined()
  })

  test('custom fields are found as spelled, then in lower case', () => {
    expect(field('Plan', { custom: { Plan: 1, plan: 2 } })).toBe(1)
    expect(field('Plan', { custom: { plan: 2 } })).toBe(2)
    expect(field('plan', { custom: { Plan: 1 } })).toBeUndefined()
  })

  test('a null in custom hides what private attributes have', () => {
    expect(field('plan', { custom: { plan: null }, privateAttributes: { plan: 'x' } })).toBeNull()
    expect(field('plan', { privateAttributes: { plan: 'x' } })).toBe('x')
  })

  test('global custom fields stand between custom and private ones', () => {
    const read = reader(['user', 'plan'], { ...nowhere, globalCustomFields: { plan: 'global' } })
    expect(read({ custom: { plan: 'own' } })).toBe('own')
    expect(read({ privateAttributes: { plan: 'private' } })).toBe('global')
  })

  test('aliases come last and may be empty', () => {
    expect(field('user_id', { userID: 'top', custom: { user_id: 'custom' } })).toBe('custom')
    expect(field('user_id', { userID: '' })).toBe('')
    expect(field('app_version', { appVersion: '1.2' })).toBe('1.2')
  })

  test('what every object inherits is not a field', () => {
    expect(field('constructor', { custom: {} })).toBeUndefined()
    expect(field('constructor', { custom: { constructor: 'own' } as never })).toBe('own')
    expect(field('__proto__', { custom: {} })).toBeUndefined()
  })
})

describe('unit ids', () => {
  test('userID is the top-level one in any spelling', () => {
    expect(unit('userID', { userID: 'u', customIDs: { userID: 'c' } })).toBe('u')
    expect(unit('userID', { customIDs: { userID: 'c' } })).toBeUndefined()
  })

  test('others are found as spelled, then in lower case', () => {
    expect(unit('companyID', { customIDs: { companyID: 'a', companyid: 'b' } })).toBe('a')
    expect(unit('companyID', { customIDs: { companyid: 'b' } })).toBe('b')
    expect(unit('companyID', { customIDs: { COMPANYID: 'c' } })).toBeUndefined()
  })
})

test('the environment is the user’s own, then the instance’s tier', () => {
  const surroundings = { ...nowhere, environment: 'staging' }
  const tier = reader(['environment', 'Tier'], surroundings)
  expect(tier({ statsigEnvironment: { Tier: 'production' } })).toBe('production')
  expect(tier({ statsigEnvironment: { tier: 'production' } })).toBe('staging')
  expect(reader(['environment', 'region'], surroundings)({})).toBeUndefined()
})

describe('the field of the country by IP', () => {
  // 0.0.0.0 to 0.0.0.255 nowhere, 0.0.1.0 to 0.0.1.255 in AA, the rest in BB.
  const table = [...'--AABB**', 1, 0, 1, 1, 242, 255, 255, 2].map((byte) =>
    typeof byte === 'string' ? byte.charCodeAt(0) : byte,
  )
  const countries = new Countries(Uint8Array.from(table))
  const read = reader(['country', 'ip'], { ...nowhere, countries: () => countries })
  const readWithout = reader(['country', 'ip'], nowhere)

  test.each<[string, User, string | undefined]>([
    ['an address', { ip: '0.0.1.0' }, 'AA'],
    ['an address of no country', { ip: '0.0.0.0' }, undefined],
    ['an address among custom fields', { custom: { ip: '0.1.2.0' } }, 'BB'],
    ['no address', {}, undefined],
    ['a number', { ip: 1.5 }, undefined],
    ['an array whose text is an address', { ip: ['0.0.1.0'] }, undefined],
    ['an empty country of its own', { country: '', ip: '0.0.1.0' }, 'AA'],
    ['an array as country, which the engine looks at first', { country: [], ip: '0.0.1.0' }, 'AA'],
  ])('of a user with %s', (_, user, country) => {
    expect(read(user)).toBe(country)
  })

  test('asks for no address where the user names a country', () => {
    const user = {
      get ip(): string {
        throw new Error('asked')
      },
    }
    expect(read(Object.assign(user, { country: 'US' }))).toBeUndefined()
    expect(read(Object.assign(user, { country: 0 }) as never)).toBeUndefined()
  })

  test('is null without a table, for a text of four parts alone', () => {
    expect(readWithout({ ip: '0.0.1.0' })).toBeNull()
    expect(readWithout({ ip: 'a.b.c.d' })).toBeNull()
    expect(readWithout({ ip: '::1' })).toBeUndefined()
    expect(readWithout({ ip: ['0.0.1.0'] })).toBeUndefined()
    expect(readWithout({ country: 'US', ip: '0.0.1.0' })).toBeUndefined()
  })
})

test('fields are named as a developer writes them', () => {
  expect(name(['user', 'USERID'])).toBe('userID')
  expect(name(['user', 'app_version'])).toBe('appVersion')
  expect(name(['country', 'ip'])).toBe('ip')
  expect(name(['user', 'plan'])).toBe('custom.plan')
  expect(name(['unit', 'stableID'])).toBe('customIDs.stableID')
  expect(name(['environment', 'tier'])).toBe('statsigEnvironment.tier')
})
