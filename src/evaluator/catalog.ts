// What the engine says of the specs it loaded: names to numbers, the fields to send for each, and the tables that outcomes
// refer to by number. The engine lays it out (`wasm/engine/src/catalog.rs`) so that having it costs next to nothing.

import { FramegateError } from '../ffi/index.ts'
import { type CountryTable, countriesWhenAsked } from './country.ts'
import { deepFreeze } from './freeze.ts'
import { CATALOG, CATALOG_SIZE, CATALOG_VERSION, HEAD_SIZE, KIND, SLOT_SIZE } from './layout.ts'
import { describe, type Field, type FieldName, hasOperator, reader, type Surroundings } from './lookup.ts'
import { Bytes, type Described, Entities, type Entity, type Lazy, type Plan, plans, texts } from './sections.ts'
import type { JsonObject, LoadReport, SpecList } from './types.ts'

export type { Entities, Entity, Plan }

/** What only a report tells. */
interface ReportText {
  readonly lists: readonly string[]
  readonly dropped: readonly [kind: string, name: string, reason: string][]
  readonly unsupported: readonly [kind: string, name: string, rule: string, reason: string, operator?: string][]
}

/** What the engine does not know. */
interface CatalogOptions extends Partial<Omit<Surroundings, 'countries'>> {
  /** Size of the payload. */
  readonly payloadBytes: number
  /** When it was loaded, in milliseconds. */
  readonly receivedAt: number
  readonly countryTable?: CountryTable | undefined
}

/** Everything a host knows of loaded specs. */
export class Catalog {
  readonly gates: Entities
  readonly configs: Entities
  readonly layers: Entities
  readonly fields: Lazy<Field>
  /** How many hashes are kept for a bound user. */
  readonly hashes: number
  /** When the specs were last changed, in milliseconds. */
  readonly time: number | null
  /** When the specs were loaded, in milliseconds. */
  readonly receivedAt: number
  readonly needsCountryTable: boolean
  readonly #bytes: Bytes
  readonly #texts: Lazy<string>
  readonly #explicit: Lazy<readonly string[]>
  readonly #values: Lazy<JsonObject>
  readonly #payloadBytes: number
  readonly #surroundings: Surroundings
  #list: SpecList | undefined
  #report: LoadReport | undefined

  /**
   * @param bytes - what the engine laid out, at an address that is a multiple of 4; read as long as the catalog is used, so
   * they must stay as they are. They may lie in a `SharedArrayBuffer`.
   * @throws {@link FramegateError} `GUEST_INCOMPATIBLE` when the bytes are no catalog, or one of another version;
   * `COUNTRY_TABLE_INVALID` for specs that need it
   */
  constructor(bytes: Uint8Array, options: CatalogOptions) {
    const all = checked(bytes)
    const section = (name: keyof typeof CATALOG) => all.word(CATALOG[name])
    const labels = texts(all, section('labels'), (text) => text)
    this.needsCountryTable = all.word(CATALOG.bits) !== 0
    this.#surroundings = {
      environment: options.environment ?? labels.get(all.word(CATALOG.defaultEnvironment)),
      globalCustomFields: options.globalCustomFields,
      operators: options.operators,
      countries: this.needsCountryTable ? countriesWhenAsked(options.countryTable) : undefined,
    }
    this.#bytes = all
    this.#payloadBytes = options.payloadBytes
    this.receivedAt = options.receivedAt
    this.fields = texts(all, section('fields'), (text, number) => {
      const name = JSON.parse(text) as FieldName
      return { number, slot: HEAD_SIZE + number * SLOT_SIZE, name, read: reader(name, this.#surroundings) }
    })
    this.hashes = all.word(CATALOG.hashes)
    const shared = { labels, plans: plans(all, section('plans'), this.fields) }
    this.gates = new Entities(all, section('gates'), shared)
    this.configs = new Entities(all, section('configs'), shared)
    this.layers = new Entities(all, section('layers'), shared)
    this.#texts = texts(all, section('texts'), (text) => text)
    this.#explicit = texts(all, section('explicit'), (text) => Object.freeze(JSON.parse(text) as string[]))
    this.#values = texts(all, section('values'), (text) => deepFreeze(JSON.parse(text) as JsonObject))
    const time = all.double(CATALOG.time)
    this.time = Number.isNaN(time) ? null : time
  }

  /** The names of a kind of question. */
  of(kind: number): Entities {
    if (kind === KIND.gate) return this.gates
    return kind === KIND.layer ? this.layers : this.configs
  }

  /** What outcomes name by number: rule ids, group names, unit types. */
  text(number: number): string | undefined {
    return this.#texts.get(number)
  }

  gateName(number: number): string | undefined {
    return this.gates.names.get(number)
  }

  configName(number: number): string | undefined {
    return this.configs.names.get(number)
  }

  /** A list of explicit parameters by number, frozen. */
  explicit(number: number): readonly string[] | undefined {
    return this.#explicit.get(number)
  }

  /** A returned JSON object by number: one object for all results, deeply frozen. */
  value(number: number): JsonObject {
    return this.#values.get(number) as JsonObject
  }

  /** The names by what they are. */
  get list(): SpecList {
    this.#list ??= list(this)
    return this.#list
  }

  get report(): LoadReport {
    this.#report ??= this.#reported()
    return this.#report
  }

  #reported(): LoadReport {
    const [told] = texts(this.#bytes, this.#bytes.word(CATALOG.report), (text) => JSON.parse(text) as ReportText).all()
    const { lists, dropped, unsupported } = told as ReportText
    const counts = Object.fromEntries(Object.entries(this.list).map(([kind, names]) => [kind, names.length]))
    const conditions = this.#bytes.word(CATALOG.conditions)
    return Object.freeze({
      format: this.#bytes.word(CATALOG.format) === 1 ? 'v1' : 'v2',
      time: this.time,
      bytes: this.#payloadBytes,
      counts: { ...counts, conditions, idLists: lists.length } as LoadReport['counts'],
      dropped: dropped.map(([kind, name, reason]) => ({ kind, name, reason })),
      unsupported: unsupported
        .filter(([, , , , operator]) => operator === undefined || !hasOperator(this.#surroundings, operator))
        .map(([kind, name, rule, reason]) => ({ kind, name, rule, reason })),
      fields: [...new Set(this.fields.all().map(({ name }) => describe(name)))].sort(),
      idLists: lists,
      needsCountryTable: this.needsCountryTable,
    })
  }
}

function checked(bytes: Uint8Array): Bytes {
  const all = new Bytes(bytes)
  const length = bytes.length < CATALOG_SIZE ? 0 : all.word(CATALOG.length)
  const version = length === bytes.length ? all.word(CATALOG.version) : 'none'
  if (version === CATALOG_VERSION) return all
  throw new FramegateError(
    'GUEST_INCOMPATIBLE',
    `the catalog has version ${version}, this package needs ${CATALOG_VERSION}; take both from the same sources`,
  )
}

function list({ gates, configs, layers }: Pick<Catalog, 'gates' | 'configs' | 'layers'>): SpecList {
  const names = (of: Entities, is: (entity: Described) => boolean) =>
    Object.freeze(
      of
        .all()
        .filter(is)
        .map(({ name }) => name),
    )
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
