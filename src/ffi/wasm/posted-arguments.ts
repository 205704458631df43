// Arguments of nonblocking calls: checked in the caller's thread as those of any other call, and copied, so that what the
// caller does with its own afterwards is of no account.

import { bytesOf, checkedText, checkedValue, lengthOf } from '../arguments.ts'
import type { FieldType, ParameterType } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import { isScalar } from '../scalars.ts'
import { type Parameter, pointee, type Signature } from '../signature.ts'
import { unwrapped, wrapped } from './guest-values.ts'
import { singleScalar } from './layout.ts'

/** The copy of an argument that is posted. */
type Copy = (value: unknown, moved: ArrayBuffer[]) => unknown

/** What a call's arguments become; `moved` gets the memory that goes with them. */
export type CopyArguments = (values: readonly unknown[], moved: ArrayBuffer[]) => unknown[]

/**
 * Prepares the arguments of a signature.
 *
 * @throws {@link FramegateError} `GUEST_INCOMPATIBLE` for a type that is bound to this thread
 */
export function argumentCopier(signature: Signature): CopyArguments {
  const { parameters } = signature
  const copies = parameters.map((parameter) => (parameter.argument < 0 ? undefined : copyOf(parameter)))
  return (values, moved) => {
    const copied: unknown[] = []
    parameters.forEach((parameter, index) => {
      const copy = copies[index]
      if (copy) copied.push(copy(values[parameter.argument], moved))
      // The worker measures for itself; here it shows only whether the length fits.
      else if (typeof parameter.type === 'object' && 'lengthOf' in parameter.type)
        lengthOf(signature, parameter, values)
    })
    return copied
  }
}

function copyOf({ type, place }: Parameter): Copy {
  if (isScalar(type)) return (value) => checkedValue(type, value, place)
  if (type === 'cstring') return (value) => checkedText(value, place)
  const inner = pointee(type)
  if (type === 'buffer' || inner === 'buffer') return bytesCopy(place)
  if (inner !== undefined) {
    const isNullable = 'in' in (type as object)
    return (value) => (value === null && isNullable ? null : checkedValue(inner as FieldType, value, place))
  }
  if (typeof type === 'object' && 'type' in type && type.type === 'struct') return structCopy(type, place)
  throw bound(place, type)
}

/** Moves exactly these bytes: a view that were posted as it is would take all of its buffer along. */
function bytesCopy(place: string): Copy {
  return (value, moved) => {
    if (value === null) return null
    const copy = new Uint8Array(bytesOf(value, place))
    moved.push(copy.buffer)
    return copy
  }
}

function structCopy(type: FieldType, place: string): Copy {
  const single = singleScalar(type)
  if (single === undefined) return (value) => checkedValue(type, value, place)
  return (value) => wrapped(type, checkedValue(single, unwrapped(type, value, place), place))
}

function bound(place: string, type: ParameterType): FramegateError {
  const { type: name = type } = type as { type?: string }
  return new FramegateError(
    'GUEST_INCOMPATIBLE',
    `${place} is a ${name}, which belongs to this thread's guest; use cstring or buffer, or leave nonblocking out`,
  )
}
