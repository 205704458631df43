// From a payload to what evaluators start from. An instance of the engine loads the specs, is captured at rest, and is
// let go: what evaluates starts from the snapshot, as compact as the specs are, and again after each abrupt end.
//
// The snapshot's note is the evaluator's part:
//
//     0  length of the header
//     4  header: a JSON text (Header)
//        catalog, at a multiple of 8 (`wasm/engine/src/catalog.rs`)

import { type Frame, FramegateError, type Guest, type Library, open, type Snapshot } from '../ffi/index.ts'
import { Catalog } from './catalog.ts'
import type { CountryTable } from './country.ts'
import { LOADING } from './guest.ts'
import { FLAG } from './layout.ts'
import { isShared } from './sections.ts'
import type { JsonValue, LoadOptions, SpecsSource } from './types.ts'

const ABI_VERSION = 6

type LoadingLibrary = Library<typeof LOADING, unknown>

/** What loaded specs are read with. */
export interface ReadOptions extends LoadOptions {
  readonly countryTable?: CountryTable | undefined
}

/** What an evaluator must know besides the catalog. */
interface Header {
  /** Address of the specs. */
  readonly handle: number
  /** When they were loaded, in milliseconds since 1970. */
  readonly receivedAt: number
  readonly payloadBytes: number
  /** Options of the evaluator that loaded the specs, for those that start from its snapshot and say nothing else. */
  readonly environment?: string
  readonly globalCustomFields?: Readonly<Record<string, JsonValue>>
  readonly source?: string
}

/** Loaded specs, as a host sees them. */
export interface Loaded {
  readonly handle: number
  readonly catalog: Catalog
  readonly source: string
}

/** Everything that loading needs, as bytes that nobody else holds; it can be posted to another thread. */
export interface LoadInput {
  readonly specs: Uint8Array
  readonly idLists: readonly IdList[]
  readonly options: Pick<LoadOptions, 'appId' | 'environment' | 'globalCustomFields' | 'source'>
}

type IdList = readonly [name: Uint8Array, lines: Uint8Array]

/**
 * Reads what is to be loaded.
 *
 * @throws {@link FramegateError} `SPECS_INVALID`, `ID_LIST_INVALID`
 * @internal
 */
export function loadInput(specs: SpecsSource, options: LoadOptions): LoadInput {
  const { appId, environment, globalCustomFields, source } = options
  return {
    specs: payload(specs),
    idLists: Object.entries(options.idLists ?? {}).map(idList),
    options: {
      ...(appId !== undefined && { appId }),
      ...(environment !== undefined && { environment }),
      ...(globalCustomFields && { globalCustomFields }),
      ...(source !== undefined && { source }),
    },
  }
}

/**
 * Loads specs in an instance of their own.
 *
 * @param guest - a WebAssembly build of the engine
 * @throws {@link FramegateError} `SPECS_INVALID`, `SPECS_UNCHANGED`, `FUEL_EXHAUSTED`, `GUEST_MEMORY_EXHAUSTED`
 * @internal
 */
export function loadedSnapshot(guest: Guest, input: LoadInput, fuel?: number): Snapshot {
  using library = open(guest, LOADING, fuel === undefined ? {} : { fuel })
  const { handle, catalog } = loadInto(library, input)
  const header: Header = {
    handle,
    receivedAt: Date.now(),
    payloadBytes: input.specs.length,
    ...input.options,
  }
  return library.snapshot(noteOf(header, catalog))
}

/**
 * What a snapshot of loaded specs holds; options of the evaluator win over those of the one that loaded them.
 *
 * @throws {@link FramegateError} `SNAPSHOT_INVALID`, `COUNTRY_TABLE_INVALID`
 * @internal
 */
export function readLoaded(
  snapshot: Snapshot,
  options: ReadOptions,
  keep: (catalog: Uint8Array) => Uint8Array = (catalog) => catalog,
): Loaded {
  const { note } = snapshot
  const headerLength = note.length < 4 ? 0 : new DataView(note.buffer, note.byteOffset).getUint32(0, true)
  const catalogAt = multipleOf8(4 + headerLength)
  if (headerLength === 0 || catalogAt > note.length) {
    throw new FramegateError('SNAPSHOT_INVALID', 'the snapshot holds no loaded specs; pass one of an evaluator')
  }
  const text = note.subarray(4, 4 + headerLength)
  const header = JSON.parse(decoder.decode(isShared(text) ? text.slice() : text)) as Header
  return {
    handle: header.handle,
    catalog: new Catalog(keep(note.subarray(catalogAt)), { ...header, ...given(options) }),
    source: options.source ?? header.source ?? 'Bootstrap',
  }
}

