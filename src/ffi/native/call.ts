// A symbol of a shared object as callers call it: the arguments are checked as for WebAssembly, koffi lays them out, and
// what comes back is brought into the same form.

import { byteLength, bytesOf, checkedText, checkedValue, fillBytes, lengthOf, wrongCount } from '../arguments.ts'
import { Callback, staleCallback } from '../callback.ts'
import type {
  BytesType,
  CallbackType,
  FieldType,
  HandleType,
  OwnedStringType,
  ParameterType,
  ScalarType,
} from '../definitions.ts'
import { FramegateError, messageOf } from '../errors.ts'
import { Handle, type HandleOwner } from '../handle.ts'
import { fitsNative, isScalar, misfit, SCALAR, unfit } from '../scalars.ts'
import { freeOf, isOwnedOut, type Parameter, pointee, type Signature, shaped } from '../signature.ts'
import type { CallQueue } from './call-queue.ts'
import { dispatcher } from './callback-values.ts'
import { bytesAt, handleAt, lengthAt, textAt } from './guest-values.ts'
import { Owned } from './owned-frame.ts'
import {
  addressFromNative,
  type Koffi,
  type KoffiFunction,
  type KoffiType,
  type KoffiTypes,
  scalarFromNative,
  valueFromNative,
} from './types.ts'

/** The library that a call belongs to. */
export interface NativeOwner extends HandleOwner {
  readonly koffi: Koffi
  readonly types: KoffiTypes
  readonly queue: CallQueue
  checkOpen(): void
  prototype(signature: Signature): KoffiFunction
  function(name: string, result: KoffiType, parameters: KoffiType[]): KoffiFunction
  free(name: string): KoffiFunction
  registered(callback: Callback): unknown
}

type NativeSymbol = (...values: unknown[]) => unknown

/** What koffi gets for an argument. */
type Lower = (value: unknown, values: readonly unknown[]) => unknown
/** What the caller gets of what koffi gave. */
type Lift = (returned: unknown, length: number | undefined) => unknown

export function bindNative(owner: NativeOwner, signature: Signature): NativeSymbol {
  const call = owner.prototype(signature)
  const { name, arity, parameters, result } = signature
  const lowers = parameters.map((parameter) => lowerOf(owner, signature, parameter))
  const lift = liftOf(owner, signature)
  const free = freeOf(result)
  const owned = free !== undefined && !isKept(signature) ? ownedFree(owner, signature, free) : undefined
  const isOnlyText =
    signature.outs.length === 0 && typeof result === 'object' && 'type' in result && result.type === 'cstring'
  const complete = (native: readonly unknown[], values: readonly unknown[], returned: unknown): unknown => {
    let length: number | undefined
    try {
      if (isOnlyText) return lift(returned, undefined)
      const outs = signature.outs.map((index) => outOf(owner, parameters[index] as Parameter, native[index]))
      length = byteLength(signature, values, outs)
      return shaped(signature, lift(returned, length), outs)
    } finally {
      if (owned !== undefined && addressFromNative(returned) !== 0) owned(returned, length)
    }
  }
  if (signature.nonblocking) return bindAsync(owner, signature, call, lowers, complete)
  if (isPlain(signature)) return bindPlain(owner, signature, call, lift)
  if (isFlat(signature)) {
    const isResultAlone =
      owned === undefined && (typeof result === 'string' || !('type' in result) || result.type !== 'bytes')
    return bindFlat(owner, signature, call, (values, returned) =>
      isResultAlone ? lift(returned, undefined) : complete(NONE, values, returned),
    )
  }
  return (...values) => {
    owner.checkOpen()
    if (values.length !== arity) throw wrongCount(name, arity, values.length)
    const native = lowers.map((lower, index) => lower(values[(parameters[index] as Parameter).argument], values))
    return complete(native, values, entered(name, call, native))
  }
}

const NONE: readonly unknown[] = []

function entered(name: string, call: KoffiFunction, native: readonly unknown[]): unknown {
  try {
    return call(...native)
  } catch (cause) {
    throw interrupted(name, cause)
  }
}

