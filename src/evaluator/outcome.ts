// What an evaluation decided, copied out of its frame as plain numbers. Names, values and exposures are looked up when
// somebody reads them.

import type { Frame } from '../ffi/index.ts'
import type { Engine } from './engine.ts'
import { FLAG, HEAD, HEAD_SIZE, LOGGED_REPEAT, LOGGED_WORDS, NONE } from './layout.ts'
import type { EvaluationDetails, JsonObject, SecondaryExposure } from './types.ts'

const NO_WORDS = new Int32Array(0)
const UNRECOGNIZED = unrecognized()
const NO_EXPOSURES: readonly SecondaryExposure[] = Object.freeze([])
const NO_VALUE: JsonObject = Object.freeze({})

/** Entries after which a list of exposures drops its repetitions: nested repeats can double it again and again. */
const MOST_REPEATED = 65_536

type Range = readonly [start: number, end: number]

/** The copied outcome of one call. */
export class Outcome {
  readonly engine: Engine
  readonly flags: number
  /** The head of the frame. */
  readonly #words: Int32Array
  /** The log of exposures. */
  readonly #log: Int32Array
  /** Pairs of value and rule of a merged layer. */
  readonly #parts: Int32Array | null

  private constructor(engine: Engine, flags: number, words: Int32Array, log: Int32Array, parts: Int32Array | null) {
    this.engine = engine
    this.flags = flags
    this.#words = words
    this.#log = log
    this.#parts = parts
  }

  /** Copies the outcome out of a frame. */
  static read(engine: Engine, frame: Frame, flags: number): Outcome {
    const { i32 } = frame.memory
    const head = frame.base >>> 2
    const words = i32.slice(head, head + HEAD_SIZE / 4)
    const list = (offset: number, length: number) => {
      const start = (frame.base + offset) >>> 2
      return i32.slice(start, start + length)
    }
    const word = (offset: number) => words[offset / 4] as number
    const logged = Math.max(
      word(HEAD.exposures) + word(HEAD.exposures + 4),
      word(HEAD.undelegated) + word(HEAD.undelegated + 4),
    )
    const log = logged <= 0 ? NO_WORDS : list(word(HEAD.log), logged * LOGGED_WORDS)
    const parts = word(HEAD.contributions)
    const merged = parts === NONE ? null : list(parts, 2 * word(HEAD.contributions + 4))
    return new Outcome(engine, flags, words, log, merged)
  }

  /** The outcome of a name that nobody defines. */
  static unrecognized(engine: Engine): Outcome {
    return new Outcome(engine, 0, UNRECOGNIZED, NO_WORDS, null)
  }

  is(flag: number): boolean {
    return (this.flags & flag) !== 0
  }

  get ruleID(): string {
    return this.#text(HEAD.rule) ?? ''
  }

  get idType(): string {
    return this.#text(HEAD.idType) ?? ''
  }

  get groupName(): string | null {
    return this.#text(HEAD.group)
  }

  get value(): JsonObject {
    const number = this.#number(HEAD.value)
    return number === NONE ? NO_VALUE : this.engine.catalog.value(number)
  }

  get delegate(): string | null {
    return this.engine.catalog.configNames[this.#number(HEAD.delegate)] ?? null
  }

  get explicitParameters(): readonly string[] | null {
    return this.engine.catalog.explicit[this.#number(HEAD.explicit)] ?? null
  }

  /** The values and rule ids that make up a layer which merges its rules; `null` for every other result. */
  get contributions(): readonly (readonly [value: JsonObject, ruleID: string])[] | null {
    const parts = this.#parts
    if (!parts) return null
    const { catalog } = this.engine
    return Array.from({ length: parts.length / 2 }, (_, index) => [
      catalog.value(parts[2 * index] as number),
      catalog.texts[parts[2 * index + 1] as number] as string,
    ])
  }

  get secondaryExposures(): readonly SecondaryExposure[] {
    return this.#list(HEAD.exposures)
  }

  get undelegatedSecondaryExposures(): readonly SecondaryExposure[] {
    return this.#list(HEAD.undelegated)
  }

  details(source: string): EvaluationDetails {
    if (this.is(FLAG.tooDeep)) return { reason: 'Error:Statsig Evaluation Depth Exceeded' }
    const time = this.engine.catalog.report.time
    const received = { receivedAt: this.engine.receivedAt }
    const times = time === null ? received : { lcut: time, ...received }
    if (!this.is(FLAG.recognized)) return { reason: `${source}:Unrecognized`, ...times }
    const number = this.#number(HEAD.version)
    const version = number === NONE ? {} : { version: number >>> 0 }
    if (this.is(FLAG.countryNotLoaded)) return { reason: 'CountryLookupNotLoaded:Recognized', ...times, ...version }
    return { reason: `${source}:${this.is(FLAG.unsupported) ? 'Unsupported' : 'Recognized'}`, ...times, ...version }
  }

  #number(offset: number): number {
    return this.#words[offset / 4] as number
  }

  #text(offset: number): string | null {
    return this.engine.catalog.texts[this.#number(offset)] ?? null
  }

  #list(offset: number): readonly SecondaryExposure[] {
    const start = this.#number(offset)
    const count = this.#number(offset + 4)
    if (count === 0) return NO_EXPOSURES
    const range = [start, start + count] as const
    const exposures: SecondaryExposure[] = []
    if (!this.#collect(range, exposures, null)) {
      exposures.length = 0
      this.#collect(range, exposures, new Set())
    }
    return Object.freeze(exposures)
  }

  /** Appends a stretch of the log; `false` when it is too long and repetitions are not being dropped. */
  #collect([start, end]: Range, into: SecondaryExposure[], seen: Set<string | number> | null): boolean {
    const { gateNames, texts } = this.engine.catalog
    for (let entry = start; entry < end; entry++) {
      const at = entry * LOGGED_WORDS
      const [gate, value, rule] = this.#log.subarray(at, at + LOGGED_WORDS) as unknown as [number, number, number]
      const key = value === LOGGED_REPEAT ? `${gate}-${rule}` : `${gate}:${value}:${rule}`
      if (seen?.has(key)) continue
      seen?.add(key)
      if (value === LOGGED_REPEAT) {
        if (!this.#collect([gate, rule], into, seen)) return false
      } else {
        if (seen === null && into.length === MOST_REPEATED) return false
        into.push(
          Object.freeze({
            gate: gateNames[gate] as string,
            gateValue: value === 1 ? 'true' : 'false',
            ruleID: texts[rule] as string,
          }),
        )
      }
    }
    return true
  }
}

function unrecognized(): Int32Array {
  const words = new Int32Array(HEAD_SIZE / 4).fill(NONE)
  for (const offset of [HEAD.rule, HEAD.idType, HEAD.exposures, HEAD.exposures + 4]) words[offset / 4] = 0
  return words
}
