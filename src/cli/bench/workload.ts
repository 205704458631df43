/** The questions that are timed, and the same questions' answers as texts that can be compared. */

import type { Answers, Contestant, Turn } from './contestant.ts'
import type { AskedUser, Read, StatsigEngine } from './engine.ts'
import type { AskedNames } from './names.ts'
import { makeUser, userCount } from './users.ts'

export const gatesPerRequest = 50

/** The measurements in their order. */
export const measurements = {
  fresh: 'gates, a fresh user for every gate',
  request: `gates, one user x ${gatesPerRequest}`,
  same: 'gates, the same user object on and on',
  configs: 'dynamic configs, one user x all',
  experiments: 'experiments, one user x all',
  layers: 'layers with their parameters, one user x all',
  gateExposures: "gates' exposures read, one user x all",
  experimentExposures: "experiments' exposures read, one user x all",
} as const
export type Measurement = keyof typeof measurements

// Enough for one turn to be far longer than the turn of the event loop after it.
const callsPerTurn = 4096

export function contestant(engine: StatsigEngine, names: AskedNames): Contestant {
  const { gates, configs, experiments, layers } = names
  const turns: Partial<Record<Measurement, Turn>> = {}
  const has = engine.about(makeUser(0))
  if (gates.length > 0) {
    turns.fresh = freshTurn(engine, gates)
    turns.request = requestTurn(engine, gates.slice(0, gatesPerRequest), countOpen)
    turns.same = sameTurn(engine, gates)
    if (has.gateExposures) turns.gateExposures = requestTurn(engine, gates, countGateExposures)
  }
  if (configs.length > 0) turns.configs = requestTurn(engine, configs, readConfigs)
  if (experiments.length > 0) {
    turns.experiments = requestTurn(engine, experiments, readExperiments)
    if (has.experimentExposures) turns.experimentExposures = requestTurn(engine, experiments, countExperimentExposures)
  }
  if (layers.length > 0) turns.layers = requestTurn(engine, layers, readLayers)
  return { version: engine.version, turns, answers: () => allAnswers(engine, names) }
}

function freshTurn(engine: StatsigEngine, gates: readonly string[]): Turn {
  let user = 0
  let gate = 0
  return () => {
    for (let call = 0; call < callsPerTurn; call++) {
      engine.checkGate(makeUser(user), gates[gate]!)
      if (++gate === gates.length) {
        gate = 0
        user = (user + 1) % userCount
      }
    }
    return callsPerTurn
  }
}

function sameTurn(engine: StatsigEngine, gates: readonly string[]): Turn {
  const asked = engine.about(makeUser(1))
  const times = Math.ceil(callsPerTurn / gates.length)
  return () => {
    for (let time = 0; time < times; time++) countOpen(asked, gates)
    return times * gates.length
  }
}

/** A new user for each request, which asks about everything in the list. */
function requestTurn<Asked>(
  engine: StatsigEngine,
  asked: readonly Asked[],
  ask: (user: AskedUser, asked: readonly Asked[]) => number,
): Turn {
  const requests = Math.ceil(callsPerTurn / asked.length)
  let user = 0
  return () => {
    for (let request = 0; request < requests; request++) {
      ask(engine.about(makeUser(user)), asked)
      user = (user + 1) % userCount
    }
    return requests * asked.length
  }
}

function countOpen(user: AskedUser, gates: readonly string[]): number {
  let open = 0
  for (const gate of gates) if (user.gate(gate)) open++
  return open
}

// What is read has an effect, so that no compiler can leave the reading out.
const touch: Read<number> = (value, ruleID) => (value === null ? 0 : ruleID.length)

function readConfigs(user: AskedUser, configs: readonly string[]): number {
  let read = 0
  for (const config of configs) read += user.config(config, touch)
  return read
}

function readExperiments(user: AskedUser, experiments: readonly string[]): number {
  let read = 0
  for (const experiment of experiments) read += user.experiment(experiment, touch)
  return read
}

function readLayers(user: AskedUser, layers: AskedNames['layers']): number {
  let read = 0
  for (const { name, parameters } of layers) read += user.layer(name, parameters, touch)
  return read
}

function countGateExposures(user: AskedUser, gates: readonly string[]): number {
  let read = 0
  for (const gate of gates) read += user.gateExposures!(gate).length
  return read
}

function countExperimentExposures(user: AskedUser, experiments: readonly string[]): number {
  let read = 0
  for (const experiment of experiments) read += user.experimentExposures!(experiment).length
  return read
}

function allAnswers(engine: StatsigEngine, { gates, configs, experiments, layers }: AskedNames): Answers {
  const users = Array.from({ length: userCount }, (_, user) => engine.about(makeUser(user)))
  const answers: Record<string, string[]> = {}
  for (const name of gates) answers[`gate ${name}`] = users.map((user) => String(user.gate(name)))
  for (const name of configs) answers[`config ${name}`] = users.map((user) => user.config(name, asText))
  for (const name of experiments) answers[`experiment ${name}`] = users.map((user) => user.experiment(name, asText))
  for (const { name, parameters } of layers)
    answers[`layer ${name}`] = users.map((user) => user.layer(name, parameters, asText))
  if (users[0]?.experimentExposures)
    // A gate that was evaluated twice on the way is listed twice by some, once by others.
    for (const name of experiments)
      answers[`exposures of ${name}`] = users.map((user) => [...new Set(user.experimentExposures!(name))].join('; '))
  return answers
}

const asText: Read<string> = (value, ruleID) => `${ruleID} ${JSON.stringify(sorted(value))}`

/** With the keys of objects in order: engines keep them in orders of their own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
