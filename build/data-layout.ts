/**
 * Lays a linked module's data out anew: what some objects need lies elsewhere than the rest, so that memory need not reach
 * there always. Every address of data that the linker wrote is written again.
 */
import { MalformedModule, sectionIds } from '../src/wasm-sections.ts'
import { dataSegments, type Item, type LinkedModule, placedSections, type Relocation } from './linked-module.ts'

/** Objects lie at multiples of up to 16 bytes; how an address is to 16 stays as it was. */
const mostAlignment = 16

/** Beyond all memory, whatever is added. */
const nowhere = 0xf000_0000

/** Objects that share bytes, and where they go. */
interface Place {
  readonly from: number
  readonly end: number
  readonly to: number
  readonly isApart: boolean
}

/** Where data lies. */
export interface Layout {
  /** Where an address of data has gone. */
  moved(address: number): number
  /** The first addresses behind the data, and behind that which lies apart. */
  readonly end: number
  readonly startApart: number
  readonly endApart: number
  readonly places: readonly Place[]
}

/** Where what data is for goes: `apart` from the address `startApart` on, the rest where data began, without gaps. */
export function laidOut(
  items: readonly Item[],
  apart: ReadonlySet<Item>,
  unused: ReadonlySet<Item>,
  startApart: number,
): Layout {
  const data = items.filter(({ kind }) => kind === 'data').sort((a, b) => a.address - b.address)
  const places: Place[] = []
  let end = data[0]?.address ?? 0
  let endApart = startApart
  for (let first = 0; first < data.length; ) {
    const from = (data[first] as Item).address
    let until = from + (data[first] as Item).size
    let next = first + 1
    for (; next < data.length && (data[next] as Item).address < until; next++)
      until = Math.max(until, (data[next] as Item).address + (data[next] as Item).size)
    const together = data.slice(first, next)
    first = next
    if (together.every((item) => unused.has(item))) continue
    const isApart = together.every((item) => apart.has(item) || unused.has(item))
    const behind = isApart ? endApart : end
    const to = behind + ((from - behind) & (mostAlignment - 1))
    if (isApart) endApart = to + until - from
    else end = to + until - from
    places.push({ from, end: until, to, isApart })
  }
  return { moved: (address) => movedTo(places, address), end, startApart, endApart, places }
}

function movedTo(places: readonly Place[], address: number): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle] as Place).from <= address) low = middle + 1
    else high = middle
  }
  const place = places[low - 1]
  // Of functions that go with it. If one stayed after all, it would trap.
  if (place === undefined || address > place.end) return nowhere
  return place.to + address - place.from
}

/**
 * The module with its data as laid out, without what lies apart, which is given beside it, and without the linker's
 * sections. `absolute` says what the linker's own addresses are then.
 */
export function withLayout(
  module: Uint8Array,
  { relocations }: LinkedModule,
  layout: Layout,
  absolute: (name: string) => number,
): { module: Uint8Array; apart: Uint8Array } {
  const bytes = Uint8Array.from(module)
  for (const relocation of relocations) {
    const { kind, name, address } = relocation.to
    write(bytes, relocation, (kind === 'absolute' ? absolute(name) : layout.moved(address)) + relocation.addend)
  }
  const segments = dataSegments(bytes)
  const start = segments[0]?.address ?? 0
  const data = new Uint8Array(layout.end - start)
  const { startApart } = layout
  const apart = new Uint8Array(layout.endApart - startApart)
  for (const { from, end, to, isApart } of layout.places) {
    const segment = segments.find(({ address, start, end: last }) => from >= address && end <= address + last - start)
    if (segment === undefined) throw new MalformedModule(`it has no data from ${from} to ${end}`)
    const at = segment.start + from - segment.address
    const [into, base] = isApart ? [apart, startApart] : [data, start]
    into.set(bytes.subarray(at, at + end - from), to - base)
  }
  const sections = placedSections(bytes).filter((section) => !isOfLinker(section))
  const parts = sections.map((section) =>
    section.id === sectionIds.data ? dataSection(start, data) : bytes.subarray(section.from, section.end),
  )
  return { module: Buffer.concat([bytes.subarray(0, 8), ...parts]), apart }
}

/** The names are of segments too, of which one is left. */
const isNamed = new Set(['linking', 'name', '__wasm_bindgen_unstable'])
const isOfLinker = ({ id, name }: { id: number; name: string }) =>
  id === sectionIds.dataCount || (id === sectionIds.custom && (isNamed.has(name) || name.startsWith('reloc.')))

/** Relocations of data, by how the address is written: padded LEB128, signed or not, or four bytes. */
const written: Record<number, 'leb' | 'sleb' | 'word'> = { 3: 'leb', 4: 'sleb', 5: 'word' }

function write(bytes: Uint8Array, { at, type }: Relocation, value: number): void {
  const form = written[type]
  if (form === undefined) throw new MalformedModule(`it has relocations of type ${type}, which are not known here`)
  for (let byte = 0; byte < (form === 'word' ? 4 : 5); byte++) {
    if (form === 'word') bytes[at + byte] = value >>> (8 * byte)
    else
      bytes[at + byte] = ((form === 'leb' ? value >>> (7 * byte) : value >> (7 * byte)) & 0x7f) | (byte < 4 ? 0x80 : 0)
  }
}

function dataSection(address: number, data: Uint8Array): Uint8Array {
  const content = [1, 0, 0x41, ...padded(address), 0x0b, ...padded(data.length)]
  return Buffer.concat([
    Buffer.of(sectionIds.data, ...padded(content.length + data.length)),
    Buffer.from(content),
    data,
  ])
}

/** LEB128 of five bytes, for numbers below 2^31 signed as well. */
function padded(value: number): number[] {
  return [0, 7, 14, 21, 28].map((shift) => ((value >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0))
}
