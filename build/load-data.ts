/**
 * Takes the data that only loading reads out of the memory that every instance has.
 *
 *     build/load-data.ts LINKED OUT     writes OUT.wasm and OUT.wat
 *
 * Two thirds of the engine's data are the tables of Unicode classes (`\p{Greek}`, `\w`), which are read while an
 * expression that names a class is compiled, and never by a match. Which bytes those are is read from the relocations
 * of LINKED: the data that nothing but the functions in `classLookups` leads to. (Other data that loading alone reads
 * cannot be told: its address may lie in what loading leaves, as those of vtables do.) The module is written without
 * them, its other data lies close together, and the text module beside it holds them as a passive segment, for addresses
 * that an instance's memory reaches only while it loads. Instances share a module's segments.
 *
 * Loading without its tables would refuse expressions in silence. So `framegate_load` and `framegate_seal` themselves bring
 * them and remove them at their end, 14 us together; nothing is left to remember.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { sectionIds } from '../src/wasm-sections.ts'
import { laidOut, withLayout } from './data-layout.ts'
import { type Item, linkedModule, placedSections } from './linked-module.ts'

/**
 * regex-syntax's ways from a class's name to its table. They copy what they find. A match gets to their crate only for
 * word boundaries, whose table of word characters is reached on other ways too and stays, as does that of case folding.
 */
const classLookups = /12regex_syntax.*\d(?:hir_unicode_class|hir_perl_unicode_class)$/

/** What has the data and the stack, with how many parameters: loading compiles expressions, sealing copies what it made. */
const loaders = { framegate_load: 4, framegate_seal: 1 } as const
const bareName = (name: string) => name.replace('_', '-')

/**
 * Where loading has the data, and a stack of its own: compiling the deepest expression takes more of it than any answer.
 * A stack that overflows runs into the guard, where nothing else is ever written: then loading ends with a trap.
 * `wasm/engine/src/memory/stages.rs` leaves all of it free.
 */
export const loading = { guard: 0xa_0000, stack: 0xb_0000, data: 0x11_0000, end: 0x16_0000 } as const

const page = 65_536
/** 250 kB are found; much less means that the compiler or the crates changed so that the tables are not recognised. */
const leastBytes = 200_000

/** Data that functions with names like `lookups` alone lead to from the exported functions, and data that none does. */
export function loadOnly(
  items: readonly Item[],
  exported: (name: string) => boolean,
  lookups: RegExp,
): { loading: Set<Item>; unused: Set<Item> } {
  // A function in the table may be called by whoever has its number.
  const roots = items.filter(({ kind, name, isInTable }) => kind === 'function' && (isInTable || exported(name)))
  const all = reached(roots, () => false)
  const always = reached(roots, ({ kind, name }) => kind === 'function' && lookups.test(name))
  const data = items.filter(({ kind }) => kind === 'data')
  return {
    loading: new Set(data.filter((item) => all.has(item) && !always.has(item))),
    unused: new Set(data.filter((item) => !all.has(item))),
  }
}

function reached(roots: readonly Item[], closed: (item: Item) => boolean): Set<Item> {
  const seen = new Set(roots)
  for (const item of seen) if (!closed(item)) for (const next of item.refersTo) seen.add(next)
  return seen
}

/** Leaves an export's name to the function that brings the data first. */
export function renameExport(module: Uint8Array, name: string, other: string): void {
  if (!replaceName(module, sectionIds.export, `${String.fromCharCode(name.length)}${name}\0`, other))
    throw new Error(`the module exports no function ${name}`)
}

/** Has the module import its memory, of any size, from one that it is merged with, which may import it from `env` itself. */
function renameMemory(module: Uint8Array): void {
  const limits = replaceName(module, sectionIds.import, '\x03env\x06memory\x02\0', 'own')
  const pages = limits?.[0]
  if (limits === undefined || pages === undefined || pages >= 0x80) throw new Error('the module imports no memory')
  limits[0] = 0
}

