// The module's exports, called by hand: the fastest code that does the job for this one library, in several ways where
// it is not known beforehand which is the fastest. Nothing is checked, memory never grows, one buffer is kept for all
// calls.

import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { type Calls, type Increment, increment, type NodeBuffer, noPromises, type OpenPeer } from '../calls.ts'

type Exports = Record<string, (...values: unknown[]) => unknown> & {
  memory: WebAssembly.Memory
  __indirect_function_table: WebAssembly.Table
}

const keptBytes = 1 << 21

export const open: OpenPeer = async ({ wasm, variant }) => {
  const module = new WebAssembly.Module(readFileSync(wasm))
  const exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports
  exports._initialize?.()
  const kept = exports.malloc!(keptBytes) as number
  const memory = exports.memory.buffer
  return {
    version: process.versions.bun ?? process.versions.v8,
    calls: {
      noop: () => exports.calls_noop as Calls['noop'],
      addI32: () => exports.calls_add_i32 as Calls['addI32'],
      sumF64: () => exports.calls_sum_f64 as Calls['sumF64'],
      addI64: () => exports.calls_add_i64 as Calls['addI64'],
      textFirst: () => textIn(exports.calls_text_first as ByAddress, memory, kept, variant),
      textHash: () => {
        const hash = textIn(exports.calls_text_hash as ByAddress, memory, kept, variant)
        return (text) => hash(text) >>> 0
      },
      text32: () => textOut(exports.calls_text_32 as ByAddress, exports.calls_free as Free, memory, variant),
      text1024: () => textOut(exports.calls_text_1024 as ByAddress, exports.calls_free as Free, memory, variant),
      bytesEnds: () => bytesIn(exports.calls_bytes_ends as OfBytes, memory, kept, variant),
      bytesHash: () => {
        const hash = bytesIn(exports.calls_bytes_hash as OfBytes, memory, kept, variant)
        return (bytes) => hash(bytes) >>> 0
      },
      callBack: () => callBack(exports),
      callRegistered: () => {
        const call = exports.calls_back as (pointer: number, value: number) => number
        const pointer = inTable(exports, increment)
        return (value) => call(pointer, value)
      },
      eight: () =>
        ['add_i8', 'add_u8', 'add_i16', 'add_u16', 'add_i32', 'xor_u32', 'add_f32', 'add_f64'].map(
          (name) => exports[`calls_${name}`] as Calls['addI32'],
        ),
    },
    promised: noPromises('a module runs in the caller’s thread'),
  }
}

type ByAddress = (value: number) => number
type Free = (address: number) => void
type OfBytes = (address: number, length: number) => number

function textIn(call: ByAddress, memory: ArrayBuffer, kept: number, variant = 'encodeInto'): Calls['textFirst'] {
  const u8 = new Uint8Array(memory)
  const buffer = Buffer.from(memory) as NodeBuffer
  switch (variant) {
    case 'encodeInto': {
      const encoder = new TextEncoder()
      const view = new Uint8Array(memory, kept, keptBytes)
      return (text) => {
        view[encoder.encodeInto(text, view).written] = 0
        return call(kept)
      }
    }
    case 'ASCII loop':
      return (text) => {
        const { length } = text
        for (let index = 0; index < length; index++) u8[kept + index] = text.charCodeAt(index)
        u8[kept + length] = 0
        return call(kept)
      }
    case 'latin1Write':
      return (text) => {
        u8[kept + buffer.latin1Write(text, kept)] = 0
        return call(kept)
      }
    case 'utf8Write':
      return (text) => {
        u8[kept + buffer.utf8Write(text, kept)] = 0
        return call(kept)
      }
    default:
      throw new Error(`no variant ${variant}`)
  }
}

function textOut(call: ByAddress, free: Free, memory: ArrayBuffer, variant = 'char loop'): Calls['text32'] {
  const u8 = new Uint8Array(memory)
  const buffer = Buffer.from(memory) as NodeBuffer
  switch (variant) {
    case 'char loop':
      return (seed) => {
        const address = call(seed)
        let text = ''
        let at = address
        for (let code = u8[at]!; code !== 0; code = u8[++at]!) text += String.fromCharCode(code)
        free(address)
        return text
      }
    case 'TextDecoder': {
      const decoder = new TextDecoder()
      return (seed) => {
        const address = call(seed)
        const text = decoder.decode(u8.subarray(address, end(u8, address)))
        free(address)
        return text
      }
    }
    case 'latin1Slice':
      return (seed) => {
        const address = call(seed)
        const text = buffer.latin1Slice(address, buffer.indexOf(0, address))
        free(address)
        return text
      }
    case 'utf8Slice':
      return (seed) => {
        const address = call(seed)
        const text = buffer.utf8Slice(address, buffer.indexOf(0, address))
        free(address)
        return text
      }
    default:
      throw new Error(`no variant ${variant}`)
  }
}

/** Short texts end before a call of `indexOf` would have begun. */
function end(u8: Uint8Array, address: number): number {
  for (let at = address; at < address + 64; at++) if (u8[at] === 0) return at
  return u8.indexOf(0, address + 64)
}

function bytesIn(call: OfBytes, memory: ArrayBuffer, kept: number, variant = 'set'): Calls['bytesEnds'] {
  const u8 = new Uint8Array(memory)
  if (variant === 'set')
    return (bytes) => {
      u8.set(bytes, kept)
      return call(kept, bytes.length)
    }
  return (bytes) => {
    const { length } = bytes
    for (let index = 0; index < length; index++) u8[kept + index] = bytes[index]!
    return call(kept, length)
  }
}

/** One slot for all callbacks: what it calls is put there before the call, and what was there put back. */
function callBack(exports: Exports): Calls['callBack'] {
  let current: Increment | undefined
  const pointer = inTable(exports, (value) => current!(value))
  const call = exports.calls_back as (pointer: number, value: number) => number
  return (callback, value) => {
    const outer = current
    current = callback
    try {
      return call(pointer, value)
    } finally {
      current = outer
    }
  }
}

/** (module (import "h" "f" (func $f (param i32) (result i32))) (export "f" (func $f))) */
const adapter = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f],
  ...[0x02, 0x07, 0x01, 0x01, 0x68, 0x01, 0x66, 0x00, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
])

/** A table takes only functions of WebAssembly. */
function inTable({ __indirect_function_table: table }: Exports, call: Increment): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(adapter), { h: { f: call } })
  const pointer = table.grow(1)
  table.set(pointer, exports.f)
  return pointer
}
