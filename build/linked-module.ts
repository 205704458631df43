/**
 * Reads what a linked module's code and data refer to, from the relocations that wasm-ld leaves with `--emit-relocs`.
 *
 * The sections `linking` and `reloc.*` are those of WebAssembly's tool conventions (Linking.md). Each relocation is an
 * address or a function's index that the linker wrote somewhere: no instruction needs to be decoded to know that a
 * function calls another or reads a table, and no reference is missed, since all of them are the linker's.
 */
import { externalKinds, MalformedModule, sectionIds } from '../src/wasm-sections.ts'

/** A function, an object among the data, or an address of the linker's own. */
export interface Item {
  /** As mangled by rustc; data of constants has a name without meaning. */
  readonly name: string
  readonly kind: 'function' | 'data' | 'absolute'
  /** Where data lies in memory. */
  readonly address: number
  readonly size: number
  readonly refersTo: Set<Item>
  /** Whether a function is in the table: who calls it there cannot be told. */
  isInTable?: boolean
}

/** An address that the linker wrote: `to`'s and `addend`, at byte `at` of the module. */
export interface Relocation {
  readonly at: number
  readonly type: number
  readonly to: Item
  readonly addend: number
}

/** What a linked module holds. */
export interface LinkedModule {
  readonly items: readonly Item[]
  /** Those of data. */
  readonly relocations: readonly Relocation[]
}

/** An active data segment; `start` and `end` count from the beginning of the module. */
export interface Segment {
  readonly address: number
  readonly start: number
  readonly end: number
}

/** A section; `start` is where its content begins (a custom section's after its name), `from` where the section does. */
export interface PlacedSection {
  readonly id: number
  readonly name: string
  readonly from: number
  readonly payload: number
  readonly start: number
  readonly end: number
}

const dataSection = 11
const symbolTable = 8
const symbolKinds = { function: 0, data: 1, global: 2, section: 3, tag: 4, table: 5 } as const
const symbolFlags = { undefined: 0x10, explicitName: 0x40, absolute: 0x200 } as const
/** Relocation types, by what they refer to; those of neither kind name no function and no data. */
const toFunction = new Set([0, 1, 2, 12, 18, 19, 24, 26])
const toTable = new Set([1, 2, 12, 18, 19, 24])
const toData = new Set([3, 4, 5, 11, 14, 15, 16, 17, 21, 22, 23, 25])
const withAddend = new Set([...toData, 8, 9])

export function placedSections(bytes: Uint8Array): PlacedSection[] {
  const cursor = new Cursor(bytes, 8)
  const sections: PlacedSection[] = []
  while (cursor.at < bytes.length) {
    const from = cursor.at
    const id = cursor.byte()
    const end = cursor.leb() + cursor.at
    const payload = cursor.at
    const name = id === sectionIds.custom ? cursor.name() : ''
    sections.push({ id, name, from, payload, start: cursor.at, end })
    cursor.at = end
  }
  return sections
}

/** The data segments; all must be active, at constant addresses. */
export function dataSegments(bytes: Uint8Array, sections = placedSections(bytes)): Segment[] {
  const section = sections.find(({ id }) => id === dataSection)
  if (section === undefined) return []
  const cursor = new Cursor(bytes, section.start)
  return cursor.list(() => {
    const active = cursor.leb() === 0 && cursor.byte() === 0x41
    const address = cursor.leb()
    if (!active || cursor.byte() !== 0x0b) throw new MalformedModule('it has data at an address that is not constant')
    const length = cursor.leb()
    const start = cursor.at
    cursor.at += length
    return { address, start, end: cursor.at }
  })
}

/** All functions and data with their references. Throws where the module was linked without `--emit-relocs`. */
export function linkedModule(bytes: Uint8Array): LinkedModule {
  const sections = placedSections(bytes)
  const segments = dataSegments(bytes, sections)
  const linking = sections.find(({ name }) => name === 'linking')
  if (linking === undefined || !sections.some(({ name }) => name === 'reloc.CODE'))
    throw new MalformedModule('it has no relocations; wasm-ld writes them with --emit-relocs')

  const functions = new Map<number, Item>()
  const symbols = readSymbols(new Cursor(bytes, linking.start), linking.end, segments, functions)
  const data = [...new Set(symbols.flatMap((item) => (item?.kind === 'data' ? [item] : [])))]
  data.sort((a, b) => a.address - b.address)
  const bodies = functionBodies(bytes, sections)
  const sources: Record<number, (offset: number) => Item | undefined> = {
    [sectionIds.code]: (offset) => functions.get(bodies.indexAt(offset)),
    [dataSection]: (offset) => {
      const segment = segments.find(({ start, end }) => offset >= start && offset < end)
      return segment && objectAt(data, segment.address + offset - segment.start)
    },
  }
  const relocations: Relocation[] = []
  for (const section of sections.filter(({ name }) => name.startsWith('reloc.'))) {
    const cursor = new Cursor(bytes, section.start)
    const target = sections[cursor.leb()]
    const source = target && sources[target.id]
    if (target === undefined || source === undefined) continue
    cursor.list(() => {
      const type = cursor.byte()
      const at = target.payload + cursor.leb()
      const from = source(at)
      const to = symbols[cursor.leb()]
      const addend = withAddend.has(type) ? cursor.sleb() : 0
      if (!toFunction.has(type) && !toData.has(type)) return
      if (from === undefined || to === undefined)
        throw new MalformedModule('it has a relocation of nothing or to nothing')
      from.refersTo.add(to)
      if (toTable.has(type)) to.isInTable = true
      if (toData.has(type)) relocations.push({ at, type, to, addend })
    })
  }
  return { items: [...functions.values(), ...data], relocations }
}