/** Writes another name of the same length into a section, so that nothing moves; what is behind what was found. */
function replaceName(module: Uint8Array, id: number, found: string, other: string): Uint8Array | undefined {
  const section = placedSections(module).find((each) => each.id === id)
  if (section === undefined) return undefined
  const content = Buffer.from(module.buffer, module.byteOffset + section.start, section.end - section.start)
  const at = content.indexOf(found)
  if (at < 0) return undefined
  content.write(other, at + 1)
  return content.subarray(at + found.length)
}

/** The text of the module that holds the bytes, to be merged with the engine and its memory. */
export function loadDataText(bytes: Uint8Array): string {
  const { guard, stack, data, end } = loading
  const names = Object.entries(loaders)
  const imports = names.map(
    ([name, count]) =>
      `(import "engine" "${bareName(name)}" (func $${name} (param${' i32'.repeat(count)}) (result i32)))`,
  )
  const wrappers = names.map(
    ([name, count]) => `(func (export "${name}") (param${' i32'.repeat(count)}) (result i32)
    (local $stack i32)
    (local $result i32)
    (call $bring)
    (local.set $stack (global.get $stack_pointer))
    (global.set $stack_pointer (i32.const ${data}))
    (local.set $result (call $${name} ${Array.from({ length: count }, (_, number) => `(local.get ${number})`).join(' ')}))
    (global.set $stack_pointer (local.get $stack))
    (call $check)
    (call $remove)
    (local.get $result))`,
  )
  const pages = end / page
  return `(module
  (import "own" "memory" (memory 0))
  (import "engine" "__stack_pointer" (global $stack_pointer (mut i32)))
  ${imports.join('\n  ')}
  (data $tables "${Buffer.from(bytes).toString('hex').replace(/../g, '\\$&')}")
  (func $bring (export "framegate_load_data")
    (if (i32.lt_u (memory.size) (i32.const ${pages}))
      (then (drop (memory.grow (i32.sub (i32.const ${pages}) (memory.size))))))
    (memory.init $tables (i32.const ${data}) (i32.const 0) (i32.const ${bytes.length})))
  (func $remove (export "framegate_drop_load_data")
    (memory.fill (i32.const ${stack}) (i32.const 0) (i32.const ${data + bytes.length - stack})))
  (func $check
    (local $at i32)
    (local.set $at (i32.const ${guard}))
    (loop $next
      (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const ${stack})))))
  ${wrappers.join('\n  ')})
`
}

function separate(linked: Uint8Array, out: string): void {
  const module = linkedModule(linked)
  const parts = loadOnly(module.items, (name) => name.startsWith('framegate_'), classLookups)
  const layout = laidOut(module.items, parts.loading, parts.unused, loading.data)
  const total = layout.endApart - loading.data
  if (total < leastBytes)
    throw new Error(
      `only ${total} bytes are found that nothing but loading reads, ${leastBytes} are the least: do regex-syntax's ` +
        `functions still have the names that ${classLookups} matches, and are they inlined nowhere?`,
    )
  if (layout.endApart > loading.end)
    throw new Error(
      `the data that only loading reads ends at ${layout.endApart}, beyond the ${loading.end} that are free`,
    )
  const heapBase = Math.ceil(layout.end / 16) * 16
  const ends: Record<string, number> = { __heap_base: heapBase, __heap_end: Math.ceil(heapBase / page) * page }
  const { module: rest, apart } = withLayout(linked, module, layout, (name) => {
    const address = ends[name]
    if (address === undefined) throw new Error(`the module refers to the linker's ${name}, which is not known here`)
    return address
  })
  for (const name of Object.keys(loaders)) renameExport(rest, name, bareName(name))
  renameMemory(rest)
  writeFileSync(`${out}.wasm`, rest)
  writeFileSync(`${out}.pages`, String(Math.ceil(heapBase / page)))
  writeFileSync(`${out}.wat`, loadDataText(apart))
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [linked = '', out = ''] = process.argv.slice(2)
  separate(readFileSync(linked), out)
}
