// Makes a module that a tenant uploaded into one that may be run: what it imports was granted, its memory and its tables
// have a maximum, and every way through its code takes fuel.
//
// It is one pass over the bytes, of which each is looked at once. A compiler's passes would be shorter to write down, but
// their time is not linear in what the tenant sends, and they do not all end well: Binaryen takes 22 s for half a megabyte
// of nested loops, aborts, and answers nobody afterwards.

import { FramegateError, messageOf } from '../ffi/index.ts'
import { externalKinds, MalformedModule, type SectionReader, sectionIds, sectionsOf } from '../wasm-sections.ts'
import { op, valueType } from './instructions.ts'
import { meteredBody, type Surroundings, takingFuel } from './metered-body.ts'
import { joined, leb, name, section, signedLeb } from './module-bytes.ts'

/** What a tenant's module may have. */
export interface MeterOptions {
  /** Bytes of memory that an instance may have at most. Whole pages of 64 KiB count. */
  readonly maxBytes: number
  /** What it may import, each as `module.name`. */
  readonly grants?: readonly string[]
  /** Fuel for a start function and for whatever else runs before the host sets the first call's. 10,000,000 by default. */
  readonly startFuel?: number
}

/** The name of the exported global that holds the fuel: a mutable i32, negative once a call has run out of it. */
export const FUEL_EXPORT = 'framegate_fuel'
/** The name of the function that answers. */
export const OPERATOR_EXPORT = 'framegate_operator'

const PAGE = 65_536
const LARGEST_MODULE = 4 * 1024 * 1024
const MOST_TABLES = 4
const LARGEST_TABLE = 16_384
const START_FUEL = 10_000_000

/**
 * Checks a tenant's module and returns it metered and capped. The same bytes give the same bytes.
 *
 * A unit of fuel is about one instruction. Each function takes fuel when it is entered and each loop at its head, for the
 * longest way up to the next such place; it traps with the global `framegate_fuel` below zero when there is too little. What takes
 * longer than an instruction takes more fuel: divisions 8; calls and branches one for each value that they move; filled and
 * copied memory one for 8 bytes; growth 1,000, and 1,024 for each page that is there. A load that misses
 * all caches takes one, like any other.
 *
 * Custom sections (names, debug information) are dropped. One is added: `build_id`, with the SHA-256 of what is before it.
 *
 * @param bytes - the module as it was uploaded; up to 4 MiB
 * @returns bytes of the caller's own
 * @throws {@link FramegateError} `OPERATOR_INVALID`: the bytes are no valid module; import what was not granted; need more
 * memory than the cap, more than 4 tables or more than 16,384 elements in one; use shared or 64-bit memory, or instructions
 * outside WebAssembly 2.0; export no memory `memory` or no function `framegate_operator`. `ARGUMENT_OUT_OF_RANGE` for options
 *
 * @example
 * ```
 * const metered = await meterGuest(uploaded, { maxBytes: 4 << 20 })
 * const module = await WebAssembly.compile(metered)
 * ```
 */
export async function meterGuest(bytes: Uint8Array, options: MeterOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes, grants = [], startFuel = START_FUEL } = options
  checkRange('maxBytes', maxBytes, PAGE, 65_536 * PAGE)
  checkRange('startFuel', startFuel, 0, 0x7fffffff)
  if (bytes.length > LARGEST_MODULE) {
    throw invalid(`it has ${bytes.length} bytes; ${LARGEST_MODULE} is the most, build it without debug information`)
  }
  // A copy, so that nobody changes what was checked.
  const own = Uint8Array.from(bytes)
  await checkValid(own)
  let metered: Uint8Array<ArrayBuffer>
  try {
    metered = new Metering(own, { pages: Math.floor(maxBytes / PAGE), grants: new Set(grants), startFuel }).run()
  } catch (cause) {
    throw cause instanceof MalformedModule ? invalid(cause.message, cause) : cause
  }
  // What is run is what the runtime has seen: were the metering wrong, it would be refused here.
  await checkValid(metered)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', metered))
  return joined([metered, section(sectionIds.custom, joined([name('build_id'), leb(digest.length), digest]))])
}

async function checkValid(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    await WebAssembly.compile(bytes)
  } catch (cause) {
    throw invalid(messageOf(cause), cause)
  }
}

function checkRange(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new FramegateError(
    'ARGUMENT_OUT_OF_RANGE',
    `${option} is ${value}; pass a whole number from ${least} to ${most}`,
  )
}

/** The error for a module that cannot be an operator. */
export function invalid(fault: string, cause?: unknown): FramegateError {
  return new FramegateError('OPERATOR_INVALID', `the operator’s module cannot be used: ${fault}`, { cause })
}

interface Limits {
  readonly pages: number
  readonly grants: ReadonlySet<string>
  readonly startFuel: number
}