/** By symbol number; functions are also put into `functions`, by index. */
function readSymbols(cursor: Cursor, end: number, segments: readonly Segment[], functions: Map<number, Item>) {
  if (cursor.leb() !== 2) throw new MalformedModule('its linking section has another version than 2')
  const objects = new Map<string, Item>()
  const readSymbol = (): Item | undefined => {
    const kind = cursor.byte()
    const flags = cursor.leb()
    const defined = (flags & symbolFlags.undefined) === 0
    if (kind === symbolKinds.section) {
      cursor.leb()
      return undefined
    }
    if (kind !== symbolKinds.data) {
      const index = cursor.leb()
      const name = defined || flags & symbolFlags.explicitName ? cursor.name() : ''
      if (kind !== symbolKinds.function) return undefined
      return entry(functions, index, { name, kind: 'function', address: 0, size: 0, refersTo: new Set() })
    }
    const name = cursor.name()
    if (!defined) return undefined
    const segment = segments[cursor.leb()]
    const offset = cursor.leb()
    const size = cursor.leb()
    if (flags & symbolFlags.absolute) return { name, kind: 'absolute', address: offset, size, refersTo: new Set() }
    const address = (segment?.address ?? 0) + offset
    return entry(objects, `${address}+${size}`, { name, kind: 'data', address, size, refersTo: new Set() })
  }
  while (cursor.at < end) {
    const type = cursor.byte()
    const next = cursor.leb() + cursor.at
    if (type === symbolTable) return cursor.list(readSymbol)
    cursor.at = next
  }
  throw new MalformedModule('its linking section has no symbols')
}

/** The value of a key; `made` where there is none yet. */
function entry<Key, Value>(map: Map<Key, Value>, key: Key, made: Value): Value {
  const found = map.get(key) ?? made
  map.set(key, found)
  return found
}

function functionBodies(bytes: Uint8Array, sections: readonly PlacedSection[]) {
  let imported = 0
  const imports = sections.find(({ id }) => id === sectionIds.import)
  if (imports !== undefined) {
    const cursor = new Cursor(bytes, imports.start)
    cursor.list(() => {
      if (cursor.importKind() === externalKinds.function) imported++
    })
  }
  const code = sections.find(({ id }) => id === sectionIds.code)
  const cursor = new Cursor(bytes, code?.start ?? bytes.length)
  const starts =
    code === undefined
      ? []
      : cursor.list(() => {
          const length = cursor.leb()
          const start = cursor.at
          cursor.at += length
          return start
        })
  return { indexAt: (offset: number) => imported + lastAtOrBefore(starts, (start) => start, offset) }
}

/** The object that holds the byte at an address: of those that overlap, the one that begins last. */
function objectAt(data: readonly Item[], address: number): Item | undefined {
  for (let number = lastAtOrBefore(data, (item) => item.address, address); number >= 0; number--) {
    const item = data[number]
    if (item !== undefined && address < item.address + item.size) return item
  }
  return undefined
}

function lastAtOrBefore<Element>(
  sorted: readonly Element[],
  place: (element: Element) => number,
  wanted: number,
): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (place(sorted[middle] as Element) <= wanted) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** A reader that knows where it is. */
class Cursor {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new MalformedModule('it ends in the middle of a section')
    return byte
  }

  /** LEB128, of which the low 32 bits are kept. */
  leb(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  /** LEB128, signed, of 32 bits. */
  sleb(): number {
    const start = this.at
    const value = this.leb() | 0
    const bits = 7 * (this.at - start)
    return bits < 32 ? (value << (32 - bits)) >> (32 - bits) : value
  }

  name(): string {
    const length = this.leb()
    this.at += length
    return new TextDecoder().decode(this.#bytes.subarray(this.at - length, this.at))
  }

  list<Element>(read: () => Element): Element[] {
    const elements: Element[] = []
    for (let left = this.leb(); left > 0; left--) elements.push(read())
    return elements
  }

  /** Passes one import and returns its kind. */
  importKind(): number {
    this.name()
    this.name()
    const kind = this.byte()
    if (kind === externalKinds.function) this.leb()
    else if (kind === externalKinds.global) this.at += 2
    else {
      if (kind === externalKinds.table) this.byte()
      const limits = this.byte()
      this.leb()
      if (limits & 1) this.leb()
    }
    return kind
  }
}
