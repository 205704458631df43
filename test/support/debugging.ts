// The probe in debug mode, on both backends: functions of the guest that misuse memory, and what is expected of the errors.

import { afterEach, expect } from 'vitest'
import { type ErrorCode, type FramegateError, open, type Pointer } from '../../src/ffi/index.ts'
import { probe } from '../probe/guests.ts'
import { thrownBy } from '../wat/thrown.ts'
import type { Backend } from './backends.ts'

export const counter = { type: 'handle', name: 'Counter', free: 'probe_counter_free' } as const
export const onNumber = { type: 'callback', parameters: ['i32', 'pointer'], result: 'i32' } as const
const onAddress = { type: 'callback', parameters: ['pointer', 'pointer'], result: 'i32' } as const
const onText = { type: 'callback', parameters: ['cstring', 'pointer'], result: 'i32' } as const
const point = { type: 'struct', fields: { x: 'f64', y: 'f64' } } as const
const ownedText = { type: 'cstring', free: 'probe_free' } as const
const ownedPointer = { type: 'pointer', free: 'probe_free' } as const

export const definitions = {
  // writing past the end, and before the start
  past_text: { symbol: 'probe_write_past', parameters: ['cstring', 'usize', 'u8'], result: 'void' },
  past_buffer: { symbol: 'probe_write_past', parameters: ['buffer', { lengthOf: 0 }, 'u8'], result: 'void' },
  past_inout: { symbol: 'probe_write_past', parameters: [{ inout: 'buffer' }, 'usize', 'u8'], result: 'void' },
  past_out: { symbol: 'probe_write_past', parameters: [{ out: 'u16' }, 'usize', 'u8'], result: 'void' },
  past_in: { symbol: 'probe_write_past', parameters: [{ in: point }, 'usize', 'u8'], result: 'void' },
  past_frame: { symbol: 'probe_write_past', parameters: ['frame', 'usize', 'u8'], result: 'void' },
  before_buffer: { symbol: 'probe_write_before', parameters: ['buffer', 'u8'], result: 'void' },
  call_text: { symbol: 'probe_call_text', parameters: [onAddress, 'cstring', 'pointer'], result: 'i32' },
  call_text_at: { symbol: 'probe_call_text', parameters: [onText, 'pointer', 'pointer'], result: 'i32' },
  // addresses that the guest keeps and gives
  keep: { symbol: 'probe_keep', parameters: ['buffer'], result: 'void' },
  keep_frame: { symbol: 'probe_keep', parameters: ['frame'], result: 'void' },
  kept_write: { symbol: 'probe_kept_write', parameters: ['usize', 'u8'], result: 'void' },
  store: { symbol: 'probe_store', parameters: ['pointer', 'u8'], result: 'void' },
  frame_address: { symbol: 'probe_pointer', parameters: ['frame'], result: 'pointer' },
  address: { symbol: 'probe_pointer', parameters: ['pointer'], result: 'pointer' },
  text_at: { symbol: 'probe_pointer', parameters: ['pointer'], result: 'cstring' },
  owned_text_at: { symbol: 'probe_pointer', parameters: ['pointer'], result: ownedText },
  bytes_at: { symbol: 'probe_pointer', parameters: ['pointer'], result: { type: 'bytes', length: 16 } },
  point_at: { symbol: 'probe_pointer', parameters: ['pointer'], result: { pointer: point } },
  copy: { symbol: 'probe_buffer_copy', parameters: ['pointer', 'usize', 'pointer', 'usize'], result: 'usize' },
  after: { symbol: 'probe_text_after', parameters: ['cstring', 'usize'], result: 'cstring' },
  after_pointer: { symbol: 'probe_text_after', parameters: ['cstring', 'usize'], result: 'pointer' },
  after_owned: { symbol: 'probe_text_after', parameters: ['cstring', 'usize'], result: ownedText },
  digit_name: { symbol: 'probe_digit_name', parameters: ['i32', { out: 'cstring' }], result: 'bool' },
  // what is owned
  probe_alloc: { parameters: ['u64'], result: ownedText },
  text_out: { symbol: 'probe_text_out', parameters: ['cstring', { out: ownedText }], result: 'bool' },
  probe_bytes: {
    parameters: ['usize', 'u8', { out: 'usize' }],
    result: { type: 'bytes', length: { parameter: 2 }, free: 'probe_free' },
  },
  new_point: { symbol: 'probe_new_point', parameters: ['f64', 'f64'], result: { pointer: point, free: 'probe_free' } },
  new_block: { symbol: 'probe_new_point', parameters: ['f64', 'f64'], result: ownedPointer },
  probe_free: { parameters: ['pointer'], result: 'void' },
  probe_counter_new: { parameters: ['i64'], result: counter },
  probe_counter_value: { parameters: [counter], result: 'i64' },
  probe_counter_free: { parameters: [counter], result: 'void' },
  // callbacks
  probe_call_i32: { parameters: [onNumber, 'i32', 'pointer'], result: 'i32' },
  probe_store_callback: { parameters: [onNumber, 'pointer'], result: 'void' },
  probe_call_stored: { parameters: ['i32'], result: 'i32' },
  probe_clear_callback: { parameters: [], result: 'void' },
  probe_buffer_fill: { parameters: [{ out: 'buffer' }, { lengthOf: 0 }, 'u8'], result: 'void' },
  change_point: { symbol: 'probe_change_point', parameters: [point], result: point },
  probe_add_i32: { parameters: ['i32', 'i32'], result: 'i32' },
} as const

const opened: { close(): void }[] = []

/** The probe in debug mode; whatever a test leaves in it is its own affair. */
export function debugging(backend: Backend) {
  const library = open(probe(backend), definitions, { debug: true })
  opened.push(library)
  return library
}

afterEach(() => {
  for (const library of opened.splice(0)) {
    try {
      library.close()
    } catch {}
  }
})

/** Checks what is thrown: its code, its message, and that it tells where in the test the call was made. */
export function expectFault(code: ErrorCode, message: RegExp, call: () => unknown): FramegateError {
  const error = thrownBy(call)
  expect(error.message).toMatch(message)
  expect(error.code).toBe(code)
  const { cause } = error
  expect(`${error.message}${cause instanceof Error ? cause.stack : ''}`).toMatch(/debug(-[a-z]+)?\.test\.ts/)
  return error
}

export const offset = (address: Pointer | null, by: number) => (Number(address) + by) as Pointer
export const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => index)
