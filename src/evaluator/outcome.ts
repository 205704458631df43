// What an evaluation decided, copied out of its frame as plain numbers. Names, values and exposures are looked up when
// somebody reads them.

import type { Frame } from '../ffi/index.ts'
import type { Catalog } from './catalog.ts'
import { FLAG, HEAD, HEAD_SIZE, LOGGED_REPEAT, LOGGED_WORDS, NONE } from './layout.ts'
import type { EvaluationDetails, JsonObject, SecondaryExposure } from './types.ts'

const NO_WORDS: readonly number[] = []
const UNRECOGNIZED = unrecognized()
const NO_EXPOSURES: readonly SecondaryExposure[] = Object.freeze([])
const NO_VALUE: JsonObject = Object.freeze({})

/** Entries after which a list of exposures drops its repetitions: nested repeats can double it again and again. */
const MOST_REPEATED = 65_536

/** Where an outcome comes from: the specs that decided, or the fault that kept them from it. */
interface Origin {
  readonly catalog: Catalog | undefined
  readonly source: string
  readonly fault?: string | undefined
}

/** The copied outcome of one call. */
export class Outcome {
  /** Not the engine: a result that somebody keeps must not keep an instance. */
  readonly #catalog: Catalog | undefined
  readonly #source: string
  readonly #fault: string | undefined
  readonly flags: number
  // Numbers of texts, values and lists, copied one by one: a slice of the head costs 100 ns more.
  readonly #rule: number
  readonly #value: number
  readonly #group: number
  readonly #idType: number
  readonly #version: number
  readonly #delegate: number
  readonly #explicit: number
  // Stretches of the log: the first entry, and how many.
  readonly #exposures: number
  readonly #exposureCount: number
  readonly #undelegated: number
  readonly #undelegatedCount: number
  /** The log of exposures. */
  readonly #log: readonly number[]
  /** Pairs of value and rule of a merged layer. */
  readonly #parts: readonly number[] | null

