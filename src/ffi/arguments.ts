// What both backends say and do about arguments alike.

import { FramegateError } from './errors.ts'
import { unfit } from './scalars.ts'

/** The bytes of any view. */
export function bytesOf(value: unknown, place: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw unfit(place, value, 'a Uint8Array, another view of an ArrayBuffer, or null')
}

export function wrongCount(name: string, expected: number, given: number): FramegateError {
  const plural = expected === 1 ? 'argument' : 'arguments'
  return new FramegateError('ARGUMENT_INVALID', `${name} takes ${expected} ${plural}, not ${given}; see its definition`)
}
