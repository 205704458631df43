/**
 * Takes the data that only loading reads out of the memory that every instance starts with.
 *
 *     build/load-data.ts LINKED MODULE OUT     writes OUT.wasm and OUT.wat
 *
 * Two thirds of the engine's data are the tables of Unicode classes (`\p{Greek}`, `\w`), which are read while an
 * expression that names a class is compiled, and never by a match. Which bytes those are is read from the relocations
 * of LINKED: the data that nothing but the functions in `classLookups` leads to. MODULE, the same module after
 * wasm-bindgen, is written without those bytes, and the text module beside it holds them as passive segments, which an
 * instance's memory holds only while it loads. Instances share a module's segments.
 *
 * Loading without its tables would refuse expressions in silence. So `framegate_load` and `framegate_seal` themselves bring
 * them and remove them at their end, 14 us together; nothing is left to remember.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { sectionIds } from '../src/wasm-sections.ts'
import { dataSegments, type Item, linkedItems, placedSections } from './linked-module.ts'

/** Addresses; `end` is the first beyond. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * regex-syntax's ways from a class's name to its table. They copy what they find. A match gets to their crate only by
 * fancy-regex's case-insensitive back-references, which compile a list of literals: that holds no class. (What it does
 * read, the table of case folding, is reached on other ways too and stays; so does the table of word characters.)
 */
const classLookups = /12regex_syntax.*\d(?:hir_unicode_class|hir_perl_unicode_class)$/

/** What compiles expressions, with how many parameters. */
const loaders = { framegate_load: 4, framegate_seal: 1 } as const
const bareName = (name: string) => name.replace('_', '-')

/** A range shorter than a page of the machine's memory saves none. */
const leastRange = 4096
/** Objects lie at multiples of up to 16 bytes; what is between two of them is nobody's. */
const mostPadding = 15
/** 250 kB are found; much less means that the compiler or the crates changed so that the tables are not recognised. */
const leastBytes = 100_000

/** The ranges of data that only functions with names like `lookups` lead to from the exported functions. */
export function loadOnlyRanges(items: readonly Item[], exported: (name: string) => boolean, lookups: RegExp): Range[] {
  const roots = items.filter(({ kind, name }) => kind === 'function' && exported(name))
  const all = reached(roots, () => false)
  const always = reached(roots, ({ kind, name }) => kind === 'function' && lookups.test(name))
  const ranges: { start: number; end: number }[] = []
  let open = false
  let keptUntil = 0
  const data = items.filter(({ kind, size }) => kind === 'data' && size > 0).sort((a, b) => a.address - b.address)
  for (const item of data) {
    const start = Math.max(item.address, keptUntil)
    const end = item.address + item.size
    const last = ranges.at(-1)
    if (always.has(item) || !all.has(item)) {
      // Strings may share bytes: what is kept in any of them is kept.
      if (last !== undefined) last.end = Math.min(last.end, item.address)
      keptUntil = Math.max(keptUntil, end)
      open = false
    } else if (open && last !== undefined && start - last.end <= mostPadding) {
      last.end = Math.max(last.end, end)
    } else if (start < end) {
      ranges.push({ start, end })
      open = true
    }
  }
  return ranges.filter(({ start, end }) => end - start >= leastRange)
}

function reached(roots: readonly Item[], closed: (item: Item) => boolean): Set<Item> {
  const seen = new Set(roots)
  for (const item of seen) if (!closed(item)) for (const next of item.refersTo) seen.add(next)
  return seen
}

/** The module without the linker's sections and with zeros in the ranges, and the bytes that were there. */
export function withoutRanges(
  module: Uint8Array,
  ranges: readonly Range[],
): { module: Uint8Array; taken: Uint8Array[] } {
  const rest = Uint8Array.from(module)
  const segments = dataSegments(rest)
  const taken = ranges.map(({ start, end }) => {
    const segment = segments.find((one) => start >= one.address && end <= one.address + one.end - one.start)
    if (segment === undefined) throw new Error(`the module has no data from ${start} to ${end}`)
    const bytes = rest.subarray(segment.start + start - segment.address, segment.start + end - segment.address)
    const copy = bytes.slice()
    bytes.fill(0)
    return copy
  })
  const ofLinker = ({ id, name }: { id: number; name: string }) =>
    id === sectionIds.custom && (name === 'linking' || name.startsWith('reloc.'))
  for (const name of Object.keys(loaders)) renameExport(rest, name, bareName(name))
  const kept = placedSections(rest).filter((section) => !ofLinker(section))
  return {
    module: Buffer.concat([rest.subarray(0, 8), ...kept.map(({ from, end }) => rest.subarray(from, end))]),
    taken,
  }
}

/** Leaves an export's name to the function that brings the data first. Same length: nothing moves. */
function renameExport(module: Uint8Array, name: string, other: string): void {
  const exports = placedSections(module).find(({ id }) => id === sectionIds.export)
  const content = Buffer.from(
    module.buffer,
    module.byteOffset + (exports?.start ?? 0),
    (exports?.end ?? 0) - (exports?.start ?? 0),
  )
  const at = content.indexOf(`${String.fromCharCode(name.length)}${name}\0`)
  if (at < 0) throw new Error(`the module exports no function ${name}`)
  content.write(other, at + 1)
}

/** The text of the module that holds the bytes, to be merged with the engine and its memory. */
export function loadDataText(ranges: readonly Range[], taken: readonly Uint8Array[]): string {
  const each = (line: (range: Range, number: number) => string) => ranges.map(line).join('\n    ')
  const escaped = (bytes: Uint8Array | undefined) =>
    Buffer.from(bytes ?? [])
      .toString('hex')
      .replace(/../g, '\\$&')
  const names = Object.entries(loaders)
  const imports = names.map(
    ([name, count]) =>
      `(import "engine" "${bareName(name)}" (func $${name} (param${' i32'.repeat(count)}) (result i32)))`,
  )
  const wrappers = names.map(
    ([name, count]) => `(func (export "${name}") (param${' i32'.repeat(count)}) (result i32)
    (call $bring)
    (call $${name} ${Array.from({ length: count }, (_, number) => `(local.get ${number})`).join(' ')})
    (call $remove))`,
  )
  return `(module
  (import "./framegate_bg.js" "memory" (memory 0))
  ${imports.join('\n  ')}
  ${taken.map((bytes, number) => `(data $range${number} "${escaped(bytes)}")`).join('\n  ')}
  (func $bring (export "framegate_load_data")
    ${each(({ start, end }, number) => `(memory.init $range${number} (i32.const ${start}) (i32.const 0) (i32.const ${end - start}))`)})
  (func $remove (export "framegate_drop_load_data")
    ${each(({ start, end }) => `(memory.fill (i32.const ${start}) (i32.const 0) (i32.const ${end - start}))`)})
  ${wrappers.join('\n  ')})
`
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [linked = '', bound = '', out = ''] = process.argv.slice(2)
  const ranges = loadOnlyRanges(
    linkedItems(readFileSync(linked)),
    (name) => name.startsWith('framegate_'),
    classLookups,
  )
  const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0)
  if (total < leastBytes)
    throw new Error(
      `only ${total} bytes are found that nothing but loading reads, ${leastBytes} are the least: do regex-syntax's ` +
        `functions still have the names that ${classLookups} matches, and are they inlined nowhere?`,
    )
  const { module, taken } = withoutRanges(readFileSync(bound), ranges)
  writeFileSync(`${out}.wasm`, module)
  writeFileSync(`${out}.wat`, loadDataText(ranges, taken))
}
