/**
 * Says what a guest module is, from its bytes, and what is wrong with the engine's builds.
 *
 * The engine's promises (no imports but the metered build's memory, nothing run at instantiation, a stack that cannot
 * grow into the data, no state but memory and exported globals, an id that is that of its bytes) are read from the files
 * that ship, by the reader of `framegate bindgen`, and not from the tools that made them.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { blockType, op, plainInstruction } from '../src/tenants/instructions.ts'
import { externalKinds, type SectionReader, sectionIds, sectionsOf } from '../src/wasm-sections.ts'
import { buildIdSection, importedPages, memorySection, sha256 } from './seal-wasm.ts'

export interface WasmSummary {
  /** `module.name` of each import. */
  imports: string[]
  exports: string[]
  /** Index of the function run at instantiation. */
  start: number | undefined
  /** Initial value of the exported `__stack_pointer`: the size of the stack where it lies first in memory (`--stack-first`). */
  stackBytes: number | undefined
  /** Initial value of the exported `framegate_fuel`, where it is a mutable i32. */
  fuel: number | undefined
  /** What its code changes besides memory and the exported globals; an instance that was used keeps it. */
  hiddenState: string[]
  /** The custom sections, in their order. */
  customs: { name: string; content: Uint8Array }[]
}

/** What a build of the engine imports, and exports beside what all builds do. */
export interface EngineBuild {
  readonly imports: readonly string[]
  readonly exports: readonly string[]
}

/** By file name. */
export const engineBuilds = {
  'engine.wasm': { imports: [], exports: [] },
  'engine.metered.wasm': { imports: ['env.memory'], exports: ['framegate_fuel'] },
} as const satisfies Record<string, EngineBuild>

interface Global {
  mutable: boolean
  mutableI32: boolean
  value: number | undefined
}

/** data.drop, elem.drop */
const segmentInstructions: ReadonlySet<number> = new Set([9, 13])
/** table.init, table.copy, table.grow, table.fill */
const tableInstructions: ReadonlySet<number> = new Set([12, 14, 15, 17])
const opcode = { end: 0x0b, i32Const: 0x41, f32Const: 0x43, f64Const: 0x44 } as const

const leastStackBytes = 160 * 1024
const unlimitedFuel = 0x7fffffff
/** Id, length, name with its length, hash with its length. */
const buildIdBytes = 1 + 1 + 1 + buildIdSection.length + 1 + 32

/** Reads a module's bytes. Throws where they are not a WebAssembly module of the binary format's version 1. */
export function summarise(bytes: Uint8Array): WasmSummary {
  const summary: WasmSummary = {
    imports: [],
    exports: [],
    start: undefined,
    stackBytes: undefined,
    fuel: undefined,
    hiddenState: [],
    customs: [],
  }
  const hidden = new Set<string>()
  const globals: (Global | undefined)[] = []
  const exportedGlobals = new Map<string, number>()
  for (const { id, content } of sectionsOf(bytes)) {
    if (id === sectionIds.import) {
      const imports = content.list(() => content.import())
      summary.imports = imports.map(({ module, name }) => `${module}.${name}`)
      globals.push(...imports.filter(({ kind }) => kind === externalKinds.global).map(() => undefined))
    } else if (id === sectionIds.global) {
      globals.push(...content.list(() => global(content)))
    } else if (id === sectionIds.export) {
      for (const { name, kind, index } of content.list(() => content.export())) {
        summary.exports.push(name)
        if (kind === externalKinds.global) exportedGlobals.set(name, index)
      }
    } else if (id === sectionIds.start) {
      summary.start = content.leb()
    } else if (id === sectionIds.code) {
      for (const body of content.list(() => content.part(content.leb()))) collectHiddenState(body, hidden)
    } else if (id === sectionIds.custom) {
      summary.customs.push({ name: content.name(), content: rest(content) })
    }
  }
  const seen = new Set(exportedGlobals.values())
  globals.forEach((each, index) => {
    if (each?.mutable && !seen.has(index)) hidden.add(`global ${index}, which is not exported`)
  })
  summary.hiddenState = [...hidden]
  const exported = (name: string) => globals[exportedGlobals.get(name) ?? globals.length]
  const fuel = exported('framegate_fuel')
  summary.stackBytes = exported('__stack_pointer')?.value
  if (fuel?.mutableI32) summary.fuel = fuel.value
  return summary
}

