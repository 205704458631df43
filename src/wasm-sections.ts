/**
 * Reads the binary format of WebAssembly modules, section by section: whole modules as far as exports and their types
 * need it, and what `tenants` looks at in a module that it meters.
 *
 * It is our own because the parsers on npm do not serve: `@webassemblyjs/wasm-parser` refuses modules with 64-bit
 * memories, v128 globals or type groups and gives functions that share a type one another's parameter names;
 * `wasmparser` reads them all, but depends on the types of Node 18, which every project that installs it would get.
 */

/** What a section or an import is, by its number in the format. */
export const sectionIds = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const
export const externalKinds = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const

/** The bytes are no module, or not a whole one. */
export class MalformedModule extends Error {
  override name = 'MalformedModule'
}

/** One section, to be read from its start. */
export interface Section {
  readonly id: number
  readonly content: SectionReader
}

/** A function's type. Value types are spelled as in the text format. */
export interface FunctionType {
  readonly parameters: readonly string[]
  readonly results: readonly string[]
}

/** An import, with the index of its type if it is a function. */
export interface ModuleImport {
  readonly module: string
  readonly name: string
  readonly kind: number
  readonly type: number | undefined
}

/** An export, with its index among all things of its kind. */
export interface ModuleExport {
  readonly name: string
  readonly kind: number
  readonly index: number
}

/** The sections of a module in their order. Throws {@link MalformedModule} where the bytes are none, or cut off. */
export function* sectionsOf(bytes: Uint8Array): Generator<Section> {
  const reader = new SectionReader(bytes)
  if (bytes.length < 8 || reader.u32() !== 0x6d736100) throw new MalformedModule('it is not a WebAssembly module')
  const version = reader.u32()
  if (version !== 1)
    throw new MalformedModule(
      version >>> 16 === 1
        ? 'it is a WebAssembly component; give the core module that it was made of'
        : `its binary format has version ${version}; 1 is the one that is read`,
    )
  while (!reader.done) {
    const id = reader.byte()
    yield { id, content: reader.part(reader.leb()) }
  }
}

/** A cursor over the bytes of one section; it never reads past their end. */
export class SectionReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length
  }

  /** Where it is, in {@link bytes}. */
  get offset(): number {
    return this.#offset
  }

  /** All of what it reads, from its start. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** The byte that is read next; undefined at the end. */
  get next(): number | undefined {
    return this.#bytes[this.#offset]
  }

  skip(length: number): void {
    if (length > this.#bytes.length - this.#offset) throw new MalformedModule('it ends in the middle of a section')
    this.#offset += length
  }

  byte(): number {
    const byte = this.#bytes[this.#offset++]
    if (byte === undefined) throw new MalformedModule('it ends in the middle of a section')
    return byte
  }

  /** Four bytes, least significant first. */
  u32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0
  }

  /** LEB128, signed or not, of which the low 32 bits are kept: limits may have 64, and are only skipped here. */
  leb(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte()
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new MalformedModule('it holds a number that does not end')
  }

  name(): string {
    return new TextDecoder().decode(this.part(this.leb()).#bytes)
  }

  /** The next `length` bytes as a reader of their own. */
  part(length: number): SectionReader {
    const from = this.#offset
    this.skip(length)
    return new SectionReader(this.#bytes.subarray(from, this.#offset))
  }

  list<Item>(read: () => Item): Item[] {
    const items: Item[] = []
    for (let left = this.leb(); left > 0; left--) items.push(read())
    return items
  }

  import(): ModuleImport {
    const module = this.name()
    const name = this.name()
    const kind = this.byte()
    let type: number | undefined
    if (kind === externalKinds.function) type = this.leb()
    else if (kind === externalKinds.memory) this.limits()
    else if (kind === externalKinds.table) {
      this.valueType()
      this.limits()
    } else if (kind === externalKinds.global) {
      this.valueType()
      this.byte()
    } else if (kind === externalKinds.tag) {
      this.byte()
      this.leb()
    } else throw new MalformedModule(`it imports ${module}.${name}, which is of the unknown kind ${kind}`)
    return { module, name, kind, type }
  }

  export(): ModuleExport {
    return { name: this.name(), kind: this.byte(), index: this.leb() }
  }

  /** Reads the limits of a memory or table; true if its addresses are 64 bits wide. */
  limits(): boolean {
    const flags = this.byte()
    this.leb()
    if (flags & 1) this.leb()
    return (flags & 4) !== 0
  }

  /** One entry of the type section: a type, or a group of types that name one another. Undefined: not a function's. */
  typeGroup(): (FunctionType | undefined)[] {
    const form = this.byte()
    return form === forms.group ? this.list(() => this.#type(this.byte())) : [this.#type(form)]
  }

  valueType(): string {
    const code = this.byte()
    if (code === forms.reference || code === forms.nullableReference) return `(ref ${this.leb()})`
    const name = valueTypes[code]
    if (name === undefined) throw new MalformedModule(`it has the unknown value type 0x${code.toString(16)}`)
    return name
  }

  #type(form: number): FunctionType | undefined {
    switch (form) {
      case forms.function:
        return { parameters: this.list(() => this.valueType()), results: this.list(() => this.valueType()) }
      case forms.struct:
        this.list(() => this.#field())
        return undefined
      case forms.array:
        this.#field()
        return undefined
      case forms.subtype:
      case forms.finalSubtype:
        this.list(() => this.leb())
        return this.#type(this.byte())
      default:
        throw new MalformedModule(`it has a type of the unknown form 0x${form.toString(16)}`)
    }
  }

  #field(): void {
    this.valueType()
    this.byte()
  }
}

const forms = {
  function: 0x60,
  struct: 0x5f,
  array: 0x5e,
  subtype: 0x50,
  finalSubtype: 0x4f,
  group: 0x4e,
  reference: 0x64,
  nullableReference: 0x63,
} as const

const valueTypes: Readonly<Record<number, string>> = {
  127: 'i32',
  126: 'i64',
  125: 'f32',
  124: 'f64',
  123: 'v128',
  120: 'i8',
  119: 'i16',
  116: 'nullexnref',
  115: 'nullfuncref',
  114: 'nullexternref',
  113: 'nullref',
  112: 'funcref',
  111: 'externref',
  110: 'anyref',
  109: 'eqref',
  108: 'i31ref',
  107: 'structref',
  106: 'arrayref',
  105: 'exnref',
}
