/**
 * The results of one user as a line of JSON:
 *
 *     {"user":0,"gates":{NAME:{…}},"configs":{NAME:{…}},"layers":{NAME:{…}}}
 *
 *     gate            id_type reason rule_id secondary_exposures value version?
 *     segment,holdout id_type reason rule_id value version?
 *     dynamic config  id_type passed reason rule_id secondary_exposures value version?
 *     experiment      explicit_parameters? group_name? id_type is_experiment_active is_in_layer? is_user_in_experiment
 *                     reason rule_id secondary_exposures value version?
 *     autotune        as experiment, without is_experiment_active and is_user_in_experiment
 *     layer           allocated_experiment_name? explicit_parameters group_name? id_type is_experiment_active?
 *                     is_user_in_experiment? reason rule_id secondary_exposures undelegated_secondary_exposures value version?
 *
 * Names stand in code point order and an entry's fields in alphabetical order, so two runs can be compared as bytes.
 * Most users get an entry that an earlier user had: entries are remembered as bytes, see `entry-memory.ts`.
 */
import type { BoundUser, DynamicConfig, Experiment, FeatureGate, Layer, SecondaryExposure } from '../node.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { EntryMemory, type Facts } from './entry-memory.ts'
import type { ConfigEntity, Selection } from './selection.ts'

/** Writes lines for one selection; keeps what repeats from user to user, within bounds that the specs set. */
export class ResultLineWriter {
  readonly #gates: readonly { name: string; entries: EntryMemory }[]
  readonly #configs: readonly { name: string; entity: ConfigEntity; entries: EntryMemory }[]
  readonly #layers: readonly { name: string; entries: EntryMemory }[]

  constructor({ gates, configs, layers }: Selection) {
    this.#gates = gates.map(({ name, isGate }, index) => ({
      name,
      entries: new EntryMemory(entryKey(name, index), isGate ? gateText : gateTextWithoutExposures),
    }))
    this.#configs = configs.map(({ name, entity }, index) => ({
      name,
      entity,
      entries: new EntryMemory(entryKey(name, index), configTexts[entity]),
    }))
    this.#layers = layers.map((name, index) => ({ name, entries: new EntryMemory(entryKey(name, index), layerText) }))
  }

  /**
   * Evaluates the whole selection for a bound user and appends its line, ended by a line feed; `user` is its 0-based
   * number in the input. When an evaluation throws, nothing is appended.
   */
  write(bound: BoundUser, user: number, into: ByteBuffer): void {
    const start = into.length
    try {
      into.append(pieces.user)
      into.appendNumber(user)
      into.append(pieces.gates)
      for (const { name, entries } of this.#gates) into.append(entries.bytes(factsOfGate(bound.getFeatureGate(name))))
      into.append(pieces.configs)
      for (const { name, entity, entries } of this.#configs) {
        const facts =
          entity === 'dynamic_config'
            ? factsOfConfig(bound.getDynamicConfig(name))
            : factsOfExperiment(bound.getExperiment(name))
        into.append(entries.bytes(facts))
      }
      into.append(pieces.layers)
      for (const { name, entries } of this.#layers) {
        const layer = bound.getLayer(name)
        const facts = factsOfLayer(layer)
        // A layer that merges its rules has a new value object for each user: nothing to find again.
        into.append(layer.parameterRuleIDs === null ? entries.bytes(facts) : entries.encoded(facts))
      }
      into.append(pieces.end)
    } catch (error) {
      into.truncate(start)
      throw error
    }
  }
}

/** Appends the line of a user that could not be evaluated. */
export function writeErrorLine(user: number, code: string, message: string, into: ByteBuffer): void {
  into.append(encode(`{"user":${user},"error":${JSON.stringify({ code, message })}}\n`))
}

/** The exposures in order, each (gate, value, rule) once, at its first place. */
export function withoutDuplicates(exposures: readonly SecondaryExposure[]): readonly SecondaryExposure[] {
  return exposures.length < 2 ? exposures : exposures.filter((exposure, index) => isFirst(exposures, exposure, index))
}

// Lists are as long as a spec's nesting, so looking back beats building a set of keys.
function isFirst(exposures: readonly SecondaryExposure[], exposure: SecondaryExposure, index: number): boolean {
  for (let earlier = 0; earlier < index; earlier++) {
    const other = exposures[earlier]
    if (other?.gate === exposure.gate && other.ruleID === exposure.ruleID && other.gateValue === exposure.gateValue)
      return false
  }
  return true
}

