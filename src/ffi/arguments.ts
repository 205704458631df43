// What both backends say and do about arguments alike.

import type { LengthParameter } from './definitions.ts'
import { FramegateError } from './errors.ts'
import { fits, misfit, SCALAR, unfit } from './scalars.ts'
import type { Parameter, Signature } from './signature.ts'

/** The bytes of any view. */
export function bytesOf(value: unknown, place: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw unfit(place, value, 'a Uint8Array, another view of an ArrayBuffer, or null')
}

/**
 * The length in bytes of the argument that a parameter measures: of a string, its UTF-8.
 *
 * @throws {@link FramegateError} `ARGUMENT_OUT_OF_RANGE` where the length does not fit the parameter
 */
export function lengthOf({ parameters }: Signature, parameter: Parameter, values: readonly unknown[]): number {
  const { lengthOf: measured, as = 'usize' } = parameter.type as LengthParameter
  const { argument, place } = parameters[measured] as Parameter
  const value = values[argument]
  let length = 0
  if (typeof value === 'string') length = new TextEncoder().encode(value).length
  else if (ArrayBuffer.isView(value)) length = value.byteLength
  if (!fits(SCALAR[as], length)) throw misfit(as, length, `the length of ${place}`)
  return length
}

export function wrongCount(name: string, expected: number, given: number): FramegateError {
  const plural = expected === 1 ? 'argument' : 'arguments'
  return new FramegateError('ARGUMENT_INVALID', `${name} takes ${expected} ${plural}, not ${given}; see its definition`)
}
