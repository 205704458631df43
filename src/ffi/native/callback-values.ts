// The function that koffi calls for a callback: values of the shared object in, the callback's result out.

import { checkedValue } from '../arguments.ts'
import type { CallbackType, FieldType } from '../definitions.ts'
import { fitsNative, isScalar } from '../scalars.ts'
import type { NativeOwner } from './call.ts'
import { bytesAt, handleAt, textAt } from './guest-values.ts'
import { scalarFromNative, valueFromNative } from './types.ts'

type HostFunction = (...parameters: never[]) => unknown

export function dispatcher(owner: NativeOwner, type: CallbackType, call: HostFunction): (...raw: unknown[]) => unknown {
  const { parameters, result } = type
  const lifts = parameters.map((each, index) => liftOf(owner, each, `argument ${index + 1} of the callback`))
  return (...raw) => {
    const values = lifts.map((lift, index) => lift(raw[index], raw))
    const returned = (call as (...values: unknown[]) => unknown)(...values)
    parameters.forEach((each, index) => {
      if (typeof each === 'object' && 'inout' in each && raw[index] !== null) {
        const value = checkedValue(each.inout, values[index], `argument ${index + 1} of the callback`, fitsNative)
        owner.koffi.encode(raw[index], owner.types.field(each.inout), value)
      }
    })
    return result === 'void'
      ? undefined
      : checkedValue(result, returned, 'the value that the callback returned', fitsNative)
  }
}

type Lift = (value: unknown, raw: readonly unknown[]) => unknown

function liftOf(owner: NativeOwner, type: CallbackType['parameters'][number], place: string): Lift {
  const { koffi, types } = owner
  if (isScalar(type)) return (value) => scalarFromNative(type, value)
  if (type === 'cstring') return (value) => textAt(koffi, value, place)
  if ('in' in type) return pointerLift(owner, type.in)
  if ('inout' in type) return pointerLift(owner, type.inout)
  switch (type.type) {
    case 'handle':
      return (value) => handleAt(owner, { ...type, free: undefined } as never, value)
    case 'bytes': {
      const { length } = type
      const lengthOf = (raw: readonly unknown[]) =>
        typeof length === 'number' ? length : Number(raw[length.parameter])
      return (value, raw) => (value === null ? null : bytesAt(koffi, value, lengthOf(raw)))
    }
    default:
      types.field(type)
      return (value) => valueFromNative(type, value)
  }
}

function pointerLift({ koffi, types }: NativeOwner, type: FieldType): Lift {
  const pointed = types.field(type)
  return (value) => (value === null ? null : valueFromNative(type, koffi.decode(value, pointed)))
}
