// The shim, as a program uses it: the definitions, and the symbols called as they are, except where an operation passes
// fewer arguments.

import { pathToFileURL } from 'node:url'
import type { FfiWorker, Guest } from '../../../src/ffi/index.ts'
import { type Calls, increment, type Peer, type PeerOptions, type PromisedCalls } from '../calls.ts'

const callback = { type: 'callback', parameters: ['i32'], result: 'i32' } as const
const owned = { type: 'cstring', free: 'calls_free' } as const
const length = { lengthOf: 0, as: 'u32' } as const

const definitions = {
  calls_noop: { parameters: [], result: 'void' },
  calls_add_i32: { parameters: ['i32', 'i32'], result: 'i32' },
  calls_sum_f64: { parameters: ['f64', 'f64', 'f64', 'f64'], result: 'f64' },
  calls_add_i64: { parameters: ['i64', 'i64'], result: 'i64' },
  calls_text_first: { parameters: ['cstring'], result: 'u32' },
  calls_text_hash: { parameters: ['cstring'], result: 'u32' },
  calls_text_32: { parameters: ['u32'], result: owned },
  calls_text_1024: { parameters: ['u32'], result: owned },
  calls_bytes_ends: { parameters: ['buffer', length], result: 'u32' },
  calls_bytes_hash: { parameters: ['buffer', length], result: 'u32' },
  calls_back: { parameters: [callback, 'i32'], result: 'i32' },
  calls_add_i8: { parameters: ['i8', 'i8'], result: 'i8' },
  calls_add_u8: { parameters: ['u8', 'u8'], result: 'u8' },
  calls_add_i16: { parameters: ['i16', 'i16'], result: 'i16' },
  calls_add_u16: { parameters: ['u16', 'u16'], result: 'u16' },
  calls_xor_u32: { parameters: ['u32', 'u32'], result: 'u32' },
  calls_add_f32: { parameters: ['f32', 'f32'], result: 'f32' },
  calls_add_f64: { parameters: ['f64', 'f64'], result: 'f64' },
} as const

const promisedDefinitions = {
  calls_add_i32: { parameters: ['i32', 'i32'], result: 'i32', nonblocking: true },
  calls_text_first: { parameters: ['cstring'], result: 'u32', nonblocking: true },
  calls_text_32: { parameters: ['u32'], result: owned, nonblocking: true },
} as const

type Shim = typeof import('../../../src/ffi/index.ts')

export async function openShim(
  guest: Guest<undefined>,
  { shim, debug }: PeerOptions,
  worker?: () => FfiWorker,
): Promise<Peer> {
  const { open } = (await import(pathToFileURL(`${shim}/index.js`).href)) as Shim
  const options = debug === undefined ? {} : { debug }
  const library = open(guest, definitions, options)
  const { symbols } = library
  const promised = () => open(guest, promisedDefinitions, worker ? { ...options, worker } : options).symbols
  return {
    version: '',
    calls: {
      noop: () => symbols.calls_noop,
      addI32: () => symbols.calls_add_i32,
      sumF64: () => symbols.calls_sum_f64,
      addI64: () => symbols.calls_add_i64,
      textFirst: () => symbols.calls_text_first,
      textHash: () => symbols.calls_text_hash,
      text32: () => symbols.calls_text_32,
      text1024: () => symbols.calls_text_1024,
      bytesEnds: () => symbols.calls_bytes_ends,
      bytesHash: () => symbols.calls_bytes_hash,
      callBack: () => symbols.calls_back,
      callRegistered: () => {
        const registered = library.callback(callback, increment)
        return (value) => symbols.calls_back(registered, value)
      },
      eight: (): Calls['eight'] => [
        symbols.calls_add_i8,
        symbols.calls_add_u8,
        symbols.calls_add_i16,
        symbols.calls_add_u16,
        symbols.calls_add_i32,
        symbols.calls_xor_u32,
        symbols.calls_add_f32,
        symbols.calls_add_f64,
      ],
    },
    promised: {
      addI32: (): PromisedCalls['addI32'] => promised().calls_add_i32,
      textFirst: (): PromisedCalls['textFirst'] => promised().calls_text_first,
      text32: (): PromisedCalls['text32'] => promised().calls_text_32,
    },
  }
}