/** What is wrong with an engine, one sentence each; empty when nothing is. `listed` are the names that all builds export. */
export function engineFaults(bytes: Uint8Array, listed: readonly string[], build: EngineBuild): string[] {
  const summary = summarise(bytes)
  const { imports, exports, start, stackBytes, fuel } = summary
  const expected = [...listed, ...build.exports]
  const faults: string[] = []
  if (imports.join() !== build.imports.join())
    faults.push(`it imports ${names(imports)}; it must import ${names(build.imports)}`)
  if (start !== undefined) faults.push(`it runs function ${start} when instantiated`)
  if (stackBytes === undefined) faults.push('it exports no __stack_pointer with a constant initial value')
  else if (stackBytes < leastStackBytes)
    faults.push(`its stack has ${stackBytes} bytes; ${leastStackBytes} are the least`)
  const { hiddenState } = summary
  if (hiddenState.length > 0) faults.push(`it changes ${names(hiddenState)}; instances could not follow one another`)
  const missing = expected.filter((name) => !exports.includes(name))
  const unlisted = exports.filter((name) => !expected.includes(name))
  if (missing.length > 0) faults.push(`it lacks ${missing.join(', ')}, which build/engine.exports lists`)
  if (unlisted.length > 0) faults.push(`it exports ${unlisted.join(', ')}, which build/engine.exports does not list`)
  if (expected.includes('framegate_fuel') && fuel !== unlimitedFuel)
    faults.push(`its framegate_fuel is no mutable i32 that starts at ${unlimitedFuel}`)
  return [...faults, ...sealFaults(bytes, summary, build)]
}

/** What is wrong with a module's last sections, which `build/seal-wasm.ts` writes. */
function sealFaults(bytes: Uint8Array, { customs }: WasmSummary, build: EngineBuild): string[] {
  const faults: string[] = []
  const expected = build.imports.length > 0 ? [memorySection, buildIdSection] : [buildIdSection]
  const found = customs.map(({ name }) => name)
  if (found.join() !== expected.join())
    return [`its custom sections are ${names(found)}; they must be ${names(expected)}`]

  const id = customs.at(-1)?.content ?? new Uint8Array()
  const before = bytes.subarray(0, -buildIdBytes)
  if (Buffer.compare(id, Buffer.concat([Buffer.of(32), sha256(before)])) !== 0)
    faults.push('its build_id is not the SHA-256 of the bytes before that section')
  if (build.imports.length > 0) {
    const said = Buffer.from(customs[0]?.content ?? [])
    const pages = importedPages(bytes)
    if (said.length !== 4 || said.readUInt32LE() !== pages)
      faults.push(`its ${memorySection} does not say that its memory has ${pages} pages`)
  }
  return faults
}

/** The names in `build/engine.exports`: one a line, `#` starts a comment. */
export function expectedExports(): string[] {
  return readFileSync(new URL('engine.exports', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
}

function global(content: SectionReader): Global {
  const type = content.valueType()
  const mutable = content.byte() === 1
  return { mutable, mutableI32: type === 'i32' && mutable, value: startValue(content) }
}

/** Names what a function's code does to tables and segments. */
function collectHiddenState(body: SectionReader, hidden: Set<string>): void {
  body.list(() => {
    body.leb()
    body.valueType()
  })
  while (!body.done) {
    const code = body.byte()
    const next = body.next ?? 0
    if (code === op.tableSet) hidden.add('a table')
    if (code === op.prefix && segmentInstructions.has(next)) hidden.add('a segment')
    if (code === op.prefix && tableInstructions.has(next)) hidden.add('a table')
    skipOperands(body, code)
  }
}

function skipOperands(body: SectionReader, code: number): void {
  switch (code) {
    case op.block:
    case op.loop:
    case op.if:
      blockType(body)
      return
    case op.else:
    case op.end:
    case op.unreachable:
    case op.return:
      return
    case op.br:
    case op.brIf:
    case op.call:
      body.leb()
      return
    case op.brTable:
      body.list(() => body.leb())
      body.leb()
      return
    case op.callIndirect:
      body.leb()
      body.leb()
      return
  }
  if (plainInstruction(body, code) === undefined) throw new Error(`the instruction 0x${code.toString(16)} is unknown`)
}

/** The value that an i32 global starts with; undefined for any other global. */
function startValue(content: SectionReader): number | undefined {
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

function rest(content: SectionReader): Uint8Array {
  const bytes: number[] = []
  while (!content.done) bytes.push(content.byte())
  return Uint8Array.from(bytes)
}

function names(list: readonly string[]): string {
  return list.length > 0 ? list.join(', ') : 'nothing'
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const path of process.argv.slice(2)) {
    const build = Object.entries(engineBuilds).find(([name]) => name === basename(path))?.[1]
    const faults =
      build === undefined
        ? ['it is no build of the engine']
        : engineFaults(readFileSync(path), expectedExports(), build)
    for (const fault of faults) console.error(`${path}: ${fault}`)
    if (faults.length > 0) process.exitCode = 1
  }
}
