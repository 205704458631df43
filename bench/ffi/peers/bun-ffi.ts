// Bun's own FFI.

import { CString, dlopen, JSCallback, ptr } from 'bun:ffi'
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { type Calls, increment, type NodeBuffer, noPromises, type OpenPeer, unavailable } from '../calls.ts'

const keptBytes = 1 << 21

const textOut = { args: ['u32'], returns: 'ptr' }
const bytes = { args: ['ptr', 'u32'], returns: 'u32' }

const adds = [
  ['calls_add_i8', 'i8'],
  ['calls_add_u8', 'u8'],
  ['calls_add_i16', 'i16'],
  ['calls_add_u16', 'u16'],
  ['calls_add_i32', 'i32'],
  ['calls_xor_u32', 'u32'],
  ['calls_add_f32', 'f32'],
  ['calls_add_f64', 'f64'],
] as const

export const open: OpenPeer = async ({ library, variant }) => {
  // A cstring can be given a string, a ptr an address.
  const text = { args: [variant === 'cstring' ? 'cstring' : 'ptr'], returns: 'u32' }
  const { symbols } = dlopen(library, {
    calls_noop: { args: [], returns: 'void' },
    calls_sum_f64: { args: ['f64', 'f64', 'f64', 'f64'], returns: 'f64' },
    calls_add_i64: { args: ['i64', 'i64'], returns: 'i64' },
    calls_text_first: text,
    calls_text_hash: text,
    calls_text_32: textOut,
    calls_text_1024: textOut,
    calls_free: { args: ['ptr'], returns: 'void' },
    calls_bytes_ends: bytes,
    calls_bytes_hash: bytes,
    calls_back: { args: ['function', 'i32'], returns: 'i32' },
  })
  const ends = dlopen(
    library,
    Object.fromEntries(adds.map(([name, type]) => [name, { args: [type, type], returns: type }])),
  ).symbols as Record<string, Calls['addI32']>
  const free = symbols.calls_free as (address: number) => void
  const kept = Buffer.alloc(keptBytes) as NodeBuffer
  const address = ptr(kept)
  const textIn = (name: 'calls_text_first' | 'calls_text_hash'): Calls['textFirst'] => {
    if (variant === 'cstring') return symbols[name] as Calls['textFirst']
    const call = symbols[name] as (address: number) => number
    if (variant === 'latin1Write')
      return (value) => {
        kept[kept.latin1Write(value, 0)] = 0
        return call(address)
      }
    const encoder = new TextEncoder()
    return (value) => {
      kept[encoder.encodeInto(value, kept).written] = 0
      return call(address)
    }
  }
  const textFrom = (name: 'calls_text_32' | 'calls_text_1024'): Calls['text32'] => {
    const call = symbols[name] as (seed: number) => number
    return (seed) => {
      const returned = call(seed)
      const value = new CString(returned).toString()
      free(returned)
      return value
    }
  }
  return {
    version: process.versions.bun as string,
    calls: {
      noop: () => symbols.calls_noop as Calls['noop'],
      addI32: () => ends.calls_add_i32!,
      sumF64: () => symbols.calls_sum_f64 as Calls['sumF64'],
      addI64: () => symbols.calls_add_i64 as Calls['addI64'],
      textFirst: () => textIn('calls_text_first'),
      textHash: () => textIn('calls_text_hash'),
      text32: () => textFrom('calls_text_32'),
      text1024: () => textFrom('calls_text_1024'),
      bytesEnds: () => bytesIn(symbols.calls_bytes_ends),
      bytesHash: () => bytesIn(symbols.calls_bytes_hash),
      callBack: unavailable('it takes callbacks that were registered before'),
      callRegistered: () => {
        const call = symbols.calls_back as (pointer: number, value: number) => number
        const { ptr: registered } = new JSCallback(increment, { args: ['i32'], returns: 'i32' })
        return (value) => call(registered, value)
      },
      eight: () => adds.map(([name]) => ends[name]!),
    },
    promised: noPromises('it has no calls that return promises'),
  }
}

function bytesIn(symbol: (...values: never[]) => unknown): Calls['bytesEnds'] {
  const call = symbol as (value: Uint8Array, length: number) => number
  return (value) => call(value, value.length)
}