/** koffi throws what a callback threw, after the guest has gone on with zero in its place. */
function interrupted(name: string, thrown: unknown): FramegateError {
  if (thrown instanceof FramegateError && thrown.code === 'GUEST_INTERRUPTED') return thrown
  const isStale = thrown instanceof Error && thrown.message.includes('non-registered callback')
  const cause = isStale ? staleCallback('the guest called a callback whose call has returned; register it') : thrown
  const message = messageOf(cause)
  return new FramegateError('GUEST_INTERRUPTED', `a callback of ${name} threw: ${message}; the guest went on with 0`, {
    cause,
  })
}

// ---- scalars and strings in, a scalar out: no lists (30 ns less)

function isPlain({ parameters, result, outs }: Signature): boolean {
  const isScalarOrText = parameters.every(({ type }) => isScalar(type) || type === 'cstring')
  return isScalarOrText && outs.length === 0 && parameters.length <= 4 && (isScalar(result) || result === 'void')
}

function bindPlain(owner: NativeOwner, signature: Signature, call: KoffiFunction, lift: Lift): NativeSymbol {
  const { name, parameters } = signature
  const [p0, p1, p2, p3] = parameters as [Parameter, Parameter, Parameter, Parameter]
  switch (parameters.length) {
    case 0:
      return (...extra: unknown[]): unknown => {
        if (extra.length !== 0) throw wrongCount(name, 0, 0 + extra.length)
        owner.checkOpen()
        let returned: unknown
        try {
          returned = call()
        } catch (error) {
          throw interrupted(name, error)
        }
        return lift(returned, undefined)
      }
    case 1:
      return (a: unknown, ...extra: unknown[]): unknown => {
        if (extra.length !== 0) throw wrongCount(name, 1, 1 + extra.length)
        owner.checkOpen()
        const m0 = plainValue(p0, a)
        let returned: unknown
        try {
          returned = call(m0)
        } catch (error) {
          throw interrupted(name, error)
        }
        return lift(returned, undefined)
      }
    case 2:
      return (a: unknown, b: unknown, ...extra: unknown[]): unknown => {
        if (extra.length !== 0) throw wrongCount(name, 2, 2 + extra.length)
        owner.checkOpen()
        const m0 = plainValue(p0, a)
        const m1 = plainValue(p1, b)
        let returned: unknown
        try {
          returned = call(m0, m1)
        } catch (error) {
          throw interrupted(name, error)
        }
        return lift(returned, undefined)
      }
    case 3:
      return (a: unknown, b: unknown, c: unknown, ...extra: unknown[]): unknown => {
        if (extra.length !== 0) throw wrongCount(name, 3, 3 + extra.length)
        owner.checkOpen()
        const m0 = plainValue(p0, a)
        const m1 = plainValue(p1, b)
        const m2 = plainValue(p2, c)
        let returned: unknown
        try {
          returned = call(m0, m1, m2)
        } catch (error) {
          throw interrupted(name, error)
        }
        return lift(returned, undefined)
      }
    default:
      return (a: unknown, b: unknown, c: unknown, d: unknown, ...extra: unknown[]): unknown => {
        if (extra.length !== 0) throw wrongCount(name, 4, 4 + extra.length)
        owner.checkOpen()
        const m0 = plainValue(p0, a)
        const m1 = plainValue(p1, b)
        const m2 = plainValue(p2, c)
        const m3 = plainValue(p3, d)
        let returned: unknown
        try {
          returned = call(m0, m1, m2, m3)
        } catch (error) {
          throw interrupted(name, error)
        }
        return lift(returned, undefined)
      }
  }
}

function plainValue({ type, place }: Parameter, value: unknown): unknown {
  if (type === 'cstring') return checkedText(value, place)
  if (fitsNative(SCALAR[type as ScalarType], value)) return value
  throw misfit(type as ScalarType, value, place)
}

// ---- flat arguments, and nothing to come back but the result: arguments spelled out, no lists (100 ns less)

function isFlat({ parameters, outs }: Signature): boolean {
  const flat = ({ type }: Parameter) => {
    if (isScalar(type) || type === 'cstring' || type === 'buffer' || type === 'frame') return true
    return typeof type === 'object' && ('lengthOf' in type || pointee(type) === 'buffer')
  }
  return outs.length === 0 && parameters.length <= 6 && parameters.every(flat)
}

