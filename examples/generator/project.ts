/**
 * Collects gates, configs, experiments and layers and puts them together as a download-config-specs payload,
 * version 2. Salts and ids are derived from names, so a new spec changes nothing about the others.
 */

import { createHash } from 'node:crypto'
import { bucket, type Condition, everyone, failGate, type Json, passGate, unitID } from './conditions.ts'

export interface RuleDraft {
  readonly when: readonly Condition[]
  /** Per cent of the units that meet the conditions; 100 unless told. */
  readonly pass?: number
  readonly value?: Json
  /** One of the conventional ids, such as `layerAssignment`; otherwise the id is derived. */
  readonly id?: string
  readonly idType?: string
  readonly group?: string
  readonly delegate?: string
}

export interface SpecOptions {
  readonly idType?: string
  readonly enabled?: boolean
  readonly defaultValue?: Json
  readonly holdouts?: readonly string[]
  readonly version?: number
}

export interface Group {
  readonly name: string
  /** Share of the allocated units in per cent. */
  readonly share: number
  readonly value: { readonly [parameter: string]: Json }
  readonly overrideIDs?: readonly string[]
}

export interface ExperimentOptions extends SpecOptions {
  readonly state?: 'active' | 'prestart' | 'abandoned' | 'shipped'
  readonly targetingGate?: string
  readonly inlineTargeting?: string
  /** The rule before all others that keeps out the units that the layer has not allocated. */
  readonly unallocated?: Condition
  readonly layer?: string
  /** An abandoned or shipped experiment gives this to everyone. */
  readonly finalValue?: Json
}

export interface LayerOptions extends SpecOptions {
  readonly useNewLayerEval?: boolean
}

type Spec = { [key: string]: Json }

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const digest = (text: string): Buffer => createHash('sha256').update(`larch-and-loom/${text}`).digest()

