// What the evaluator answers with. A result knows its name and its outcome; everything else is read from the outcome
// when it is asked for.

import { FLAG } from './layout.ts'
import type { Outcome } from './outcome.ts'
import type { EvaluationDetails, JsonObject, JsonValue, SecondaryExposure } from './types.ts'

abstract class Result {
  readonly name: string
  protected readonly outcome: Outcome

  constructor(name: string, outcome: Outcome) {
    this.name = name
    this.outcome = outcome
  }

  /** The id of the rule that decided; `default` or `disabled` when none did, empty when nothing was evaluated. */
  get ruleID(): string {
    return this.outcome.ruleID
  }

  /** The unit type of the asked spec. */
  get idType(): string {
    return this.outcome.idType
  }

  get details(): EvaluationDetails {
    return this.outcome.details()
  }

  /** The gates evaluated on the way, in order and with repetitions. */
  get secondaryExposures(): readonly SecondaryExposure[] {
    return this.outcome.secondaryExposures
  }

  /** The result's own fields, for `JSON.stringify`. */
  abstract toJSON(): object

  /** What `console.log` shows on Node, Deno and Bun. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON()
  }
}

/** The answer to a feature gate. */
export class FeatureGate extends Result {
  /** Whether the gate is open. */
  get value(): boolean {
    return this.outcome.is(FLAG.value)
  }

  override toJSON(): object {
    const { name, value, ruleID, idType, details, secondaryExposures } = this
    return { name, value, ruleID, idType, details, secondaryExposures }
  }
}

/** What has parameters: a config, an experiment or a layer. */
abstract class Parameters extends Result {
  /** The parameters, deeply frozen and shared by all results with this value. */
  abstract get value(): JsonObject

  /** The parameter `key`, if it is of the same JSON type as `fallback`; a `null` fallback accepts any. */
  get<Fallback extends JsonValue>(key: string, fallback: Fallback): Fallback {
    const value = this.getValue(key)
    if (value === undefined) return fallback
    return fallback === null || kindOf(value) === kindOf(fallback) ? (value as Fallback) : fallback
  }

  /** The parameter `key` whatever its type, or `fallback`. */
  getValue(key: string, fallback?: JsonValue): JsonValue | undefined {
    return Object.hasOwn(this.value, key) ? this.value[key] : fallback
  }
}

/** The answer to a dynamic config. */
export class DynamicConfig extends Parameters {
  /** The parameters, deeply frozen; `{}` for an unknown config. */
  override get value(): JsonObject {
    return this.outcome.value
  }

  /** Whether a rule let the user in. */
  get passed(): boolean {
    return this.outcome.is(FLAG.value)
  }

  override toJSON(): object {
    const { name, value, ruleID, idType, details, secondaryExposures, passed } = this
    return { name, value, ruleID, idType, details, secondaryExposures, passed }
  }
}

/** The answer to an experiment or a bandit. */
export class Experiment extends DynamicConfig {
  /** The group that the user is in; `null` outside all groups. */
  get groupName(): string | null {
    return this.outcome.groupName
  }

  get isExperimentActive(): boolean {
    return this.outcome.is(FLAG.active)
  }

  /** Whether the user is in one of the experiment's groups. */
  get isUserInExperiment(): boolean {
    return this.outcome.is(FLAG.inGroup)
  }

  get isInLayer(): boolean {
    return this.outcome.is(FLAG.inLayer)
  }

  /** The parameters that the experiment owns in its layer; `null` when the spec does not say. */
  get explicitParameters(): readonly string[] | null {
    return this.outcome.explicitParameters
  }

  override toJSON(): object {
    const { groupName, isExperimentActive, isUserInExperiment } = this
    return { ...super.toJSON(), groupName, isExperimentActive, isUserInExperiment }
  }
}

/** The answer to a layer. */
export class Layer extends Parameters {
  #merged: { value: JsonObject; ruleIDs: Readonly<Record<string, string>> } | undefined

  override get value(): JsonObject {
    return this.#merge()?.value ?? this.outcome.value
  }

  get groupName(): string | null {
    return this.outcome.groupName
  }

  /** The experiment that decided, if one did. */
  get allocatedExperimentName(): string | null {
    return this.outcome.delegate
  }

  get isExperimentActive(): boolean {
    return this.outcome.is(FLAG.active)
  }

  get isUserInExperiment(): boolean {
    return this.outcome.is(FLAG.inGroup)
  }

  /** The parameters that the allocated experiment owns. */
  get explicitParameters(): readonly string[] {
    return this.outcome.explicitParameters ?? []
  }

  /** The exposures that were there before an experiment was entered: those of parameters it does not own. */
  get undelegatedSecondaryExposures(): readonly SecondaryExposure[] {
    return this.outcome.undelegatedSecondaryExposures
  }

  /** The rule that each parameter comes from, for layers that merge their rules; `null` for others. */
  get parameterRuleIDs(): Readonly<Record<string, string>> | null {
    return this.#merge()?.ruleIDs ?? null
  }

  override toJSON(): object {
    const { name, value, ruleID, idType, details, secondaryExposures, groupName, allocatedExperimentName } = this
    return { name, value, ruleID, idType, details, secondaryExposures, groupName, allocatedExperimentName }
  }

  /** Each parameter from the first rule that has it. */
  #merge() {
    const { contributions } = this.outcome
    if (!contributions) return undefined
    if (!this.#merged) {
      const values = new Map<string, JsonValue>()
      const ruleIDs = new Map<string, string>()
      for (const [value, ruleID] of contributions) {
        for (const [key, parameter] of Object.entries(value)) {
          if (values.has(key)) continue
          values.set(key, parameter)
          ruleIDs.set(key, ruleID)
        }
      }
      this.#merged = {
        value: Object.freeze(Object.fromEntries(values)),
        ruleIDs: Object.freeze(Object.fromEntries(ruleIDs)),
      }
    }
    return this.#merged
  }
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