  constructor(
    { catalog, source, fault }: Origin,
    { memory: { i32 }, base }: Pick<Frame, 'memory' | 'base'>,
    flags: number,
  ) {
    const head = base >>> 2
    this.#catalog = catalog
    this.#source = source
    this.#fault = fault
    this.flags = flags
    this.#rule = i32[head + HEAD.rule / 4] as number
    this.#value = i32[head + HEAD.value / 4] as number
    this.#group = i32[head + HEAD.group / 4] as number
    this.#idType = i32[head + HEAD.idType / 4] as number
    this.#version = i32[head + HEAD.version / 4] as number
    this.#delegate = i32[head + HEAD.delegate / 4] as number
    this.#explicit = i32[head + HEAD.explicit / 4] as number
    this.#exposures = i32[head + HEAD.exposures / 4] as number
    this.#exposureCount = i32[head + HEAD.exposures / 4 + 1] as number
    this.#undelegated = i32[head + HEAD.undelegated / 4] as number
    this.#undelegatedCount = i32[head + HEAD.undelegated / 4 + 1] as number
    const logged = Math.max(this.#exposures + this.#exposureCount, this.#undelegated + this.#undelegatedCount)
    const log = (base + (i32[head + HEAD.log / 4] as number)) >>> 2
    this.#log = logged <= 0 ? NO_WORDS : copied(i32, log, logged * LOGGED_WORDS)
    const parts = i32[head + HEAD.contributions / 4] as number
    const part = (base + parts) >>> 2
    const partCount = i32[head + HEAD.contributions / 4 + 1] as number
    this.#parts = parts === NONE ? null : copied(i32, part, 2 * partCount)
  }

  /** The outcome of a name that nobody defines. */
  static unrecognized(engine: Origin): Outcome {
    return new Outcome(engine, UNRECOGNIZED, 0)
  }

  /** What stands in for an outcome that a fault of the engine prevented, by the code of its error. */
  static failed(fault: string): Outcome {
    return new Outcome({ catalog: undefined, source: '', fault }, UNRECOGNIZED, 0)
  }

  is(flag: number): boolean {
    return (this.flags & flag) !== 0
  }

  get ruleID(): string {
    return this.#text(this.#rule) ?? ''
  }

  get idType(): string {
    return this.#text(this.#idType) ?? ''
  }

  get groupName(): string | null {
    return this.#text(this.#group)
  }

  get value(): JsonObject {
    return this.#value === NONE ? NO_VALUE : (this.#catalog?.value(this.#value) ?? NO_VALUE)
  }

  get delegate(): string | null {
    return this.#catalog?.configName(this.#delegate) ?? null
  }

  get explicitParameters(): readonly string[] | null {
    return this.#catalog?.explicit(this.#explicit) ?? null
  }

  /** The values and rule ids that make up a layer which merges its rules; `null` for every other result. */
  get contributions(): readonly (readonly [value: JsonObject, ruleID: string])[] | null {
    const parts = this.#parts
    if (!parts) return null
    const catalog = this.#catalog as Catalog
    return Array.from({ length: parts.length / 2 }, (_, index) => [
      catalog.value(parts[2 * index] as number),
      catalog.text(parts[2 * index + 1] as number) as string,
    ])
  }

  get secondaryExposures(): readonly SecondaryExposure[] {
    return this.#list(this.#exposures, this.#exposureCount)
  }

  get undelegatedSecondaryExposures(): readonly SecondaryExposure[] {
    return this.#list(this.#undelegated, this.#undelegatedCount)
  }

  details(): EvaluationDetails {
    if (this.#fault !== undefined) return { reason: `Error:${this.#fault}` }
    if (this.is(FLAG.tooDeep)) return { reason: 'Error:Statsig Evaluation Depth Exceeded' }
    const { time, receivedAt } = this.#catalog as Catalog
    const source = this.#source
    const received = { receivedAt }
    const times = time === null ? received : { lcut: time, ...received }
    if (!this.is(FLAG.recognized)) return { reason: `${source}:Unrecognized`, ...times }
    const version = this.#version === NONE ? {} : { version: this.#version >>> 0 }
    if (this.is(FLAG.countryNotLoaded)) return { reason: 'CountryLookupNotLoaded:Recognized', ...times, ...version }
    if (this.is(FLAG.operatorFailed)) return { reason: 'CustomOperatorFailed:Recognized', ...times, ...version }
    return { reason: `${source}:${this.is(FLAG.unsupported) ? 'Unsupported' : 'Recognized'}`, ...times, ...version }
  }

  #text(number: number): string | null {
    return this.#catalog?.text(number) ?? null
  }

  #list(start: number, count: number): readonly SecondaryExposure[] {
    if (count === 0) return NO_EXPOSURES
    const exposures: SecondaryExposure[] = []
    if (!this.#collect(start, start + count, exposures, null)) {
      exposures.length = 0
      this.#collect(start, start + count, exposures, new Set())
    }
    return Object.freeze(exposures)
  }

  /** Appends a stretch of the log; `false` when it is too long and repetitions are not being dropped. */
  #collect(start: number, end: number, into: SecondaryExposure[], seen: Set<string> | null): boolean {
    const catalog = this.#catalog as Catalog
    for (let at = start * LOGGED_WORDS; at < end * LOGGED_WORDS; at += LOGGED_WORDS) {
      const gate = this.#log[at] as number
      const value = this.#log[at + 1] as number
      const rule = this.#log[at + 2] as number
      if (seen !== null) {
        const key = value === LOGGED_REPEAT ? `${gate}-${rule}` : `${gate}:${value}:${rule}`
        if (seen.has(key)) continue
        seen.add(key)
      }
      if (value === LOGGED_REPEAT) {
        if (!this.#collect(gate, rule, into, seen)) return false
      } else {
        if (seen === null && into.length === MOST_REPEATED) return false
        into.push(
          Object.freeze({
            gate: catalog.gateName(gate) as string,
            gateValue: value === 1 ? 'true' : 'false',
            ruleID: catalog.text(rule) as string,
          }),
        )
      }
    }
    return true
  }
}

/** As an array: a typed one of more than 64 bytes has a buffer of its own, which takes a microsecond. */
function copied(i32: Int32Array, start: number, length: number): number[] {
  const words = new Array<number>(length)
  for (let index = 0; index < length; index++) words[index] = i32[start + index] as number
  return words
}

/** A frame that says nothing. */
function unrecognized(): Pick<Frame, 'memory' | 'base'> {
  const i32 = new Int32Array(HEAD_SIZE / 4).fill(NONE)
  for (const offset of [HEAD.rule, HEAD.idType, HEAD.exposures + 4, HEAD.undelegated + 4]) i32[offset / 4] = 0
  return { memory: { i32, u8: new Uint8Array(i32.buffer), f64: new Float64Array(i32.buffer) }, base: 0 }
}
