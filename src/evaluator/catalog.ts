// What the engine says of the specs it loaded (`wasm/engine/src/catalog.rs` draws the text): names to numbers, the fields
// to send for each, and the tables that outcomes refer to by number.

import { KIND, PLAN } from './layout.ts'
import { describe, type FieldName, type Reader, reader, type Surroundings } from './lookup.ts'
import type { JsonObject, LoadReport, SpecList } from './types.ts'

interface CatalogText {
  readonly format: 1 | 2
  readonly time?: number
  readonly defaultEnvironment?: string
  readonly conditions: number
  readonly fields: readonly FieldName[]
  readonly plans: readonly [fields: number[], bits: number, scratch: number][]
  readonly gates: readonly EntityText[]
  readonly configs: readonly EntityText[]
  readonly layers: readonly EntityText[]
  readonly texts: readonly string[]
  readonly values: readonly JsonObject[]
  readonly explicit: readonly string[][]
  readonly lists: readonly string[]
  readonly dropped: readonly [kind: string, name: string, reason: string][]
  readonly unsupported: readonly [kind: string, name: string, rule: string, reason: string][]
}

type EntityText = readonly [name: string, entity: string | null, plan: number, bits: number]

/** What evaluating an entity needs. */
export interface Plan {
  /** Number of the plan within its catalog. */
  readonly number: number
  readonly fields: readonly number[]
  readonly readsTime: boolean
  readonly readsSeed: boolean
  /** Bytes of working memory, apart from what the user's values ask for. */
  readonly scratch: number
}

/** A name that can be asked for. */
export interface Entity {
  readonly number: number
  readonly name: string
  /** What the payload calls it: `feature_gate`, `segment`, `experiment`, …; null for a name without a spec. */
  readonly entity: string | null
  readonly bandit: boolean
  readonly plan: Plan
}

/** The names of one kind. */
export type Entities = ReadonlyMap<string, Entity>

/** Everything a host knows of loaded specs. */
export class Catalog {
  readonly gates: Entities
  readonly configs: Entities
  readonly layers: Entities
  readonly gateNames: readonly string[]
  readonly configNames: readonly string[]
  readonly fields: readonly FieldName[]
  readonly readers: readonly Reader[]
  readonly texts: readonly string[]
  readonly explicit: readonly (readonly string[])[]
  readonly list: SpecList
  readonly report: LoadReport
  readonly #values: readonly JsonObject[]
  readonly #frozen: Uint8Array

  constructor(text: string, bytes: number, options: Partial<Surroundings>) {
    const parsed = JSON.parse(text) as CatalogText
    const surroundings: Surroundings = {
      environment: options.environment ?? parsed.defaultEnvironment,
      globalCustomFields: options.globalCustomFields,
    }
    const plans = parsed.plans.map(([fields, bits, scratch], number) => ({
      number,
      fields,
      readsTime: (bits & PLAN.time) !== 0,
      readsSeed: (bits & PLAN.seed) !== 0,
      scratch,
    }))
    this.gates = entities(parsed.gates, plans)
    this.configs = entities(parsed.configs, plans)
    this.layers = entities(parsed.layers, plans)
    this.gateNames = parsed.gates.map(([name]) => name)
    this.configNames = parsed.configs.map(([name]) => name)
    this.fields = parsed.fields
    this.readers = parsed.fields.map((field) => reader(field, surroundings))
    this.texts = parsed.texts
    this.explicit = parsed.explicit.map((names) => Object.freeze(names))
    this.#values = parsed.values
    this.#frozen = new Uint8Array(parsed.values.length)
    this.list = list(this)
    this.report = report(parsed, bytes, this.list)
  }

  /** The names of a kind of question. */
  of(kind: number): Entities {
    if (kind === KIND.gate) return this.gates
    return kind === KIND.layer ? this.layers : this.configs
  }

  /** A returned JSON object by number: one object for all results, deeply frozen. */
  value(number: number): JsonObject {
    const value = this.#values[number] as JsonObject
    if (this.#frozen[number] === 0) {
      deepFreeze(value)
      this.#frozen[number] = 1
    }
    return value
  }
}

function entities(texts: readonly EntityText[], plans: readonly Plan[]): Entities {
  return new Map(
    texts.map(([name, entity, plan, bits], number) => [
      name,
      { number, name, entity, bandit: bits !== 0, plan: plans[plan] as Plan },
    ]),
  )
}

function list({ gates, configs, layers }: Pick<Catalog, 'gates' | 'configs' | 'layers'>): SpecList {
  const names = (of: Entities, is: (entity: Entity) => boolean) =>
    Object.freeze([...of.values()].filter(is).map(({ name }) => name))
  const special = new Set(['segment', 'holdout'])
  const experiments = new Set(['experiment', 'autotune'])
  return Object.freeze({
    gates: names(gates, ({ entity }) => entity !== null && !special.has(entity)),
    segments: names(gates, ({ entity }) => entity === 'segment'),
    holdouts: names(gates, ({ entity }) => entity === 'holdout'),
    dynamicConfigs: names(configs, ({ entity }) => entity !== null && !experiments.has(entity)),
    experiments: names(configs, ({ entity }) => entity !== null && experiments.has(entity)),
    autotunes: names(configs, ({ bandit }) => bandit),
    layers: names(layers, ({ entity }) => entity !== null),
  })
}

function report(parsed: CatalogText, bytes: number, list: SpecList): LoadReport {
  const counts = Object.fromEntries(Object.entries(list).map(([kind, names]) => [kind, names.length]))
  return Object.freeze({
    format: parsed.format === 1 ? 'v1' : 'v2',
    time: parsed.time ?? null,
    bytes,
    counts: { ...counts, conditions: parsed.conditions, idLists: parsed.lists.length } as LoadReport['counts'],
    dropped: parsed.dropped.map(([kind, name, reason]) => ({ kind, name, reason })),
    unsupported: parsed.unsupported.map(([kind, name, rule, reason]) => ({ kind, name, rule, reason })),
    fields: [...new Set(parsed.fields.map(describe))].sort(),
    idLists: parsed.lists,
    needsCountryTable: parsed.plans.some(([, bits]) => (bits & PLAN.country) !== 0),
  })
}

/** Freezes a JSON value and all that it holds. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze)
    Object.freeze(value)
  }
  return value
}
