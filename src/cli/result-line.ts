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
 * The text is put together by hand: names, rule ids, group names and values come from the specs and repeat for every
 * user, so each is turned into JSON once and found again.
 */
import type { BoundUser, DynamicConfig, Experiment, FeatureGate, Layer, SecondaryExposure } from '../node.ts'
import type { ConfigEntity, Selection } from './selection.ts'

/** Writes lines for one selection; keeps the JSON texts that repeat, whose number the specs bound. */
export class ResultLineWriter {
  readonly #gates: readonly { key: string; name: string; isGate: boolean }[]
  readonly #configs: readonly { key: string; name: string; entity: ConfigEntity }[]
  readonly #layers: readonly { key: string; name: string }[]
  readonly #texts = new TextCache()

  constructor(selection: Selection) {
    this.#gates = selection.gates.map((gate, index) => ({ ...gate, key: entryKey(gate.name, index) }))
    this.#configs = selection.configs.map((config, index) => ({ ...config, key: entryKey(config.name, index) }))
    this.#layers = selection.layers.map((name, index) => ({ name, key: entryKey(name, index) }))
  }

  /** Evaluates the whole selection for a bound user; `user` is its 0-based number in the input. Ends in a line feed. */
  line(bound: BoundUser, user: number): string {
    const texts = this.#texts
    let line = `{"user":${user},"gates":{`
    for (const { key, name, isGate } of this.#gates) line += key + gateEntry(bound.getFeatureGate(name), isGate, texts)
    line += '},"configs":{'
    for (const { key, name, entity } of this.#configs)
      line +=
        key +
        (entity === 'dynamic_config'
          ? dynamicConfigEntry(bound.getDynamicConfig(name), texts)
          : experimentEntry(bound.getExperiment(name), entity === 'experiment', texts))
    line += '},"layers":{'
    for (const { key, name } of this.#layers) line += key + layerEntry(bound.getLayer(name), texts)
    return `${line}}}\n`
  }
}

/** The line of a user that could not be evaluated. Ends in a line feed. */
export function errorLine(user: number, code: string, message: string): string {
  return `{"user":${user},"error":${JSON.stringify({ code, message })}}\n`
}

/** The exposures in order, each (gate, value, rule) once, at its first place. */
export function withoutDuplicates(exposures: readonly SecondaryExposure[]): readonly SecondaryExposure[] {
  return exposures.length < 2 ? exposures : exposures.filter((exposure, index) => isFirst(exposures, exposure, index))
}

// Lists are as long as a spec's nesting, so looking back beats building a set of keys.
function isFirst(exposures: readonly SecondaryExposure[], exposure: SecondaryExposure, index: number): boolean {
  for (let earlier = 0; earlier < index; earlier++) {
    const other = exposures[earlier]
    if (other === exposure) return false
    if (other?.gate === exposure.gate && other.ruleID === exposure.ruleID && other.gateValue === exposure.gateValue)
      return false
  }
  return true
}

function entryKey(name: string, index: number): string {
  return `${index > 0 ? ',' : ''}${JSON.stringify(name)}:`
}

function gateEntry(gate: FeatureGate, isGate: boolean, texts: TextCache): string {
  const exposures = isGate ? `,"secondary_exposures":${texts.exposures(gate.secondaryExposures)}` : ''
  return `{"id_type":${texts.quoted(gate.idType)},${texts.outcome(gate)}${exposures},"value":${gate.value}${version(gate)}}`
}

function dynamicConfigEntry(config: DynamicConfig, texts: TextCache): string {
  return `{"id_type":${texts.quoted(config.idType)},"passed":${config.passed},${texts.outcome(config)},"secondary_exposures":${texts.exposures(
    config.secondaryExposures,
  )},"value":${texts.value(config.value)}${version(config)}}`
}

function experimentEntry(experiment: Experiment, hasActivity: boolean, texts: TextCache): string {
  let entry = '{'
  if (experiment.explicitParameters !== null)
    entry += `"explicit_parameters":${texts.value(experiment.explicitParameters)},`
  if (experiment.groupName !== null) entry += `"group_name":${texts.quoted(experiment.groupName)},`
  entry += `"id_type":${texts.quoted(experiment.idType)}`
  if (hasActivity) entry += `,"is_experiment_active":${experiment.isExperimentActive}`
  if (experiment.isInLayer) entry += ',"is_in_layer":true'
  if (hasActivity) entry += `,"is_user_in_experiment":${experiment.isUserInExperiment}`
  return `${entry},${texts.outcome(experiment)},"secondary_exposures":${texts.exposures(experiment.secondaryExposures)},"value":${texts.value(
    experiment.value,
  )}${version(experiment)}}`
}

function layerEntry(layer: Layer, texts: TextCache): string {
  const delegate = layer.allocatedExperimentName
  let entry = delegate === null ? '{' : `{"allocated_experiment_name":${texts.quoted(delegate)},`
  entry += `"explicit_parameters":${texts.value(layer.explicitParameters)},`
  if (layer.groupName !== null) entry += `"group_name":${texts.quoted(layer.groupName)},`
  entry += `"id_type":${texts.quoted(layer.idType)}`
  if (delegate !== null)
    entry += `,"is_experiment_active":${layer.isExperimentActive},"is_user_in_experiment":${layer.isUserInExperiment}`
  return `${entry},${texts.outcome(layer)},"secondary_exposures":${texts.exposures(
    layer.secondaryExposures,
  )},"undelegated_secondary_exposures":${texts.exposures(layer.undelegatedSecondaryExposures)},"value":${texts.value(
    layer.value,
  )}${version(layer)}}`
}

function version(result: FeatureGate | DynamicConfig | Layer): string {
  const number = result.details.version
  return number === undefined ? '' : `,"version":${number}`
}

/** JSON texts of what repeats from user to user. */
class TextCache {
  readonly #strings = new Map<string, string>()
  readonly #reasons = new Map<string, string>()
  readonly #values = new WeakMap<object, string>()

  quoted(text: string): string {
    let quoted = this.#strings.get(text)
    if (quoted === undefined) {
      quoted = JSON.stringify(text)
      this.#strings.set(text, quoted)
    }
    return quoted
  }

  /** Values are deeply frozen and shared between the results that have them, so a text holds as long as its object. */
  value(value: object): string {
    let text = this.#values.get(value)
    if (text === undefined) {
      text = JSON.stringify(value)
      this.#values.set(value, text)
    }
    return text
  }

  /** Which rule decided, and why; the reason without the source of the specs, which is the same for the whole run. */
  outcome(result: FeatureGate | DynamicConfig | Layer): string {
    const { reason } = result.details
    let text = this.#reasons.get(reason)
    if (text === undefined) {
      text = `"reason":${JSON.stringify(reason.slice(reason.indexOf(':') + 1))},"rule_id":`
      this.#reasons.set(reason, text)
    }
    return text + this.quoted(result.ruleID)
  }

  exposures(exposures: readonly SecondaryExposure[]): string {
    if (exposures.length === 0) return '[]'
    let text = '['
    for (const { gate, gateValue, ruleID } of withoutDuplicates(exposures)) {
      const separator = text === '[' ? '' : ','
      text += `${separator}{"gate":${this.quoted(gate)},"gateValue":"${gateValue}","ruleID":${this.quoted(ruleID)}}`
    }
    return `${text}]`
  }
}
