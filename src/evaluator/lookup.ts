// Where a spec's fields are found in a user (as Statsig's engine looks them up). One reader per field is made
// when specs load, so that a call does nothing but read properties.

import { type Countries, hasFourParts } from './country.ts'
import { deepFreeze } from './freeze.ts'
import type { EvaluatorOptions, JsonValue, Operator, User } from './types.ts'

/** A field of the user or of what surrounds it, by kind and name. */
type PlainFieldName = readonly [kind: 'user' | 'unit' | 'environment', name: string]

/** What the engine asks for: a field, the country of an address, or what a custom operator says of a field. */
export type FieldName =
  | PlainFieldName
  | readonly [kind: 'country', name: 'ip']
  | readonly [kind: 'custom', operator: string, PlainFieldName, target: JsonValue]

/** A field that specs read. */
export interface Field {
  readonly number: number
  /** Offset of its slot in a frame. */
  readonly slot: number
  readonly name: FieldName
  readonly read: Reader
}

/** Finds a field's value; `undefined` when the user has none. The result may be anything a caller put there. */
export type Reader = (user: User) => unknown

type TopLevel = 'userID' | 'email' | 'ip' | 'country' | 'locale' | 'appVersion' | 'userAgent'

const TOP_LEVEL: Readonly<Record<string, TopLevel>> = {
  userid: 'userID',
  email: 'email',
  ip: 'ip',
  country: 'country',
  locale: 'locale',
  appversion: 'appVersion',
  useragent: 'userAgent',
}

/** A function for each: one that reads a property of any name finds it three times as slowly. */
const READ: Readonly<Record<TopLevel, Reader>> = {
  userID: ({ userID }) => userID,
  email: ({ email }) => email,
  ip: ({ ip }) => ip,
  country: ({ country }) => country,
  locale: ({ locale }) => locale,
  appVersion: ({ appVersion }) => appVersion,
  userAgent: ({ userAgent }) => userAgent,
}

const ALIASES: Readonly<Record<string, TopLevel>> = {
  user_id: 'userID',
  app_version: 'appVersion',
  user_agent: 'userAgent',
}

/** What lookups take from the options and the payload. */
export interface Surroundings {
  readonly environment: string | undefined
  readonly globalCustomFields: EvaluatorOptions['globalCustomFields']
  readonly operators: EvaluatorOptions['operators']
  readonly countries: (() => Countries) | undefined
}

/** Whether there is a custom operator of that name. */
export function hasOperator(surroundings: Surroundings, name: string): boolean {
  return operatorCalled(name, surroundings) !== undefined
}

/** Makes the reader of a field. */
export function reader(field: FieldName, surroundings: Surroundings): Reader {
  const [kind, name] = field
  switch (kind) {
    case 'custom':
      return customReader(name, reader(field[2], surroundings), field[3], surroundings)
    case 'user':
      return userReader(name, surroundings.globalCustomFields)
    case 'unit':
      return unitReader(name)
    case 'environment':
      return environmentReader(name, surroundings.environment)
    case 'country':
      return countryReader(name, surroundings)
  }
}

/** The field's name as a developer would write it. */
export function describe(field: FieldName): string {
  const [kind, name] = field
  switch (kind) {
    case 'custom':
      return describe(field[2])
    case 'user':
    case 'country': {
      const lower = name.toLowerCase()
      return own(TOP_LEVEL, lower) ?? own(ALIASES, lower) ?? `custom.${name}`
    }
    case 'unit':
      return name === 'userID' ? name : `customIDs.${name}`
    case 'environment':
      return `statsigEnvironment.${name}`
  }
}

function userReader(name: string, globals: EvaluatorOptions['globalCustomFields']): Reader {
  const lower = name.toLowerCase()
  const topLevel = own(TOP_LEVEL, lower)
  const read = topLevel && READ[topLevel]
  const alias = own(ALIASES, lower)
  const spellings = name === lower ? [name] : [name, lower]
  const inCustom = member(spellings)
  const global = globals ? inCustom(globals) : undefined
  return (user) => {
    if (read !== undefined) {
      const value = read(user)
      if (hasText(value)) return value
    }
    const { custom, privateAttributes } = user
    if (custom) {
      const value = inCustom(custom)
      if (value !== undefined) return value
    }
    if (global !== undefined) return global
    if (privateAttributes) {
      const value = inCustom(privateAttributes)
      if (value !== undefined) return value
    }
    return alias === undefined ? undefined : (user[alias] ?? undefined)
  }
}

function unitReader(idType: string): Reader {
  if (idType === 'userID') return (user) => user.userID ?? undefined
  const lower = idType.toLowerCase()
  const find = member(idType === lower ? [idType] : [idType, lower])
  return ({ customIDs }) => (customIDs ? find(customIDs) : undefined)
}

function environmentReader(field: string, tier: string | undefined): Reader {
  const find = member([field])
  const instance = field.toLowerCase() === 'tier' ? tier : undefined
  return ({ statsigEnvironment }) => (statsigEnvironment ? find(statsigEnvironment) : undefined) ?? instance
}

/** Absent for what is no address of a country, null where there is no table to look it up in. */
function countryReader(name: string, { globalCustomFields, countries }: Surroundings): Reader {
  const country = userReader('country', globalCustomFields)
  const ip = userReader(name, globalCustomFields)
  return (user) => {
    const own = country(user)
    // The engine takes the user's own country before this one. An array may still be found to be no JSON, and is none then.
    if (own !== undefined && typeof own !== 'object') return undefined
    const address = ip(user)
    if (typeof address !== 'string') return undefined
    if (countries !== undefined) return countries().of(address)
    return hasFourParts(address) ? null : undefined
  }
}

/** Absent without such an operator, null when it gave no answer. What reading the user throws is not the operator's. */
function customReader(name: string, base: Reader, target: JsonValue, surroundings: Surroundings): Reader {
  const operator = operatorCalled(name, surroundings)
  if (operator === undefined) return () => undefined
  const frozen = deepFreeze(target)
  return (user) => {
    const value = base(user) as JsonValue | undefined
    try {
      const answer: unknown = operator(value, frozen)
      return typeof answer === 'boolean' ? answer : null
    } catch {
      return null
    }
  }
}

function operatorCalled(name: string, { operators }: Surroundings): Operator | undefined {
  const operator: unknown = operators && own(operators, name)
  return typeof operator === 'function' ? (operator as Operator) : undefined
}

type Members = Readonly<Record<string, unknown>>

/** Reads the first spelling that an object has. Names that every object inherits need the slower question. */
function member(spellings: readonly string[]): (members: Members) => unknown {
  const [first, second] = spellings as [string, string?]
  if (spellings.some((name) => name in Object.prototype)) {
    return (members) => own(members, first) ?? (second === undefined ? undefined : own(members, second))
  }
  if (second === undefined) return (members) => members[first]
  return (members) => {
    const value = members[first]
    return value === undefined ? members[second] : value
  }
}

function own<Value>(members: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined
}

/** Whether a value has a text, and that text is not empty. */
function hasText(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value !== ''
    case 'number':
    case 'boolean':
      return true
    default:
      return Array.isArray(value)
  }
}
