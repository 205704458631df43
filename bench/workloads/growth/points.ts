/**
 * What grows, one thing at a time. Every point is asked about ten gates with a user of its own for each call; what is not on the axis
 * stays as it is.
 */
import type { User } from '../../../src/node.ts'
import { condition, gate, payload, rule } from '../statsig-payload.ts'

export const axes = ['gates', 'rules', 'attributes', 'bytes'] as const
export type Axis = (typeof axes)[number]

export interface Point {
  readonly specs: string
  readonly gates: readonly string[]
  /** A new object. */
  readonly makeUser: (number: number) => User
}

export const axisTitles: Readonly<Record<Axis, string>> = {
  gates: 'gates in the payload',
  rules: 'rules of a gate, of which the last matches',
  attributes: 'attributes of the user that no rule reads',
  bytes: 'bytes of specs, by the length of the lists that a rule looks the user up in',
}

export function sizesOf(axis: Axis, isQuick: boolean): readonly number[] {
  const sizes = {
    gates: [10, 100, 1000, 10_000],
    rules: [1, 3, 10, 30, 100],
    attributes: [1, 10, 100, 1000],
    bytes: [1e3, 1e4, 1e5, 1e6],
  }[axis]
  return isQuick ? [sizes[0]!, sizes.at(-1)!] : sizes
}

const askedGates = 10

export function pointOf(axis: Axis, size: number): Point {
  if (axis === 'gates') return usualGates(size)
  if (axis === 'rules') return gatesOfRules(size)
  if (axis === 'bytes') return gatesWithLists(size)
  const { specs, gates } = usualGates(askedGates)
  const attributes = Array.from({ length: size }, (_, number) => [`attribute_${number}`, `value ${number}`] as const)
  // Made once: copying a thousand attributes would be the caller's work, and would hide the engine's.
  const custom = { plan: 'pro', age: 30, ...Object.fromEntries(attributes) }
  return { specs, gates, makeUser: (number) => ({ ...usualUser(number), custom }) }
}

function usualUser(number: number): User {
  const country = number % 2 === 0 ? 'US' : 'DE'
  return { userID: ids[number % ids.length]!, email: 'person@example.com', country, custom: { plan: 'pro', age: 30 } }
}

// As texts come out of a request: what is put together in JavaScript is kept in pieces, which are slower to read.
const ids = JSON.parse(JSON.stringify(Array.from({ length: 1000 }, (_, number) => `user_${number * 7919}`))) as string[]

const usual = {
  email: condition({
    type: 'user_field',
    field: 'email',
    operator: 'str_ends_with_any',
    targetValue: ['@corp.example'],
  }),
  country: condition({ type: 'user_field', field: 'country', operator: 'any', targetValue: ['US', 'GB'] }),
  plan: condition({ type: 'user_field', field: 'plan', operator: 'any', targetValue: ['pro'] }),
  public: condition({ type: 'public' }),
}

function usualGates(count: number): Point {
  const names = Array.from({ length: count }, (_, number) => `gate_${number}`)
  const gates = names.map((name, number) => {
    const rules = [
      rule(number * 3, ['email'], 100),
      rule(number * 3 + 1, ['country', 'plan'], 50),
      rule(number * 3 + 2, ['public'], 10),
    ]
    return [name, gate('feature_gate', number, rules)] as const
  })
  // The same number of gates at every size, from all over the payload.
  const asked = Array.from({ length: askedGates }, (_, number) => names[Math.floor((number * count) / askedGates)]!)
  return { specs: payload(Object.fromEntries(gates), usual), gates: asked, makeUser: usualUser }
}

/** Each rule but the last asks for a plan of its own that nobody is on. */
function gatesOfRules(count: number): Point {
  const plans = Array.from({ length: count - 1 }, (_, number) => `plan_${number}`)
  const conditions = plans.map((plan) => {
    const isPlan = condition({ type: 'user_field', field: 'plan', operator: 'any', targetValue: [plan] })
    return [plan, isPlan] as const
  })
  const names = Array.from({ length: askedGates }, (_, number) => `gate_${number}`)
  const gates = names.map((name, number) => {
    const rules = [...plans, 'public'].map((id, index) => rule(number * count + index, [id], 10))
    return [name, gate('feature_gate', number, rules)] as const
  })
  const specs = payload(Object.fromEntries(gates), { ...Object.fromEntries(conditions), public: usual.public })
  return { specs, gates: names, makeUser: usualUser }
}

/** A list of users is looked through by a rule, as long as the payload has to be. */
function gatesWithLists(bytes: number): Point {
  const names = Array.from({ length: askedGates }, (_, number) => `gate_${number}`)
  const rules = (number: number) => [rule(number * 2, ['listed'], 100), rule(number * 2 + 1, ['public'], 10)]
  const gates = Object.fromEntries(names.map((name, number) => [name, gate('feature_gate', number, rules(number))]))
  const listed = (length: number) => {
    const targetValue = Array.from({ length }, (_, number) => `listed_${number * 7919}`)
    return condition({ type: 'user_field', field: 'userID', operator: 'any', targetValue })
  }
  const specsOf = (length: number) => payload(gates, { listed: listed(length), public: usual.public })
  const empty = specsOf(0).length
  const perUser = (specsOf(10_000).length - empty) / 10_000
  const length = Math.max(1, Math.round((bytes - empty) / perUser))
  return { specs: specsOf(length), gates: names, makeUser: usualUser }
}