/** A UUID that belongs to a name. */
export function uuidOf(name: string): string {
  const hex = digest(`uuid/${name}`).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A base-62 id of 21 or 22 characters that belongs to a name. */
export function idOf(name: string): string {
  const bytes = digest(`id/${name}`)
  const length = 21 + ((bytes[31] ?? 0) & 1)
  return Array.from(bytes.subarray(0, length), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('')
}

export class Project {
  readonly gates: Record<string, Spec> = {}
  readonly configs: Record<string, Spec> = {}
  readonly layers: Record<string, Spec> = {}
  readonly cmabs: Record<string, Json> = {}
  readonly overrides: Record<string, Json> = {}
  readonly overrideRules: Record<string, Json> = {}
  readonly experimentToLayer: Record<string, string> = {}
  readonly #conditionIDs = new Map<string, string>()
  readonly #conditions: Record<string, Condition> = {}

  gate(name: string, rules: readonly RuleDraft[], options: SpecOptions = {}): void {
    const overrides = rules.filter((rule) => rule.id?.endsWith('override'))
    const others = rules.filter((rule) => !overrides.includes(rule))
    this.gates[name] = this.#spec(
      'feature_gate',
      'feature_gate',
      name,
      [...overrides, ...this.#holdoutRules(options, false, 100), ...others],
      options,
    )
  }

  segment(name: string, rules: readonly RuleDraft[], options: SpecOptions = {}): void {
    this.gates[name] = this.#spec('feature_gate', 'segment', name, rules, options)
  }

  /** A unit that passes this gate is held out. */
  holdout(name: string, rules: readonly RuleDraft[], options: SpecOptions = {}): void {
    this.gates[name] = this.#spec('feature_gate', 'holdout', name, rules, options)
  }

  config(name: string, defaultValue: Json, rules: readonly RuleDraft[], options: SpecOptions = {}): void {
    const filled = { ...options, defaultValue }
    this.configs[name] = this.#spec(
      'dynamic_config',
      'dynamic_config',
      name,
      [...this.#holdoutRules(filled, defaultValue, 0), ...rules],
      filled,
    )
  }

  experiment(name: string, defaultValue: Json, groups: readonly Group[], options: ExperimentOptions = {}): void {
    const { state = 'active', idType = 'userID', targetingGate, inlineTargeting, unallocated, finalValue } = options
    const rules: RuleDraft[] = groups.flatMap((group) =>
      group.overrideIDs
        ? [
            {
              id: `${idOf(`${name}/${group.name}`)}:${idType}:id_override`,
              when: [unitID(idType, 'any', group.overrideIDs)],
              value: group.value,
              group: group.name,
            },
          ]
        : [],
    )
    rules.push(...this.#holdoutRules(options, defaultValue, 0))
    if (state === 'prestart') rules.push({ id: 'prestart', when: [everyone()], value: defaultValue })
    if (state === 'abandoned' || state === 'shipped')
      rules.push({ id: 'abandoned', when: [everyone()], value: finalValue ?? defaultValue })
    if (unallocated) rules.push({ id: 'layerAssignment', when: [unallocated], value: defaultValue })
    if (targetingGate) rules.push({ id: 'targetingGate', when: [failGate(targetingGate)], value: defaultValue })
    if (inlineTargeting)
      rules.push({ id: 'inlineTargetingRules', when: [failGate(inlineTargeting)], value: defaultValue })
    let upTo = 0
    for (const group of groups) {
      upTo += group.share * 10
      rules.push({
        id: idOf(`${name}/${group.name}`),
        when: [bucket(uuidOf(name), 'lt', upTo, idType)],
        value: group.value,
        group: group.name,
      })
    }
    const spec = this.#spec('dynamic_config', 'experiment', name, rules, { ...options, defaultValue })
    this.configs[name] = {
      ...spec,
      isActive: state === 'active' && options.enabled !== false,
      explicitParameters: [...new Set(groups.flatMap((group) => Object.keys(group.value)))],
      hasSharedParams: options.layer !== undefined,
    }
    if (options.layer) this.experimentToLayer[name] = options.layer
  }

  /** The entry under which a bandit's name is listed; its decisions come from `cmabs`. */
  autotune(name: string, defaultValue: Json): void {
    this.configs[name] = { ...this.#spec('dynamic_config', 'autotune', name, [], { defaultValue }), isActive: true }
  }

  layer(name: string, defaultValue: Json, rules: readonly RuleDraft[], options: LayerOptions = {}): void {
    const filled = { ...options, defaultValue }
    this.layers[name] = this.#spec(
      'dynamic_config',
      'layer',
      name,
      [...this.#holdoutRules(filled, defaultValue, 100), ...rules],
      filled,
    )
    if (options.useNewLayerEval) this.layers[name] = { ...this.layers[name], useNewLayerEval: true }
  }

  /** Moves a part of the units of one experiment to another experiment. */
  remap(from: string, to: string, ruleName: string, startTime: number, rule: RuleDraft): void {
    this.overrides[from] = [{ new_config_name: to, rules: [{ rule_name: ruleName, start_time: startTime }] }]
    this.overrideRules[ruleName] = this.#rule(ruleName, 0, { id: ruleName, ...rule }, 'userID', {})
  }

  payload(facts: { readonly time: number; readonly appID: string; readonly idLists: readonly string[] }): {
    [key: string]: Json
  } {
    return {
      has_updates: true,
      response_format: 'dcs-v2',
      time: facts.time,
      company_id: idOf('company'),
      app_id: facts.appID,
      id_lists: Object.fromEntries(facts.idLists.map((name) => [name, true])),
      feature_gates: this.gates,
      dynamic_configs: this.configs,
      layer_configs: this.layers,
      experiment_to_layer: this.experimentToLayer,
      cmab_configs: this.cmabs,
      overrides: this.overrides,
      override_rules: this.overrideRules,
      condition_map: this.#conditions as unknown as Json,
    }
  }

  /** Held-out gates answer false through a rule that passes; configs fall back to their default through one that does not. */
  #holdoutRules(options: SpecOptions, value: Json, pass: number): RuleDraft[] {
    return (options.holdouts ?? []).map((holdout) => ({
      id: idOf(`holdout/${holdout}`),
      when: [passGate(holdout, 'any')],
      pass,
      value,
    }))
  }

  #spec(type: string, entity: string, name: string, rules: readonly RuleDraft[], options: SpecOptions): Spec {
    const {
      idType = 'userID',
      enabled = true,
      defaultValue = false,
      version = 1 + ((digest(name)[0] ?? 0) % 24),
    } = options
    const emptyValue: Json = type === 'feature_gate' ? true : {}
    return {
      type,
      entity,
      salt: uuidOf(name),
      enabled,
      defaultValue,
      idType,
      version,
      rules: rules.map((draft, index) => this.#rule(name, index, draft, idType, emptyValue)),
    }
  }

  #rule(owner: string, index: number, draft: RuleDraft, idType: string, emptyValue: Json): Spec {
    const { pass = 100, value = emptyValue, group, delegate } = draft
    const derived = idOf(`${owner}/${index}`)
    const id = draft.id ?? (pass === 100 ? derived : `${derived}:${pass.toFixed(2)}:${index + 2}`)
    const isGroup = group !== undefined && !id.endsWith('override')
    return {
      name: id,
      id,
      salt: draft.id === undefined || isGroup || (pass > 0 && pass < 100) ? uuidOf(`${owner}/${index}`) : '',
      passPercentage: pass,
      conditions: draft.when.map((condition) => this.#intern(condition)),
      returnValue: value,
      idType: draft.idType ?? idType,
      ...(group === undefined ? {} : { groupName: group }),
      ...(isGroup ? { isExperimentGroup: true } : {}),
      ...(delegate === undefined ? {} : { configDelegate: delegate }),
    }
  }

  /** Equal conditions share one entry of the condition map, under a decimal id. */
  #intern(condition: Condition): string {
    const text = JSON.stringify(condition)
    const known = this.#conditionIDs.get(text)
    if (known !== undefined) return known
    let number = digest(text).readUInt32BE(0)
    while (this.#conditions[number]) number += 1
    this.#conditions[number] = condition
    this.#conditionIDs.set(text, String(number))
    return String(number)
  }
}
