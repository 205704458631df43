/**
 * The entries of one gate, config or layer in result lines, as bytes by what they say. A spec has few outcomes, so
 * after some users nearly every entry is one that was written before, and finding it costs a handful of comparisons
 * instead of making and encoding some hundred characters of JSON.
 */
import type { JsonObject, SecondaryExposure } from '../node.ts'

/** Everything that an entry can depend on. Strings and objects of the specs are the same for all users. */
export interface Facts {
  readonly ruleID: string
  readonly idType: string
  readonly reason: string
  readonly version: number | undefined
  /** A gate's value, or whether a dynamic config's rule let the user in. */
  readonly passed: boolean
  readonly value: JsonObject | null
  readonly groupName: string | null
  readonly explicitParameters: readonly string[] | null
  readonly isExperimentActive: boolean
  readonly isUserInExperiment: boolean
  readonly isInLayer: boolean
  readonly delegate: string | null
  /** With repetitions. */
  readonly exposures: readonly SecondaryExposure[]
  readonly undelegated: readonly SecondaryExposure[]
}

/** Exposures can make very many outcomes of one rule: past this, the oldest gives way. */
const mostPerRule = 16

export class EntryMemory {
  readonly #key: string
  readonly #text: (facts: Facts) => string
  readonly #byRule = new Map<string, { facts: Facts; bytes: Uint8Array }[]>()

  /**
   * @param key what stands before the entry: a comma unless it is the first, the name, a colon
   * @param text makes the entry itself
   */
  constructor(key: string, text: (facts: Facts) => string) {
    this.#key = key
    this.#text = text
  }

  /** The key and the entry, made now or found again; not to be written to. */
  bytes(facts: Facts): Uint8Array {
    let known = this.#byRule.get(facts.ruleID)
    if (known === undefined) {
      known = []
      this.#byRule.set(facts.ruleID, known)
    }
    for (const entry of known) if (areSame(entry.facts, facts)) return entry.bytes
    const bytes = this.encoded(facts)
    if (known.length >= mostPerRule) known.shift()
    known.push({ facts, bytes })
    return bytes
  }

  /** The key and the entry, made now and not kept. */
  encoded(facts: Facts): Uint8Array {
    return encoder.encode(this.#key + this.#text(facts))
  }
}

const encoder = new TextEncoder()

function areSame(a: Facts, b: Facts): boolean {
  return (
    a.passed === b.passed &&
    a.value === b.value &&
    a.ruleID === b.ruleID &&
    a.version === b.version &&
    a.isExperimentActive === b.isExperimentActive &&
    a.isUserInExperiment === b.isUserInExperiment &&
    a.isInLayer === b.isInLayer &&
    a.groupName === b.groupName &&
    a.delegate === b.delegate &&
    a.idType === b.idType &&
    a.reason === b.reason &&
    areSameNames(a.explicitParameters, b.explicitParameters) &&
    areSameExposures(a.exposures, b.exposures) &&
    areSameExposures(a.undelegated, b.undelegated)
  )
}

function areSameNames(a: readonly string[] | null, b: readonly string[] | null): boolean {
  return a === b || (a?.length === b?.length && (a?.every((name, index) => name === b?.[index]) ?? false))
}

function areSameExposures(a: readonly SecondaryExposure[], b: readonly SecondaryExposure[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) {
    const left = a[index]
    const right = b[index]
    if (left?.ruleID !== right?.ruleID || left?.gate !== right?.gate || left?.gateValue !== right?.gateValue)
      return false
  }
  return true
}
