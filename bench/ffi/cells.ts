// Who is measured, and the ways in which a call can be written. A cell is one operation of one peer, written one way.

import type { OperationName, PromisedOperationName } from './operations.ts'

export type Runtime = 'node' | 'deno' | 'bun'

export interface PeerDescription {
  readonly title: string
  readonly runtime: Runtime
  /** Its file in peers/. */
  readonly module: string
  readonly debug?: boolean
}

const descriptions = {
  'shim-wasm': { title: 'shim wasm', runtime: 'node', module: 'shim-wasm' },
  'bare-wasm': { title: 'bare wasm', runtime: 'node', module: 'bare-wasm' },
  'deno-wasm': { title: 'Deno bare wasm', runtime: 'deno', module: 'bare-wasm' },
  'bun-wasm': { title: 'Bun bare wasm', runtime: 'bun', module: 'bare-wasm' },
  'shim-native': { title: 'shim native', runtime: 'node', module: 'shim-native' },
  koffi: { title: 'bare koffi', runtime: 'node', module: 'koffi' },
  'ffi-rs': { title: 'ffi-rs', runtime: 'node', module: 'ffi-rs' },
  'deno-ffi': { title: 'Deno FFI', runtime: 'deno', module: 'deno-ffi' },
  'bun-ffi': { title: 'Bun FFI', runtime: 'bun', module: 'bun-ffi' },
  'shim-wasm-debug-off': { title: 'shim wasm, debug: false', runtime: 'node', module: 'shim-wasm', debug: false },
  'shim-wasm-debug-on': { title: 'shim wasm, debug: true', runtime: 'node', module: 'shim-wasm', debug: true },
  'shim-native-debug-off': { title: 'shim native, debug: false', runtime: 'node', module: 'shim-native', debug: false },
  'shim-native-debug-on': { title: 'shim native, debug: true', runtime: 'node', module: 'shim-native', debug: true },
} as const satisfies Record<string, PeerDescription>

export type PeerName = keyof typeof descriptions

export const peers: Readonly<Record<PeerName, PeerDescription>> = descriptions

export interface Cell {
  readonly operation: OperationName | PromisedOperationName
  readonly peer: PeerName
  /** Undefined where there is one way to write the call. */
  readonly variant: string | undefined
}

export interface CellRequest extends Cell {
  readonly warmup: number
  readonly milliseconds: number
  readonly shim: string
  readonly wasm: string
  readonly library: string
}

export interface CellFigures {
  readonly version: string
  /** Of one call. */
  readonly nanoseconds: number
}

/** What a cell's process prints. */
export type CellReply = CellFigures | { readonly unavailable: string }

/** koffi frees by itself: right only where the library's function does no more. Shown, but it does not count. */
export const looseFree = 'disposable, by free() and not by calls_free()'

/** The ways a program without the shim could write the call; the fastest counts. */
export function variantsOf(operation: Cell['operation'], peer: PeerName): readonly (string | undefined)[] {
  const { runtime, module } = peers[peer]
  return ways[module]?.[runtime]?.[operation] ?? [undefined]
}

type Ways = Partial<Record<Cell['operation'], readonly string[]>>

function texts(textIn: readonly string[], textOut: readonly string[] | undefined): Ways {
  const outs = textOut && { 'text-out-32': textOut, 'text-out-1k': textOut }
  return { 'text-in-32': textIn, 'text-in-1k': textIn, ...outs }
}

const bufferIn = ['encodeInto', 'ASCII loop', 'latin1Write', 'utf8Write']
const bufferOut = ['char loop', 'TextDecoder', 'latin1Slice', 'utf8Slice']
const koffiOut = ['disposable', 'decode', looseFree]
const bytesIn: Ways = { 'bytes-64': ['set', 'byte loop'] }

const ways: Readonly<Record<string, Partial<Record<Runtime, Ways>>>> = {
  'bare-wasm': {
    node: { ...bytesIn, ...texts(bufferIn, bufferOut) },
    bun: { ...bytesIn, ...texts(bufferIn, bufferOut) },
    // Deno's Buffer is written in JavaScript, around TextEncoder and TextDecoder.
    deno: { ...bytesIn, ...texts(['encodeInto', 'ASCII loop'], ['char loop', 'TextDecoder']) },
  },
  koffi: { node: { 'text-out-32': koffiOut, 'text-out-1k': koffiOut } },
  'deno-ffi': { deno: texts(['encodeInto', 'ASCII loop'], undefined) },
  'bun-ffi': { bun: texts(['cstring', 'encodeInto', 'latin1Write'], undefined) },
}
