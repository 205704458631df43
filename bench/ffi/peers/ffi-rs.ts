// ffi-rs. Each call names its function and types anew; its `define` does so too, and takes twice the time.

import { createRequire } from 'node:module'
import {
  DataType,
  type FieldType,
  funcConstructor,
  type JsExternal,
  load,
  open as openLibrary,
  restorePointer,
  wrapPointer,
} from 'ffi-rs'
import { type Calls, increment, type OpenPeer, type PromisedCalls } from '../calls.ts'

const { BigInt: I64, Double: F64, External, Float: F32, I16, I32, String: Text, U32, U8, U8Array, Void } = DataType

const library = 'calls'

export const open: OpenPeer = async ({ library: path }) => {
  openLibrary({ library, path })
  const callback = funcConstructor({ paramsType: [I32], retType: I32 })
  const call = <Result>(funcName: string, retType: FieldType, paramsType: FieldType[], paramsValue: unknown[]) =>
    load({ library, funcName, retType, paramsType, paramsValue }) as Result
  const promise = <Result>(funcName: string, retType: FieldType, paramsType: FieldType[], paramsValue: unknown[]) =>
    load({ library, funcName, retType, paramsType, paramsValue, runInNewThread: true }) as Promise<Result>
  /** A result of its type String has to be freed by it, which aborts the process. */
  const textOf = (address: JsExternal): string => {
    const [text] = restorePointer<DataType.String>({ retType: [Text], paramsValue: wrapPointer([address]) })
    call('calls_free', Void, [External], [address])
    return text!
  }
  const adds: readonly [name: string, type: DataType][] = [
    // It has no type of 8 bits with a sign.
    ['calls_add_i8', I32],
    ['calls_add_u8', U8],
    ['calls_add_i16', I16],
    ['calls_add_u16', U32],
    ['calls_add_i32', I32],
    ['calls_xor_u32', U32],
    ['calls_add_f32', F32],
    ['calls_add_f64', F64],
  ]
  return {
    version: (createRequire(import.meta.url)('ffi-rs/package.json') as { version: string }).version,
    calls: {
      noop: () => () => call('calls_noop', Void, [], []),
      addI32: () => (a, b) => call('calls_add_i32', I32, [I32, I32], [a, b]),
      sumF64:
        () =>
        (...values) =>
          call('calls_sum_f64', F64, [F64, F64, F64, F64], values),
      addI64: () => (a, b) => call('calls_add_i64', I64, [I64, I64], [a, b]),
      textFirst: () => (text) => call('calls_text_first', U32, [Text], [text]),
      textHash: () => (text) => call('calls_text_hash', U32, [Text], [text]),
      text32: () => (seed) => textOf(call('calls_text_32', External, [U32], [seed])),
      text1024: () => (seed) => textOf(call('calls_text_1024', External, [U32], [seed])),
      bytesEnds: () => (bytes) => call('calls_bytes_ends', U32, [U8Array, U32], [bytes, bytes.length]),
      bytesHash: () => (bytes) => call('calls_bytes_hash', U32, [U8Array, U32], [bytes, bytes.length]),
      callBack: () => (each, value) => call('calls_back', I32, [callback, I32], [each, value]),
      callRegistered: () => (value) => call('calls_back', I32, [callback, I32], [increment, value]),
      eight: () =>
        adds.map(
          ([name, type]): Calls['addI32'] =>
            (a, b) =>
              call(name, type, [type, type], [a, b]),
        ),
    },
    promised: {
      addI32: (): PromisedCalls['addI32'] => (a, b) => promise('calls_add_i32', I32, [I32, I32], [a, b]),
      textFirst: (): PromisedCalls['textFirst'] => (text) => promise('calls_text_first', U32, [Text], [text]),
      text32: (): PromisedCalls['text32'] => async (seed) =>
        textOf(await promise('calls_text_32', External, [U32], [seed])),
    },
  }
}