function bindFlat(
  owner: NativeOwner,
  signature: Signature,
  call: KoffiFunction,
  complete: (values: readonly unknown[], returned: unknown) => unknown,
): NativeSymbol {
  const { name, arity, parameters } = signature
  const count = parameters.length
  const [p0, p1, p2, p3, p4, p5] = parameters as [Parameter, Parameter, Parameter, Parameter, Parameter, Parameter]
  return (...values) => {
    if (values.length !== arity) throw wrongCount(name, arity, values.length)
    owner.checkOpen()
    const m0 = count > 0 ? flat(signature, p0, values) : undefined
    const m1 = count > 1 ? flat(signature, p1, values) : undefined
    const m2 = count > 2 ? flat(signature, p2, values) : undefined
    const m3 = count > 3 ? flat(signature, p3, values) : undefined
    const m4 = count > 4 ? flat(signature, p4, values) : undefined
    const m5 = count > 5 ? flat(signature, p5, values) : undefined
    let returned: unknown
    try {
      if (count === 0) returned = call()
      else if (count === 1) returned = call(m0)
      else if (count === 2) returned = call(m0, m1)
      else if (count === 3) returned = call(m0, m1, m2)
      else if (count === 4) returned = call(m0, m1, m2, m3)
      else if (count === 5) returned = call(m0, m1, m2, m3, m4)
      else returned = call(m0, m1, m2, m3, m4, m5)
    } catch (error) {
      throw interrupted(name, error)
    }
    return complete(values, returned)
  }
}

function flat(signature: Signature, parameter: Parameter, values: readonly unknown[]): unknown {
  const { type, place, argument } = parameter
  const value = values[argument]
  if (isScalar(type) || type === 'cstring') return plainValue(parameter, value)
  if (type === 'frame') return memoryOf(value)
  if (typeof type === 'object' && 'lengthOf' in type) return lengthOf(signature, parameter, values)
  return value === null ? null : bytesOf(value, place)
}

// ---- on koffi's threads

function bindAsync(
  owner: NativeOwner,
  { name, arity, parameters }: Signature,
  call: KoffiFunction,
  lowers: readonly Lower[],
  complete: (native: readonly unknown[], values: readonly unknown[], returned: unknown) => unknown,
): NativeSymbol {
  const filled = parameters.flatMap(({ type }, index) => (pointee(type) === 'buffer' ? [index] : []))
  return async (...values) => {
    owner.checkOpen()
    if (values.length !== arity) throw wrongCount(name, arity, values.length)
    const native = lowers.map((lower, index) => {
      return kept(lower(values[(parameters[index] as Parameter).argument], values))
    })
    return owner.queue.run({
      name,
      call,
      native,
      lift: (returned) => complete(native, values, returned),
      deliver() {
        for (const index of filled) {
          const { argument, place } = parameters[index] as Parameter
          fillBytes(values[argument], native[index] as Uint8Array | null, place)
        }
      },
    })
  }
}

/** Bytes that nobody else changes, moves or frees while the guest reads them: of a buffer, and of a C string. */
function kept(lowered: unknown): unknown {
  if (lowered instanceof Uint8Array) return new Uint8Array(lowered)
  return typeof lowered === 'string' ? new TextEncoder().encode(`${lowered}\0`) : lowered
}

// ---- arguments

function lowerOf(owner: NativeOwner, signature: Signature, parameter: Parameter): Lower {
  const { type, place } = parameter
  if (isScalar(type)) {
    const code = SCALAR[type]
    return (value) => {
      if (fitsNative(code, value)) return value
      throw misfit(type, value, place)
    }
  }
  if (type === 'cstring') return (value) => checkedText(value, place)
  if (type === 'buffer') return (value) => (value === null ? null : bytesOf(value, place))
  if (type === 'frame') return memoryOf
  if (typeof type === 'object' && 'lengthOf' in type) return (_, values) => lengthOf(signature, parameter, values)
  const inner = typeof type === 'object' ? pointee(type) : undefined
  if (inner === 'buffer') return (value) => (value === null ? null : bytesOf(value, place))
  if (inner !== undefined) return pointerLower(type as object, inner, place)
  return namedLower(owner, type, place)
}

/** koffi writes what the guest left into a list of one. */
function pointerLower(type: object, inner: FieldType | HandleType | OwnedStringType, place: string): Lower {
  if ('out' in type) {
    return typeof inner === 'object' && inner.type === 'struct' ? () => ({}) : () => [null]
  }
  const isStruct = typeof inner === 'object' && inner.type === 'struct'
  const isRead = 'in' in type
  return (value) => {
    if (value === null && isRead) return null
    const checked = checkedValue(inner as FieldType, value, place, fitsNative)
    return isStruct ? checked : [checked]
  }
}

