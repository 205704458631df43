// koffi without the shim, the fastest way that it offers for each call.

import koffi from 'koffi'
import type { Calls, OpenPeer, PromisedCalls } from '../calls.ts'
import { increment } from '../calls.ts'
import { looseFree } from '../cells.ts'

const i32 = 'int32_t'
const u32 = 'uint32_t'

export const open: OpenPeer = async ({ library, variant }) => {
  const lib = koffi.load(library)
  const proto = koffi.pointer(koffi.proto('calls_increment', i32, [i32]))
  const free = lib.func('calls_free', 'void', ['void *'])
  // Without a function koffi frees by itself, with the free() that it was linked with.
  const owned =
    variant === looseFree ? koffi.disposable('calls_owned', 'str') : koffi.disposable('calls_owned', 'str', free)
  const textOut = (name: string): Calls['text32'] => {
    if (variant !== 'decode') return lib.func(name, owned, [u32])
    const call = lib.func(name, 'void *', [u32])
    return (seed) => {
      const address = call(seed)
      const text = koffi.decode(address, 'char', -1)
      free(address)
      return text
    }
  }
  const bytesIn = (name: string): Calls['bytesEnds'] => {
    const call = lib.func(name, u32, ['void *', u32])
    return (bytes) => call(bytes, bytes.length)
  }
  return {
    version: koffi.version,
    calls: {
      noop: () => lib.func('calls_noop', 'void', []),
      addI32: () => lib.func('calls_add_i32', i32, [i32, i32]),
      sumF64: () => lib.func('calls_sum_f64', 'double', ['double', 'double', 'double', 'double']),
      addI64: () => lib.func('calls_add_i64', 'int64_t', ['int64_t', 'int64_t']),
      textFirst: () => lib.func('calls_text_first', u32, ['str']),
      textHash: () => lib.func('calls_text_hash', u32, ['str']),
      text32: () => textOut('calls_text_32'),
      text1024: () => textOut('calls_text_1024'),
      bytesEnds: () => bytesIn('calls_bytes_ends'),
      bytesHash: () => bytesIn('calls_bytes_hash'),
      callBack: () => lib.func('calls_back', i32, [proto, i32]),
      callRegistered: () => {
        const call = lib.func('calls_back', i32, [proto, i32])
        const registered = koffi.register(increment, proto)
        return (value) => call(registered, value)
      },
      eight: () =>
        (
          [
            ['calls_add_i8', 'int8_t'],
            ['calls_add_u8', 'uint8_t'],
            ['calls_add_i16', 'int16_t'],
            ['calls_add_u16', 'uint16_t'],
            ['calls_add_i32', i32],
            ['calls_xor_u32', u32],
            ['calls_add_f32', 'float'],
            ['calls_add_f64', 'double'],
          ] as const
        ).map(([name, type]) => lib.func(name, type, [type, type]) as Calls['addI32']),
    },
    promised: {
      addI32: () => promising(lib.func('calls_add_i32', i32, [i32, i32])) as PromisedCalls['addI32'],
      textFirst: () => promising(lib.func('calls_text_first', u32, ['str'])) as PromisedCalls['textFirst'],
      text32: () => promising(lib.func('calls_text_32', owned, [u32])) as PromisedCalls['text32'],
    },
  }
}

function promising(
  call: ReturnType<ReturnType<typeof koffi.load>['func']>,
): (...values: unknown[]) => Promise<unknown> {
  return (...values) =>
    new Promise((resolve, reject) => {
      call.async(...values, (error: unknown, value: unknown) => (error ? reject(error) : resolve(value)))
    })
}