const encoder = new TextEncoder()
const encode = (text: string) => encoder.encode(text)

const pieces = {
  user: encode('{"user":'),
  gates: encode(',"gates":{'),
  configs: encode('},"configs":{'),
  layers: encode('},"layers":{'),
  end: encode('}}\n'),
}

function entryKey(name: string, index: number): string {
  return `${index > 0 ? ',' : ''}${JSON.stringify(name)}:`
}

type Result = FeatureGate | DynamicConfig | Experiment | Layer

/** All kinds give facts of one shape: comparing them stays fast only while the engine sees a single one. */
function factsOf({ ruleID, idType, details, secondaryExposures }: Result, own: Partial<Facts>): Facts {
  return {
    ruleID,
    idType,
    reason: details.reason,
    version: details.version,
    passed: own.passed ?? false,
    value: own.value ?? null,
    groupName: own.groupName ?? null,
    explicitParameters: own.explicitParameters ?? null,
    isExperimentActive: own.isExperimentActive ?? false,
    isUserInExperiment: own.isUserInExperiment ?? false,
    isInLayer: own.isInLayer ?? false,
    delegate: own.delegate ?? null,
    exposures: secondaryExposures,
    undelegated: own.undelegated ?? none,
  }
}

function factsOfGate(gate: FeatureGate): Facts {
  return factsOf(gate, { passed: gate.value })
}

function factsOfConfig(config: DynamicConfig): Facts {
  return factsOf(config, { passed: config.passed, value: config.value })
}

function factsOfExperiment(experiment: Experiment): Facts {
  const { value, groupName, explicitParameters, isExperimentActive, isUserInExperiment, isInLayer } = experiment
  return factsOf(experiment, {
    value,
    groupName,
    explicitParameters,
    isExperimentActive,
    isUserInExperiment,
    isInLayer,
  })
}

function factsOfLayer(layer: Layer): Facts {
  const { value, groupName, explicitParameters, isExperimentActive, isUserInExperiment } = layer
  const allocation = { delegate: layer.allocatedExperimentName, undelegated: layer.undelegatedSecondaryExposures }
  return factsOf(layer, {
    value,
    groupName,
    explicitParameters,
    isExperimentActive,
    isUserInExperiment,
    ...allocation,
  })
}

const none: readonly SecondaryExposure[] = []

function gateText(facts: Facts): string {
  return object({ ...outcome(facts), ...exposures(facts), value: facts.passed })
}

function gateTextWithoutExposures(facts: Facts): string {
  return object({ ...outcome(facts), value: facts.passed })
}

function dynamicConfigText(facts: Facts): string {
  return object({ ...outcome(facts), ...exposures(facts), passed: facts.passed, value: facts.value })
}

function autotuneText(facts: Facts): string {
  return object(groupFields(facts))
}

function experimentText(facts: Facts): string {
  return object({ ...groupFields(facts), ...activity(facts) })
}

function layerText(facts: Facts): string {
  const { delegate } = facts
  return object({
    ...groupFields(facts),
    undelegated_secondary_exposures: withoutDuplicates(facts.undelegated),
    ...(delegate === null ? {} : { allocated_experiment_name: delegate, ...activity(facts) }),
  })
}

const configTexts: Record<ConfigEntity, (facts: Facts) => string> = {
  dynamic_config: dynamicConfigText,
  experiment: experimentText,
  autotune: autotuneText,
}

/** Fields that are null or undefined are left out, as is `is_in_layer` unless true. */
type Fields = Record<string, unknown>

function outcome({ idType, reason, ruleID, version }: Facts): Fields {
  // What stands before the first colon is the source of the specs, the same for the whole run.
  return { id_type: idType, reason: reason.slice(reason.indexOf(':') + 1), rule_id: ruleID, version }
}

function exposures(facts: Facts): Fields {
  return { secondary_exposures: withoutDuplicates(facts.exposures) }
}

function groupFields(facts: Facts): Fields {
  return {
    ...outcome(facts),
    ...exposures(facts),
    explicit_parameters: facts.explicitParameters,
    group_name: facts.groupName,
    is_in_layer: facts.isInLayer ? true : undefined,
    value: facts.value,
  }
}

function activity(facts: Facts): Fields {
  return { is_experiment_active: facts.isExperimentActive, is_user_in_experiment: facts.isUserInExperiment }
}

function object(fields: Fields): string {
  const present = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)
  present.sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(present))
}