function namedLower(owner: NativeOwner, type: ParameterType, place: string): Lower {
  const kind = typeof type === 'object' && 'type' in type ? type.type : type
  switch (kind) {
    case 'callback':
      return (value) => {
        if (value === null) return null
        if (value instanceof Callback) {
          if (value.disposed) throw staleCallback(`${place} was disposed of; register it again`)
          return owner.registered(value)
        }
        if (typeof value !== 'function') throw unfit(place, value, 'a function, a Callback or null')
        return dispatcher(owner, type as CallbackType, value as (...parameters: never[]) => unknown)
      }
    case 'handle':
      return (value) => {
        if (value === null) return null
        if (value instanceof Handle) return value.addressFor(owner, (type as HandleType).name, place)
        throw unfit(place, value, `a ${(type as HandleType).name} that the guest gave, or null`)
      }
    case 'struct':
      return (value) => checkedValue(type as FieldType, value, place, fitsNative)
    default:
      throw new FramegateError(
        'GUEST_INCOMPATIBLE',
        `${place} is a type of AssemblyScript, but the guest is a shared object; use cstring or buffer`,
      )
  }
}

/** The memory that a call hands over. */
function memoryOf(frame: unknown): Uint8Array | null {
  if (frame === null) return null
  if (!(frame instanceof Owned)) throw unfit('the frame', frame, 'one that library.frame gave, or null')
  if (frame.released) throw new FramegateError('FRAME_STALE', 'the frame was released; take a new one')
  return frame.memory.u8
}

// ---- results

function liftOf(owner: NativeOwner, { result: type, name }: Signature): Lift {
  const place = `the result of ${name}`
  if (type === 'void') return () => undefined
  if (isScalar(type)) return (returned) => scalarFromNative(type, returned)
  if (type === 'cstring') return (returned) => textAt(owner.koffi, returned, place)
  if (typeof type === 'object' && 'pointer' in type) {
    const pointed = owner.types.field(type.pointer)
    return (returned) =>
      returned === null ? null : valueFromNative(type.pointer, owner.koffi.decode(returned, pointed))
  }
  switch (typeof type === 'object' ? type.type : type) {
    case 'cstring':
      return (returned) => textAt(owner.koffi, returned, place)
    case 'bytes':
      return (returned, length = 0) =>
        returned === null ? null : length === 0 ? new Uint8Array() : bytesAt(owner.koffi, returned, length)
    case 'pointer':
      return (returned) => addressFromNative(returned) || null
    case 'handle':
      return (returned) => handleAt(owner, type as HandleType, returned)
    case 'struct':
      return (returned) => valueFromNative(type as FieldType, returned)
    default:
      throw new FramegateError(
        'GUEST_INCOMPATIBLE',
        `${place} is a type of AssemblyScript, but the guest is a shared object; use cstring or bytes`,
      )
  }
}

function outOf(owner: NativeOwner, { type, place }: Parameter, native: unknown): unknown {
  const inner = pointee(type) as FieldType | HandleType | OwnedStringType
  if (typeof inner === 'object' && inner.type === 'struct') return valueFromNative(inner, native)
  const [value] = native as [unknown]
  if (!isOwnedOut(inner)) return valueFromNative(inner as FieldType, value)
  if (inner.type === 'handle') return handleAt(owner, inner, value)
  try {
    return textAt(owner.koffi, value, `the value returned through ${place}`)
  } finally {
    if (value !== null) owner.end(addressFromNative(value), inner.free)
  }
}

/** Whether the caller keeps the result and ends it. */
function isKept({ result }: Signature): boolean {
  return typeof result === 'object' && 'type' in result && (result.type === 'handle' || result.type === 'pointer')
}

function ownedFree(
  owner: NativeOwner,
  { result }: Signature,
  name: string,
): (address: unknown, length?: number) => void {
  if (!(result as BytesType).sized) return owner.free(name)
  const free = owner.function(name, 'void', ['void *', 'size_t'])
  return (address, length) => {
    // A C string's size is its bytes with the NUL.
    free(address, length ?? lengthAt(owner.koffi, address) + 1)
  }
}
