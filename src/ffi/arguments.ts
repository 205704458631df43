// What both backends say and do about arguments alike.

import type { FieldType, LengthParameter } from './definitions.ts'
import { FramegateError } from './errors.ts'
import { fits, isScalar, misfit, SCALAR, textFault, unfit, unfitText } from './scalars.ts'
import type { Parameter, Signature } from './signature.ts'

/** The bytes of any view. */
export function bytesOf(value: unknown, place: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw unfit(place, value, 'a Uint8Array, another view of an ArrayBuffer, or null')
}

/** @throws FramegateError `ARGUMENT_INVALID`, `STRING_INVALID` */
export function checkedText(value: unknown, place: string): string | null {
  if (value === null) return null
  if (typeof value !== 'string') throw unfit(place, value, 'a string or null')
  const fault = textFault(value)
  if (fault !== undefined) throw unfitText(place, fault)
  return value
}

/**
 * A plain copy of a value: structs with their fields alone, arrays as lists.
 *
 * @param fitting - what fits a scalar: {@link fits}, or `fitsNative`
 * @throws {@link FramegateError} `ARGUMENT_INVALID`, `ARGUMENT_OUT_OF_RANGE`, `STRING_INVALID`
 */
export function checkedValue(type: FieldType, value: unknown, place: string, fitting: typeof fits = fits): unknown {
  if (isScalar(type)) {
    if (!fitting(SCALAR[type], value)) throw misfit(type, value, place)
    return value
  }
  if (type === 'cstring') return checkedText(value, place)
  if (type.type === 'array') {
    const elements = value as ArrayLike<unknown>
    if (typeof value !== 'object' || elements?.length !== type.length) {
      throw unfit(place, value, `an array of exactly ${type.length} elements`)
    }
    return Array.from(elements, (each, index) => {
      return checkedValue(type.of, each, `element ${index} of ${place}`, fitting)
    })
  }
  const fields = Object.entries(type.fields)
  if (typeof value !== 'object' || value === null) {
    throw unfit(place, value, `an object with ${fields.map(([name]) => name).join(', ')}`)
  }
  const checked: Record<string, unknown> = {}
  for (const [name, field] of fields) {
    const inner = (value as Record<string, unknown>)[name]
    checked[name] = checkedValue(field, inner, `field ${name} of ${place}`, fitting)
  }
  return checked
}

/** Bytes of a well-formed text, without encoding it once more. */
function utf8Length(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Each half of a surrogate pair is two of its four bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1
  }
  return bytes
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
  if (typeof value === 'string') length = utf8Length(value)
  else if (ArrayBuffer.isView(value)) length = value.byteLength
  if (!fits(SCALAR[as], length)) throw misfit(as, length, `the length of ${place}`)
  return length
}

/**
 * How many bytes a call returned, by the definition or by what it left in a parameter; undefined where it returns none.
 *
 * @param outs - the values of the out-parameters
 * @throws {@link FramegateError} `RESULT_INVALID` where the guest says what is no length
 */
export function byteLength(
  signature: Signature,
  values: readonly unknown[],
  outs: readonly unknown[],
): number | undefined {
  const { name, parameters, result } = signature
  if (typeof result !== 'object' || !('type' in result) || result.type !== 'bytes') return undefined
  if (typeof result.length === 'number') return result.length
  const { parameter: index } = result.length
  const parameter = parameters[index] as Parameter
  if (typeof parameter.type === 'object' && 'lengthOf' in parameter.type) return lengthOf(signature, parameter, values)
  const out = signature.outs.indexOf(index)
  const value = Number(out >= 0 ? outs[out] : values[parameter.argument])
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new FramegateError(
    'RESULT_INVALID',
    `the result of ${name} has a length of ${value} bytes, says parameter ${index + 1}; is the definition right?`,
  )
}

/**
 * Gives a caller's buffer what a nonblocking call left in its copy.
 *
 * @throws {@link FramegateError} `ARGUMENT_INVALID` where the buffer is no longer what it was
 */
export function fillBytes(value: unknown, bytes: Uint8Array | null, place: string): void {
  if (bytes === null) return
  const target = bytesOf(value, place)
  if (target.length !== bytes.length) {
    throw new FramegateError(
      'ARGUMENT_INVALID',
      `${place} was given away or resized during the call; keep it until the promise is settled`,
    )
  }
  target.set(bytes)
}

export function wrongCount(name: string, expected: number, given: number): FramegateError {
  const plural = expected === 1 ? 'argument' : 'arguments'
  return new FramegateError('ARGUMENT_INVALID', `${name} takes ${expected} ${plural}, not ${given}; see its definition`)
}
