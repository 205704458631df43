/**
 * The specs of the full workload. Every request carries a tag of its own as a user attribute, and for every tag there is
 * one rule in a gate and one in a dynamic config that lets nobody else in and whose id and value nobody else has:
 *
 *     attribute  ask-<worker>-<number>     condition of the two rules
 *     rule id    gate-<worker>-<number>    in gate_<g>: passes for even numbers, fails for odd ones
 *     rule id    config-<worker>-<number>  in config_<g>, with the value { "tag": "value-<worker>-<number>" }
 *
 * Each gate and config has the rules of several workers next to each other. All workers load the same payload, so that the
 * numbers by which the engine names rules and values mean the same to each, and a swapped one shows as a foreign tag.
 */
import type { User } from '../../../node.ts'
import type { WrongKind } from '../result.ts'

const tagsPerWorker = 32
const rulesPerSpec = 8

/** A request with the only right answers to it. */
export interface TaggedRequest {
  readonly attribute: string
  readonly gate: string
  readonly gateRule: string
  readonly passes: boolean
  readonly config: string
  readonly configRule: string
  readonly value: string
}

/** The requests that one of so many workers makes. */
export function taggedRequests(worker: number, workers: number): TaggedRequest[] {
  return Array.from({ length: tagsPerWorker }, (_, number) => taggedRequest(worker, number, workers))
}

/** A new user object with the request's tag. */
export function userOf({ attribute }: TaggedRequest): User {
  return { userID: attribute, custom: { tag: attribute } }
}

/** The payload for so many workers, as JSON in UTF-8. */
export function taggedSpecs(workers: number): Uint8Array<ArrayBuffer> {
  const gates: Record<string, { rules: object[] }> = {}
  const configs: Record<string, { rules: object[] }> = {}
  const conditions: Record<string, object> = {}
  for (let number = 0; number < tagsPerWorker; number++) {
    for (let worker = 0; worker < workers; worker++) {
      const request = taggedRequest(worker, number, workers)
      const { attribute, gate, gateRule, passes, config, configRule, value } = request
      conditions[attribute] = { type: 'user_field', operator: 'any', field: 'tag', targetValue: [attribute], ...unit }
      gates[gate] ??= spec('feature_gate', 'feature_gate', false)
      gates[gate].rules.push(rule(gateRule, attribute, true, passes ? 100 : 0))
      configs[config] ??= spec('dynamic_config', 'dynamic_config', {})
      configs[config].rules.push(rule(configRule, attribute, { tag: value }, 100))
    }
  }
  const payload = {
    has_updates: true,
    time: 1_767_225_600_000,
    feature_gates: gates,
    dynamic_configs: configs,
    layer_configs: {},
    condition_map: conditions,
    experiment_to_layer: {},
  }
  return new TextEncoder().encode(JSON.stringify(payload))
}

/** What an answer with these texts is, none of which is as it should be: told by whose they are. */
export function classifyAnswer(ruleID: string, value: string | undefined): WrongKind {
  const texts = value === undefined ? [ruleID] : [ruleID, value]
  if (texts.some((text) => text.startsWith('ask-'))) return 'argument'
  if (texts.every((text) => /^(gate|config|value)-\d+-\d+$/.test(text))) return 'another'
  return texts.some((text) => text === '' || text === 'default') ? 'nothing' : 'unknown'
}

const unit = { idType: 'userID' }

function taggedRequest(worker: number, number: number, workers: number): TaggedRequest {
  const tag = `${worker}-${number}`
  const group = Math.floor((number * workers + worker) / rulesPerSpec)
  return {
    attribute: `ask-${tag}`,
    gate: `gate_${group}`,
    gateRule: `gate-${tag}`,
    passes: number % 2 === 0,
    config: `config_${group}`,
    configRule: `config-${tag}`,
    value: `value-${tag}`,
  }
}

function spec(type: string, entity: string, defaultValue: unknown): { rules: object[] } {
  return { ...{ type, entity, salt: entity, enabled: true, defaultValue, ...unit }, rules: [] }
}

function rule(id: string, condition: string, returnValue: unknown, passPercentage: number): object {
  return { id, name: id, salt: id, conditions: [condition], returnValue, passPercentage, ...unit }
}
