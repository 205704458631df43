/**
 * Says what a guest module is, from its bytes, and what is wrong with engine.wasm.
 *
 * The engine's promises (no imports, nothing run at instantiation, a stack that cannot grow into the data) are read
 * from the file that ships, by the reader of `framegate bindgen`, and not from the tools that made it.
 */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { externalKinds, type SectionReader, sectionIds, sectionsOf } from '../src/cli/bindgen/wasm-sections.ts'

export interface WasmSummary {
  /** `module.name` of each import. */
  imports: string[]
  exports: string[]
  /** Index of the function run at instantiation. */
  start: number | undefined
  /** Initial value of the exported `__stack_pointer`: the size of the stack where it lies first in memory (`--stack-first`). */
  stackBytes: number | undefined
}

const opcode = { end: 0x0b, i32Const: 0x41, f32Const: 0x43, f64Const: 0x44 } as const

const leastStackBytes = 256 * 1024

/** Reads a module's bytes. Throws where they are not a WebAssembly module of the binary format's version 1. */
export function summarise(bytes: Uint8Array): WasmSummary {
  const summary: WasmSummary = { imports: [], exports: [], start: undefined, stackBytes: undefined }
  let globals: (number | undefined)[] = []
  let stackPointer: number | undefined
  for (const { id, content } of sectionsOf(bytes)) {
    if (id === sectionIds.import) {
      const imports = content.list(() => content.import())
      summary.imports = imports.map(({ module, name }) => `${module}.${name}`)
      globals = imports.filter(({ kind }) => kind === externalKinds.global).map(() => undefined)
    } else if (id === sectionIds.global) {
      globals.push(...content.list(() => startValue(content)))
    } else if (id === sectionIds.export) {
      for (const { name, kind, index } of content.list(() => content.export())) {
        summary.exports.push(name)
        if (name === '__stack_pointer' && kind === externalKinds.global) stackPointer = index
      }
    } else if (id === sectionIds.start) {
      summary.start = content.leb()
    }
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

/** The value that an i32 global starts with; undefined for any other global. */
function startValue(content: SectionReader): number | undefined {
  content.valueType()
  content.byte()
  let value: number | undefined
  for (let code = content.byte(); code !== opcode.end; code = content.byte()) {
    if (code === opcode.f32Const) content.part(4)
    else if (code === opcode.f64Const) content.part(8)
    else {
      const number = content.leb()
      if (code === opcode.i32Const) value = number
    }
  }
  return value
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = process.argv[2] ?? 'dist/engine.wasm'
  const faults = engineFaults(readFileSync(path), expectedExports())
  for (const fault of faults) console.error(`${path}: ${fault}`)
  if (faults.length > 0) process.exitCode = 1
}
