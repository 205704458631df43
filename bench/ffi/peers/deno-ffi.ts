// Deno's own FFI.

import { type Calls, increment, type OpenPeer, type PromisedCalls, unavailable } from '../calls.ts'

/** What is used of it. */
interface DenoFfi {
  readonly version: { readonly deno: string }
  dlopen<const Names extends string>(
    path: string,
    symbols: Readonly<Record<Names, Definition>>,
  ): { readonly symbols: Readonly<Record<Names, (...values: never[]) => unknown>> }
  readonly UnsafePointer: { of(bytes: Uint8Array): Pointer }
  readonly UnsafePointerView: { getCString(pointer: Pointer): string }
  readonly UnsafeCallback: new (definition: Definition, call: (value: number) => number) => { pointer: Pointer }
}

interface Definition {
  readonly name?: string
  readonly parameters: readonly string[]
  readonly result: string
  readonly nonblocking?: boolean
}

interface Pointer {
  readonly pointer: unique symbol
}

const keptBytes = 1 << 21

const text = { parameters: ['pointer'], result: 'u32' } as const
const textOut = { parameters: ['u32'], result: 'pointer' } as const
const bytes = { parameters: ['buffer', 'u32'], result: 'u32' } as const
const callback = { parameters: ['i32'], result: 'i32' } as const

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
  const deno = (globalThis as unknown as { Deno: DenoFfi }).Deno
  const { symbols } = deno.dlopen(library, {
    calls_noop: { parameters: [], result: 'void' },
    calls_sum_f64: { parameters: ['f64', 'f64', 'f64', 'f64'], result: 'f64' },
    calls_add_i64: { parameters: ['i64', 'i64'], result: 'i64' },
    calls_text_first: text,
    calls_text_hash: text,
    calls_text_32: textOut,
    calls_text_1024: textOut,
    calls_free: { parameters: ['pointer'], result: 'void' },
    calls_bytes_ends: bytes,
    calls_bytes_hash: bytes,
    calls_back: { parameters: ['function', 'i32'], result: 'i32' },
    promised_add: { name: 'calls_add_i32', parameters: ['i32', 'i32'], result: 'i32', nonblocking: true },
    promised_first: { name: 'calls_text_first', parameters: ['buffer'], result: 'u32', nonblocking: true },
    promised_text: { ...textOut, name: 'calls_text_32', nonblocking: true },
  })
  const ends = deno.dlopen(
    library,
    Object.fromEntries(adds.map(([name, type]) => [name, { parameters: [type, type], result: type }])),
  ).symbols as Record<string, Calls['addI32']>
  const free = symbols.calls_free as (pointer: Pointer) => void
  const kept = new Uint8Array(keptBytes)
  const pointer = deno.UnsafePointer.of(kept)
  const encoder = new TextEncoder()
  const textIn = (name: 'calls_text_first' | 'calls_text_hash'): Calls['textFirst'] => {
    const call = symbols[name] as (pointer: Pointer) => number
    if (variant === 'ASCII loop')
      return (value) => {
        const { length } = value
        for (let index = 0; index < length; index++) kept[index] = value.charCodeAt(index)
        kept[length] = 0
        return call(pointer)
      }
    return (value) => {
      kept[encoder.encodeInto(value, kept).written] = 0
      return call(pointer)
    }
  }
  const textOf = (address: Pointer): string => {
    const value = deno.UnsafePointerView.getCString(address)
    free(address)
    return value
  }
  const textFrom = (name: 'calls_text_32' | 'calls_text_1024'): Calls['text32'] => {
    const call = symbols[name] as (seed: number) => Pointer
    return (seed) => textOf(call(seed))
  }
  const bytesIn = (name: 'calls_bytes_ends' | 'calls_bytes_hash'): Calls['bytesEnds'] => {
    const call = symbols[name] as (value: Uint8Array, length: number) => number
    return (value) => call(value, value.length)
  }
  return {
    version: deno.version.deno,
    calls: {
      noop: () => symbols.calls_noop as Calls['noop'],
      addI32: () => ends.calls_add_i32!,
      sumF64: () => symbols.calls_sum_f64 as Calls['sumF64'],
      addI64: () => symbols.calls_add_i64 as Calls['addI64'],
      textFirst: () => textIn('calls_text_first'),
      textHash: () => textIn('calls_text_hash'),
      text32: () => textFrom('calls_text_32'),
      text1024: () => textFrom('calls_text_1024'),
      bytesEnds: () => bytesIn('calls_bytes_ends'),
      bytesHash: () => bytesIn('calls_bytes_hash'),
      callBack: unavailable('it takes callbacks that were registered before'),
      callRegistered: () => {
        const call = symbols.calls_back as (pointer: Pointer, value: number) => number
        const { pointer: registered } = new deno.UnsafeCallback(callback, increment)
        return (value) => call(registered, value)
      },
      eight: () => adds.map(([name]) => ends[name]!),
    },
    promised: {
      addI32: () => symbols.promised_add as PromisedCalls['addI32'],
      // Calls that overlap need a buffer each.
      textFirst: () => {
        const call = symbols.promised_first as (value: Uint8Array) => Promise<number>
        return (value) => call(encoder.encode(`${value}\0`))
      },
      text32: () => {
        const call = symbols.promised_text as (seed: number) => Promise<Pointer>
        return async (seed) => textOf(await call(seed))
      },
    },
  }
}
