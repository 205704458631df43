/**
 * Says what a guest module is, from its bytes, and what is wrong with engine.wasm.
 *
 * The parser reads only what the checks need: the import, global, export and start sections. It is our own, because
 * the engine's promises (no imports, nothing run at instantiation, a stack that cannot grow into the data) must be read
 * from the file that ships and not from the tools that made it.
 */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

export interface WasmSummary {
  /** `module.name` of each import. */
  imports: string[]
  exports: string[]
  /** Index of the function run at instantiation. */
  start: number | undefined
  /** Initial value of the exported `__stack_pointer`: the size of the stack where it lies first in memory (`--stack-first`). */
  stackBytes: number | undefined
}

const section = { import: 2, global: 6, export: 7, start: 8 } as const
const kind = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const
const opcode = { end: 0x0b, i32Const: 0x41, f32Const: 0x43, f64Const: 0x44 } as const

const leastStackBytes = 256 * 1024

/** Reads a module's bytes. Throws where they are not a WebAssembly module of the binary format's version 1. */
export function summarise(bytes: Uint8Array): WasmSummary {
  const reader = new Reader(bytes)
  if (reader.u32le() !== 0x6d736100 || reader.u32le() !== 1) throw new Error('not a WebAssembly module')

  const summary: WasmSummary = { imports: [], exports: [], start: undefined, stackBytes: undefined }
  const globals: (number | undefined)[] = []
  let stackPointer: number | undefined
  while (!reader.done) {
    const id = reader.byte()
    const end = reader.leb() + reader.offset
    if (id === section.import) {
      reader.times(() => {
        summary.imports.push(`${reader.name()}.${reader.name()}`)
        if (reader.importedKind() === kind.global) globals.push(undefined)
      })
    } else if (id === section.global) {
      reader.times(() => globals.push(reader.global()))
    } else if (id === section.export) {
      reader.times(() => {
        const name = reader.name()
        const exported = reader.byte()
        const index = reader.leb()
        summary.exports.push(name)
        if (name === '__stack_pointer' && exported === kind.global) stackPointer = index
      })
    } else if (id === section.start) {
      summary.start = reader.leb()
    }
    reader.offset = end
  }
  if (stackPointer !== undefined) summary.stackBytes = globals[stackPointer]
  return summary
}

/** What is wrong with an engine, one sentence each; empty when nothing is. `expected` are the names of its exports. */
export function engineFaults(bytes: Uint8Array, expected: readonly string[]): string[] {
  const { imports, exports, start, stackBytes } = summarise(bytes)
  const faults: string[] = []
  if (imports.length > 0) faults.push(`it imports ${imports.join(', ')}; it must import nothing`)
  if (start !== undefined) faults.push(`it runs function ${start} when instantiated`)
  if (stackBytes === undefined) faults.push('it exports no __stack_pointer with a constant initial value')
  else if (stackBytes < leastStackBytes)
    faults.push(`its stack has ${stackBytes} bytes; ${leastStackBytes} are the least`)
  const missing = expected.filter((name) => !exports.includes(name))
  const unlisted = exports.filter((name) => !expected.includes(name))
  if (missing.length > 0) faults.push(`it lacks ${missing.join(', ')}, which build/engine.exports lists`)
  if (unlisted.length > 0) faults.push(`it exports ${unlisted.join(', ')}, which build/engine.exports does not list`)
  return faults
}

/** The names in `build/engine.exports`: one a line, `#` starts a comment. */
export function expectedExports(): string[] {
  return readFileSync(new URL('engine.exports', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
}

class Reader {
  offset = 0

  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.offset >= this.bytes.length
  }

  byte(): number {
    const byte = this.bytes[this.offset++]
    if (byte === undefined) throw new Error('the module ends in the middle of a section')
    return byte
  }

  u32le(): number {
    return this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)
  }

  /** Unsigned LEB128 of up to 32 bits; the bits beyond (64-bit limits) are read and dropped. */
  leb(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  signedLeb(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return byte & 0x40 && shift + 7 < 32 ? value | (-1 << (shift + 7)) : value
    }
  }

  name(): string {
    const length = this.leb()
    const text = new TextDecoder().decode(this.bytes.subarray(this.offset, this.offset + length))
    this.offset += length
    return text
  }

  times(read: () => void): void {
    for (let left = this.leb(); left > 0; left--) read()
  }

  /** Skips an import's description and returns its kind. */
  importedKind(): number {
    const imported = this.byte()
    if (imported === kind.function) this.leb()
    else if (imported === kind.table) this.skip(1).limits()
    else if (imported === kind.memory) this.limits()
    else if (imported === kind.global) this.skip(2)
    else if (imported === kind.tag) this.skip(1).leb()
    return imported
  }

  /** The value that an i32 global starts with; undefined for any other global. */
  global(): number | undefined {
    this.skip(2)
    let value: number | undefined
    for (let code = this.byte(); code !== opcode.end; code = this.byte()) {
      if (code === opcode.i32Const) value = this.signedLeb()
      else if (code === opcode.f32Const) this.skip(4)
      else if (code === opcode.f64Const) this.skip(8)
      else this.signedLeb()
    }
    return value
  }

  private skip(count: number): this {
    this.offset += count
    return this
  }

  private limits(): void {
    const hasMaximum = this.byte() & 1
    this.leb()
    if (hasMaximum) this.leb()
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = process.argv[2] ?? 'dist/engine.wasm'
  const faults = engineFaults(readFileSync(path), expectedExports())
  for (const fault of faults) console.error(`${path}: ${fault}`)
  if (faults.length > 0) process.exitCode = 1
}