/**
 * Loads specs into an instance.
 *
 * @throws {@link FramegateError} as {@link loadedSnapshot}
 */
export function loadInto(
  library: LoadingLibrary,
  { specs, idLists, options }: LoadInput,
): { handle: number; catalog: Uint8Array } {
  const handle = load(library, specs, options.appId)
  try {
    const catalog = catalogBytes(library, handle, specs.length)
    for (const list of idLists) setIdList(library, handle, list)
    return { handle: seal(library, handle), catalog }
  } catch (error) {
    if (library.backend === 'native') library.symbols.framegate_unload(handle)
    throw error
  }
}

const decoder = new TextDecoder()

function given(options: ReadOptions): Partial<ReadOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function noteOf(header: Header, catalog: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const catalogAt = multipleOf8(4 + text.length)
  const note = new Uint8Array(catalogAt + catalog.length)
  new DataView(note.buffer).setUint32(0, text.length, true)
  note.set(text, 4)
  note.set(catalog, catalogAt)
  return note
}

function multipleOf8(length: number): number {
  return (length + 7) & ~7
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

function load(library: LoadingLibrary, bytes: Uint8Array, appId: string | undefined): number {
  const { symbols } = library
  const version = symbols.framegate_abi_version()
  if (version !== ABI_VERSION) {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      `the engine has ABI version ${version}, this package needs ${ABI_VERSION}; build both from the same sources`,
    )
  }
  symbols.framegate_prepare(bytes.length)
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
function refusal(library: LoadingLibrary, bytes: Uint8Array): FramegateError {
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

/** @param likely - room for most catalogs: laying one out to learn its length takes as long as laying it out */
function catalogBytes(library: LoadingLibrary, handle: number, likely: number): Uint8Array {
  const copy: CopyOut = (frame, capacity) => library.symbols.framegate_catalog(handle, frame, capacity)
  const bytes = readBytes(library, copy, likely)
  if (bytes.length === 0) checkPanic(library, FLAG.panicked)
  return bytes
}

/** What is captured then, and evaluated, is as compact as the specs are. */
function seal(library: LoadingLibrary, handle: number): number {
  const sealed = library.symbols.framegate_seal(handle)
  if (sealed === 0) checkPanic(library, FLAG.panicked)
  return sealed
}

/** Any library of the engine. */
type EngineLibrary = Library<Pick<typeof LOADING, 'framegate_panic'>, unknown>

type CopyOut = (frame: Frame | null, capacity: number) => number

/** Bytes that the engine copies out; it says how many where there was no room for them. */
function readBytes(library: EngineLibrary, copy: CopyOut, likely = copy(null, 0)): Uint8Array {
  for (let capacity = likely; ; ) {
    const frame = library.frame(capacity)
    try {
      const length = copy(frame, capacity)
      if (length <= capacity) return frame.memory.u8.slice(frame.base, frame.base + length)
      capacity = length
    } finally {
      frame.release()
    }
  }
}

function readText(library: EngineLibrary, copy: CopyOut): string {
  return new TextDecoder().decode(readBytes(library, copy))
}

function withBytes<Result>(
  library: LoadingLibrary,
  bytes: Uint8Array,
  call: (frame: Frame, length: number) => Result,
): Result {
  const frame = library.frame(bytes.length)
  try {
    frame.memory.u8.set(bytes, frame.base)
    return call(frame, bytes.length)
  } finally {
    frame.release()
  }
}

function idList([name, lines]: [string, string | Uint8Array]): IdList {
  const encoder = new TextEncoder()
  if (typeof lines === 'string') return [encoder.encode(name), encoder.encode(lines)]
  if (lines instanceof Uint8Array) return [encoder.encode(name), Uint8Array.from(lines)]
  throw new FramegateError('ID_LIST_INVALID', `the ID list ${name} is neither a string nor bytes; pass its lines`)
}

function setIdList(library: LoadingLibrary, handle: number, [name, lines]: IdList): void {
  const status = withBytes(library, name, (nameFrame) =>
    withBytes(library, lines, (frame) =>
      library.symbols.framegate_id_list(handle, nameFrame, name.length, frame, lines.length),
    ),
  )
  checkPanic(library, status)
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
