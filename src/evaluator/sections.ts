// The sections of a catalog as `wasm/engine/src/catalog.rs` draws them, read in place. Making one costs the same however
// much it holds; what is asked for is decoded then, and kept.

import { NAME, NONE, PLAN, PLAN_ROW, ROW_WORDS } from './layout.ts'
import type { Field } from './lookup.ts'

const PAGE_BITS = 8
const PAGE_MASK = (1 << PAGE_BITS) - 1

/** Items by number, each made when it is first asked for. */
export class Lazy<Item> {
  readonly length: number
  readonly #make: (number: number) => Item
  /** In pages: one array for 50,000 items costs 0.4 ms. */
  readonly #pages: (Item | undefined)[][] = []

  constructor(length: number, make: (number: number) => Item) {
    this.length = length
    this.#make = make
  }

  /** The item; `undefined` for a number that none has. */
  get(number: number): Item | undefined {
    return this.#pages[number >>> PAGE_BITS]?.[number & PAGE_MASK] ?? this.#made(number)
  }

  /** All items, in order. */
  all(): Item[] {
    return Array.from({ length: this.length }, (_, number) => this.get(number) as Item)
  }

  /** What each item is turned into. */
  map<Other>(turn: (item: Item) => Other): Lazy<Other> {
    return new Lazy(this.length, (number) => turn(this.get(number) as Item))
  }

  #made(number: number): Item | undefined {
    if (!(number >= 0 && number < this.length)) return undefined
    const item = this.#make(number)
    const page =
      this.#pages[number >>> PAGE_BITS] ?? new Array<Item>(Math.min(PAGE_MASK + 1, this.length - (number & ~PAGE_MASK)))
    page[number & PAGE_MASK] = item
    this.#pages[number >>> PAGE_BITS] = page
    return item
  }
}

/** A catalog's bytes, which may be shared with other threads. */
export class Bytes {
  readonly words: Uint32Array
  readonly #bytes: Uint8Array
  readonly #isShared: boolean

  /** @param bytes - at an address that is a multiple of 4 */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#isShared = isShared(bytes)
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2)
  }

  word(offset: number): number {
    return this.words[offset >>> 2] as number
  }

  double(offset: number): number {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(offset, true)
  }

  /** Of shared memory a copy is decoded: browsers decode none. */
  text(start: number, end: number): string {
    return decoder.decode(this.#isShared ? this.#bytes.slice(start, end) : this.#bytes.subarray(start, end))
  }
}

/** Whether other threads may have the bytes too. */
export function isShared({ buffer }: Uint8Array): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer
}

/** A byte order mark at the start of a name is part of it. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** A section of texts, each turned into what it stands for. */
export function texts<Item>(bytes: Bytes, section: number, read: (text: string, number: number) => Item): Lazy<Item> {
  return new Lazy(bytes.word(section), (number) => {
    const offset = section + 4 * (1 + number)
    return read(bytes.text(bytes.word(offset), bytes.word(offset + 4)), number)
  })
}

/** What evaluating an entity needs. */
export interface Plan {
  /** Number of the plan within its catalog. */
  readonly number: number
  readonly fields: readonly Field[]
  readonly readsTime: boolean
  readonly readsSeed: boolean
  /** Bytes of working memory, apart from what the user's values ask for. */
  readonly scratch: number
}

/** The section of plans: one object for each, however many entities share it. */
export function plans(bytes: Bytes, section: number, fields: Lazy<Field>): Lazy<Plan> {
  return new Lazy(bytes.word(section), (number) => {
    const row = section + 4 + 4 * ROW_WORDS * number
    const bits = bytes.word(row + PLAN_ROW.bits)
    const first = bytes.word(row + PLAN_ROW.fields) >>> 2
    const numbers = bytes.words.subarray(first, first + bytes.word(row + PLAN_ROW.count))
    return {
      number,
      fields: Array.from(numbers, (field) => fields.get(field) as Field),
      readsTime: (bits & PLAN.time) !== 0,
      readsSeed: (bits & PLAN.seed) !== 0,
      scratch: bytes.word(row + PLAN_ROW.scratch),
    }
  })
}

/** What the payload says of a name. */
export interface Described {
  readonly name: string
  /** What the payload calls it: `feature_gate`, `segment`, `experiment`, …; null for a name without a spec. */
  readonly entity: string | null
  readonly bandit: boolean
}

/** A name that can be asked for. */
export interface Entity extends Described {
  readonly number: number
  readonly plan: Plan
}

/** What the names of all kinds refer to. */
export interface Shared {
  readonly plans: Lazy<Plan>
  readonly labels: Lazy<string>
}

/** The names of one kind. */
export class Entities {
  readonly #bytes: Bytes
  readonly #shared: Shared
  readonly #rows: number
  readonly #index: number
  readonly #mask: number
  /** The names by entity number. */
  readonly names: Lazy<string>
  /** What was found. Names that nobody defines are not kept: a caller could fill memory with them. */
  readonly #found = new Map<string, Entity>()

  constructor(bytes: Bytes, section: number, shared: Shared) {
    const count = bytes.word(section)
    const size = bytes.word(section + 4)
    this.#bytes = bytes
    this.#shared = shared
    this.#rows = section + 8
    this.#index = this.#rows + 4 * ROW_WORDS * count
    this.#mask = size - 1
    this.names = texts(bytes, this.#index + 4 * size, (name) => name)
  }

  /** The entity called `name`. */
  get(name: string): Entity | undefined {
    return this.#found.get(name) ?? this.#find(name)
  }

  /** What the payload says of all of them, in order. */
  all(): Described[] {
    return this.names.all().map((_, number) => this.#described(number))
  }

  /** The engine's own hash first: a name is decoded only where that is the same. */
  #find(name: string): Entity | undefined {
    // Callers without types pass anything.
    if (typeof name !== 'string') return undefined
    const hashed = hash(name)
    for (let place = hashed & this.#mask; ; place = (place + 1) & this.#mask) {
      const number = this.#bytes.word(this.#index + 4 * place) - 1
      if (number < 0) return undefined
      if (this.#bytes.word(this.#row(number) + NAME.hash) !== hashed || this.names.get(number) !== name) continue
      const plan = this.#shared.plans.get(this.#bytes.word(this.#row(number) + NAME.plan)) as Plan
      const entity = { number, ...this.#described(number), plan }
      this.#found.set(entity.name, entity)
      return entity
    }
  }

  #row(number: number): number {
    return this.#rows + 4 * ROW_WORDS * number
  }

  #described(number: number): Described {
    const label = this.#bytes.word(this.#row(number) + NAME.label)
    return {
      name: this.names.get(number) as string,
      entity: label === NONE >>> 0 ? null : (this.#shared.labels.get(label) as string),
      bandit: this.#bytes.word(this.#row(number) + NAME.bits) !== 0,
    }
  }
}

/** FNV-1a over the name's UTF-16 units, as the engine hashes. */
function hash(name: string): number {
  let hashed = 0x811c_9dc5
  for (let at = 0; at < name.length; at++) hashed = Math.imul(hashed ^ name.charCodeAt(at), 0x0100_0193)
  return hashed >>> 0
}