/** In the order in which they stand in a module; custom sections are left out. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]
const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const I32 = 0x7f
const FUNCTION = 0x60
const TYPES: ReadonlySet<string> = new Set(['i32', 'i64', 'f32', 'f64', 'v128', 'funcref', 'externref'])

class Metering {
  readonly #limits: Limits
  readonly #sections = new Map<number, SectionReader>()
  readonly #types: { parameters: readonly string[]; results: readonly string[] }[] = []
  /** The type of each function. */
  readonly #functions: number[] = []
  #importedFunctions = 0
  #memories = 0
  #tables = 0
  #globals = 0

  constructor(bytes: Uint8Array, limits: Limits) {
    this.#limits = limits
    for (const { id, content } of sectionsOf(bytes)) {
      if (id === sectionIds.custom) continue
      if (!ORDER.includes(id))
        throw new MalformedModule(`it has a section of the kind ${id}; build it without exceptions`)
      this.#sections.set(id, content)
    }
  }

  run(): Uint8Array<ArrayBuffer> {
    const written = new Map<number, Uint8Array>()
    for (const [id, content] of this.#sections) written.set(id, content.bytes)
    written.set(sectionIds.type, this.#withTypes())
    const imports = this.#sections.get(sectionIds.import)
    if (imports) written.set(sectionIds.import, this.#withImports(imports))
    const functions = this.#withFunctions()
    const table = this.#sections.get(sectionIds.table)
    if (table) written.set(sectionIds.table, listOf(table.list(() => this.#table(table))))
    const memory = this.#sections.get(sectionIds.memory)
    if (memory) written.set(sectionIds.memory, listOf(memory.list(() => this.#memory(memory))))
    if (this.#memories > 1) throw new MalformedModule('it has several memories; build it with one')
    written.set(sectionIds.global, this.#withGlobal())
    written.set(sectionIds.export, this.#withExport())
    written.set(sectionIds.function, functions)
    written.set(sectionIds.code, this.#withFuel())
    const inOrder = ORDER.flatMap((id) => {
      const content = written.get(id)
      return content === undefined ? [] : [section(id, content)]
    })
    return joined([HEADER, ...inOrder])
  }

  /** All types, and that of the functions that pay for lengths. */
  #withTypes(): Uint8Array {
    const reader = this.#sections.get(sectionIds.type)
    const entries = reader?.list(() =>
      entry(reader, () => {
        const type = reader.next === FUNCTION ? reader.typeGroup()[0] : undefined
        if (type === undefined || ![...type.parameters, ...type.results].every((each) => TYPES.has(each))) {
          throw new MalformedModule('it has types of garbage-collected objects; build it without them')
        }
        this.#types.push(type)
      }),
    )
    return listOf([...(entries ?? []), Uint8Array.of(FUNCTION, 1, I32, 1, I32)])
  }

  #withImports(reader: SectionReader): Uint8Array {
    const missing: string[] = []
    const entries = reader.list(() => {
      const from = reader.offset
      const full = `${reader.name()}.${reader.name()}`
      const kind = reader.byte()
      const kindName = Object.keys(externalKinds).find((each) => externalKinds[each as never] === kind)
      if (!this.#limits.grants.has(full)) missing.push(`${full} (${kindName ?? 'of an unknown kind'})`)
      const head = reader.bytes.subarray(from, reader.offset)
      switch (kind) {
        case externalKinds.function:
          this.#importedFunctions++
          return joined([head, entry(reader, () => this.#functions.push(reader.leb()))])
        case externalKinds.table:
          return joined([head, this.#table(reader)])
        case externalKinds.memory:
          return joined([head, this.#memory(reader)])
        case externalKinds.global:
          this.#globals++
          return joined([head, entry(reader, () => [valueType(reader), reader.byte()])])
        default:
          throw new MalformedModule(`it imports ${full}, which no guest may; build it without exceptions`)
      }
    })
    if (missing.length > 0) {
      const all = missing.slice(0, 20).join(', ') + (missing.length > 20 ? ` and ${missing.length - 20} more` : '')
      throw new MalformedModule(`it imports what it was not granted: ${all}; build it without, or grant them`)
    }
    return listOf(entries)
  }

  #withFunctions(): Uint8Array {
    const reader = this.#sections.get(sectionIds.function)
    reader?.list(() => this.#functions.push(reader.leb()))
    const payer = this.#types.length
    return listOf([...this.#functions.slice(this.#importedFunctions), payer, payer, payer].map(leb))
  }

  #table(reader: SectionReader): Uint8Array {
    if (++this.#tables > MOST_TABLES) throw new MalformedModule(`it has more than ${MOST_TABLES} tables`)
    return joined([[valueType(reader)], capped(reader, 0, LARGEST_TABLE, 'a table of', 'elements')])
  }

  #memory(reader: SectionReader): Uint8Array {
    this.#memories++
    // Address 0 is none to an allocator: a host could not put its texts there.
    return capped(reader, 1, this.#limits.pages, 'a memory of', 'pages')
  }

  /** All globals, and that of the fuel. */
  #withGlobal(): Uint8Array {
    const reader = this.#sections.get(sectionIds.global)
    const count = reader?.leb() ?? 0
    this.#globals += count
    const entries = reader?.bytes.subarray(reader.offset) ?? []
    return joined([leb(count + 1), entries, [I32, 1, op.i32Const, ...signedLeb(this.#limits.startFuel), op.end]])
  }

  #withExport(): Uint8Array {
    const reader = this.#sections.get(sectionIds.export)
    const entries: Uint8Array[] = []
    let hasMemory = false
    let operator: number | undefined
    reader?.list(() => {
      entries.push(
        entry(reader, () => {
          const { name: exported, kind, index } = reader.export()
          if (exported === FUEL_EXPORT) {
            throw new MalformedModule(`it exports ${FUEL_EXPORT}, which is the host’s; was it metered before?`)
          }
          if (exported === 'memory' && kind === externalKinds.memory) hasMemory = true
          if (exported === OPERATOR_EXPORT && kind === externalKinds.function) operator = index
        }),
      )
    })
    if (!hasMemory)
      throw new MalformedModule('it exports no memory of the name memory; build it with its memory exported')
    this.#checkOperator(operator)
    return listOf([...entries, joined([name(FUEL_EXPORT), [externalKinds.global], leb(this.#globals)])])
  }

  #checkOperator(index: number | undefined): void {
    const signature = `${OPERATOR_EXPORT}(i32, i32, i32, i32) -> i32`
    if (index === undefined)
      throw new MalformedModule(`it exports no function ${signature}; see wasm/operator/README.md`)
    if (index < this.#importedFunctions) throw new MalformedModule(`${OPERATOR_EXPORT} is a function that it imports`)
    const type = this.#types[this.#functions[index] as number]
    if (type?.parameters.join() === 'i32,i32,i32,i32' && type.results.join() === 'i32') return
    const found = `(${type?.parameters.join(', ')}) -> ${type?.results.join(', ') || 'nothing'}`
    throw new MalformedModule(`${OPERATOR_EXPORT} has the type ${found}; it has to be ${signature}`)
  }

  #withFuel(): Uint8Array {
    const reader = this.#sections.get(sectionIds.code)
    const count = this.#functions.length
    const around: Surroundings = {
      types: this.#types.map(({ parameters, results }) => ({ parameters: parameters.length, results: results.length })),
      functions: this.#functions,
      fuel: this.#globals,
      payers: { bytes: count, elements: count + 1, pages: count + 2 },
    }
    let index = this.#importedFunctions
    const bodies = reader?.list(() =>
      withLength(meteredBody(reader.part(reader.leb()), this.#functions[index++] as number, around)),
    )
    const payers = [BYTES_COST, ELEMENTS_COST, PAGES_COST].map((cost) => payer(around.fuel, cost))
    return listOf([...(bodies ?? []), ...payers])
  }
}

/** A byte takes an eighth. No length, which may be any number of 32 bits, can make a cost below zero. */
const BYTES_COST = [op.localGet, 0, op.i32Const, 3, op.i32ShiftRight]
/** An element takes 16; a number of elements that no table can have, more fuel than a call will have. */
const ELEMENTS_COST = [
  ...[op.i32Const, ...signedLeb(1 << 30)],
  ...[op.localGet, 0, op.i32Const, 4, op.i32ShiftLeft],
  ...[op.localGet, 0, op.i32Const, ...signedLeb(1 << 24), op.i32GreaterOrEqual],
  op.select,
]

/**
 * Memory that grows is copied where it cannot grow in place, even by no page at all (measured: 17 ms for a maximum of 4 GiB,
 * 12 us for one of 256 MiB): a page that is there takes 1,024.
 */
const PAGES_COST = [op.memorySize, 0, op.i32Const, 10, op.i32ShiftLeft]

/** A function that takes a length, pays for it and returns it. */
function payer(fuel: number, cost: readonly number[]): Uint8Array {
  const locals = [1, 1, I32]
  return withLength(joined([locals, takingFuel(fuel, cost, 1), [op.localGet, 0, op.end]]))
}

/** Reads limits and writes them with a maximum, the smaller of its own and `most`. */
function capped(reader: SectionReader, fewest: number, most: number, what: string, units: string): Uint8Array {
  const flags = reader.byte()
  if (flags > 1) {
    throw new MalformedModule(
      `it has ${what} a kind that no guest may have (${flags}): shared, or with 64-bit addresses`,
    )
  }
  const least = reader.leb()
  const maximum = flags === 1 ? Math.min(reader.leb(), most) : most
  if (least < fewest || least > most) {
    throw new MalformedModule(`it begins with ${what} ${least} ${units}; ${fewest} to ${most} is what it may have`)
  }
  return Uint8Array.from([1, ...leb(least), ...leb(maximum)])
}

/** The bytes that `read` goes over. */
function entry(reader: SectionReader, read: () => unknown): Uint8Array {
  const from = reader.offset
  read()
  return reader.bytes.subarray(from, reader.offset)
}

function listOf(entries: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return joined([leb(entries.length), ...entries])
}

function withLength(bytes: Uint8Array): Uint8Array {
  return joined([leb(bytes.length), bytes])
}
