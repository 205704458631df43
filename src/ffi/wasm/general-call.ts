// Calls with structs, out-parameters, callbacks, handles, byte results and more than four arguments: lists of what each
// parameter and the result need are made once, and worked through for every call.

import { byteLength, bytesOf, lengthOf } from '../arguments.ts'
import { Callback, staleCallback } from '../callback.ts'
import type {
  BytesType,
  CallbackType,
  FieldType,
  HandleType,
  OwnedStringType,
  ParameterType,
  ResultType,
  TypedArrayType,
} from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import { Handle } from '../handle.ts'
import { fits, isScalar, misfit, SCALAR, unfit } from '../scalars.ts'
import { freeOf, isOwnedOut, type Parameter, pointee, type Signature, shaped } from '../signature.ts'
import { checkManaged } from './assemblyscript.ts'
import { addressOf, pushBytes } from './call.ts'
import { bytesAt, scalarFromGuest, unwrapped, wrapped } from './guest-values.ts'
import type { Instance } from './instance.ts'
import { type Layout, layoutOf, singleScalar } from './layout.ts'

type Machine = number | bigint

/** One call under way. */
interface Call {
  readonly instance: Instance
  readonly index: number
  /** What the guest gets, in C's order, without the address of a struct that is returned. */
  readonly machine: Machine[]
  /** What the caller passed. */
  readonly values: readonly unknown[]
  /** What is given back after the call, if anything. */
  endings: (() => void)[] | undefined
}

interface Step {
  readonly parameter: Parameter
  lower(call: Call, value: unknown): Machine
  /** The value that the guest left, or that a buffer is to be filled with. */
  lift?(call: Call, at: number, value: unknown): unknown
}

export class GeneralCall {
  readonly #signature: Signature
  readonly #index: number
  readonly #steps: readonly Step[]
  readonly #lifted: readonly number[]
  /** Whether the result is all that a call leaves. */
  readonly #isSimple: boolean
  /** A struct that does not fit a machine value is returned through an address passed first. */
  readonly #returned: Layout | undefined
  readonly #lift: (call: Call, returned: Machine | undefined, outs: readonly unknown[]) => unknown

  constructor(signature: Signature, index: number) {
    this.#signature = signature
    this.#index = index
    this.#steps = signature.parameters.map((parameter) => stepOf(signature, parameter))
    this.#lifted = this.#steps.flatMap(({ lift }, step) => (lift ? [step] : []))
    const { result } = signature
    const isStruct = typeof result === 'object' && 'type' in result && result.type === 'struct'
    this.#returned = isStruct && singleScalar(result) === undefined ? layoutOf(result) : undefined
    this.#lift = lifterOf(signature)
    this.#isSimple = this.#lifted.length === 0 && freeOf(result) === undefined && !isBytes(result)
  }

  call(instance: Instance, values: readonly unknown[]): unknown {
    const { name } = this.#signature
    const { stack } = instance
    const steps = this.#steps
    const mark = stack.top
    const machine: Machine[] = []
    const call: Call = { instance, index: this.#index, machine, values, endings: undefined }
    try {
      let returnedAt = 0
      if (this.#returned) {
        const { size } = this.#returned
        returnedAt = stack.push(size)
        // What the guest leaves alone is not an earlier call's bytes.
        stack.memory.u8.fill(0, returnedAt, returnedAt + size)
      }
      for (let index = 0; index < steps.length; index++) {
        const step = steps[index] as Step
        machine.push(step.lower(call, values[step.parameter.argument]))
      }
      // A getter of an argument may have called the guest, and that call may have ended badly.
      if (instance.retired) throw retiredByArgument(name)
      const returned = entered(instance, this.#index, name, this.#returned ? [returnedAt, ...machine] : machine)
      stack.settle()
      return this.#complete(call, this.#returned ? returnedAt : returned)
    } finally {
      try {
        if (call.endings !== undefined) for (const end of call.endings) end()
      } finally {
        stack.release(mark, name)
        stack.settle()
      }
    }
  }

  /** Outs first: the length of returned bytes may be one. What is owned is given back whatever happens. */
  #complete(call: Call, returned: Machine | undefined): unknown {
    if (this.#isSimple) return this.#lift(call, returned, NONE)
    const { result } = this.#signature
    let length: number | undefined
    try {
      const outs = this.#outs(call, returned)
      if (isBytes(result)) length = byteLength(this.#signature, call.values, outs)
      return shaped(this.#signature, this.#lift(call, returned, isBytes(result) ? [length] : outs), outs)
    } finally {
      const address = Number(returned) >>> 0
      // What frees an out may have trapped.
      if (isGivenBack(result) && address !== 0 && !call.instance.retired)
        call.instance.giveBack(this.#index, address, givenLength(call, result, address, length))
    }
  }

  /** All of them, also behind one that is none: each gives back what the guest owned. The first fault is the call's. */
  #outs(call: Call, returned: Machine | undefined): unknown[] {
    const outs: unknown[] = []
    let fault: unknown = NO_FAULT
    for (const step of this.#lifted) {
      const { lift, parameter } = this.#steps[step] as Required<Step>
      try {
        const value = lift(call, call.machine[step] as number, call.values[parameter.argument])
        if (value !== NOTHING) outs.push(value)
      } catch (error) {
        if (fault === NO_FAULT) fault = error
        if (call.instance.retired) break
      }
    }
    if (fault === NO_FAULT) return outs
    // Nobody gets the objects.
    const { result } = this.#signature
    const isHandle = typeof result === 'object' && 'type' in result && result.type === 'handle'
    const owned = isHandle ? [...outs, liftHandle(call.instance, result, Number(returned) >>> 0)] : outs
    for (const value of owned) if (value instanceof Handle) value.dispose()
    throw fault
  }
}

const NOTHING = Symbol('nothing to return')
const NO_FAULT = Symbol('no fault')
const NONE: readonly unknown[] = []

/** A call with its arguments spelled out takes 40 ns less than one with a list. */
function entered(instance: Instance, index: number, name: string, m: readonly Machine[]): Machine | undefined {
  const target = instance.targets[index] as (...machine: unknown[]) => Machine | undefined
  try {
    switch (m.length) {
      case 1:
        return target(m[0])
      case 2:
        return target(m[0], m[1])
      case 3:
        return target(m[0], m[1], m[2])
      case 4:
        return target(m[0], m[1], m[2], m[3])
      case 5:
        return target(m[0], m[1], m[2], m[3], m[4])
      default:
        return target(...m)
    }
  } catch (error) {
    instance.retired = true
    throw instance.ended(name, error)
  }
}

function retiredByArgument(name: string): FramegateError {
  return new FramegateError('FRAME_STALE', `an argument of ${name} retired the instance; call again`)
}

/** Notes what is to be done when the call has returned. */
function afterwards(call: Call, end: () => void): void {
  if (call.endings === undefined) call.endings = [end]
  else call.endings.push(end)
}

// ---- parameters

function stepOf(signature: Signature, parameter: Parameter): Step {
  const { type, place } = parameter
  if (isScalar(type)) {
    const code = SCALAR[type]
    return {
      parameter,
      lower(_, value) {
        if (!fits(code, value)) throw misfit(type, value, place)
        return typeof value === 'bigint' ? value : Number(value)
      },
    }
  }
  if (type === 'cstring') return { parameter, lower: ({ instance }, value) => lowerText(instance, value, place) }
  if (type === 'buffer') return { parameter, lower: ({ instance }, value) => pushBytes(instance, value, place) }
  if (type === 'frame') return { parameter, lower: ({ instance }, value) => addressOf(value, instance) }
  if (type === 'string') return managedStep(parameter, type)
  if ('lengthOf' in type) return { parameter, lower: ({ values }) => lengthOf(signature, parameter, values) }
  const inner = pointee(type)
  if (inner === 'buffer') return bufferStep(parameter)
  if (inner !== undefined && isOwnedOut(inner)) return ownedOutStep(parameter, inner)
  if (inner !== undefined) return pointerStep(parameter, type, layoutOf(inner))
  return namedStep(parameter, type as Exclude<ParameterType, string>)
}

function namedStep(parameter: Parameter, type: object): Step {
  switch ((type as { type: string }).type) {
    case 'callback':
      return callbackStep(parameter, type as CallbackType)
    case 'handle':
      return handleStep(parameter, type as HandleType)
    case 'typedarray':
      return managedStep(parameter, type as TypedArrayType)
    default:
      return structStep(parameter, type as FieldType)
  }
}

function lowerText(instance: Instance, value: unknown, place: string): number {
  if (value === null) return 0
  if (typeof value !== 'string') throw unfit(place, value, 'a string or null')
  return instance.stack.pushText(value, place)
}

/** A buffer that the guest fills or changes: what it leaves alone keeps what the caller had there. */
function bufferStep(parameter: Parameter): Step {
  return {
    parameter,
    lower: ({ instance }, value) => pushBytes(instance, value, parameter.place),
    lift({ instance }, at, value) {
      if (value === null) return NOTHING
      const bytes = bytesOf(value, parameter.place)
      bytes.set(instance.stack.memory.u8.subarray(at, at + bytes.length))
      return NOTHING
    },
  }
}

function pointerStep(parameter: Parameter, type: object, layout: Layout): Step {
  const { place } = parameter
  const isRead = !('out' in type)
  const step: Step = {
    parameter,
    lower({ instance: { stack } }, value) {
      if (value === null && 'in' in type) return 0
      const at = stack.push(layout.size)
      // An earlier call's bytes are nobody's to read.
      stack.memory.u8.fill(0, at, at + layout.size)
      if (isRead) layout.write(stack, at, value, place)
      return at
    },
  }
  if ('in' in type) return step
  return { ...step, lift: ({ instance }, at) => layout.read(instance.stack, at, outPlace(parameter)) }
}

function outPlace({ place }: Parameter): string {
  return `the value returned through ${place.replace('argument', 'parameter')}`
}

function ownedOutStep(parameter: Parameter, type: HandleType | OwnedStringType): Step {
  return {
    parameter,
    lower({ instance: { stack } }) {
      const at = stack.push(4)
      stack.data.setUint32(at, 0, true)
      return at
    },
    lift({ instance }, at) {
      const address = instance.stack.data.getUint32(at, true)
      if (address === 0) return null
      if (type.type === 'handle') return liftHandle(instance, type, address)
      try {
        return instance.stack.text(address, outPlace(parameter))
      } finally {
        instance.end(address, type.free)
        instance.stack.settle()
      }
    },
  }
}

function structStep(parameter: Parameter, type: FieldType): Step {
  const single = singleScalar(type)
  if (single === undefined) {
    const layout = layoutOf(type)
    return {
      parameter,
      lower({ instance: { stack } }, value) {
        const at = stack.push(layout.size)
        stack.memory.u8.fill(0, at, at + layout.size)
        layout.write(stack, at, value, parameter.place)
        return at
      },
    }
  }
  return {
    parameter,
    lower({ instance }, value) {
      const inner = unwrapped(type, value, parameter.place)
      if (single === 'cstring') return lowerText(instance, inner, parameter.place)
      if (!fits(SCALAR[single], inner)) throw misfit(single, inner, parameter.place)
      return typeof inner === 'bigint' ? inner : Number(inner)
    },
  }
}

function callbackStep(parameter: Parameter, type: CallbackType): Step {
  const { place } = parameter
  return {
    parameter,
    lower(call, value) {
      const { instance } = call
      if (value === null) return 0
      if (value instanceof Callback) {
        if (value.disposed) throw staleCallback(`${place} was disposed of; register it again`)
        return instance.callbacks.install(value)
      }
      if (typeof value !== 'function') throw unfit(place, value, 'a function, a Callback or null')
      const slot = instance.callbacks.enter(type, value as (...parameters: never[]) => unknown)
      afterwards(call, () => instance.callbacks.leave(slot))
      return slot.pointer
    },
  }
}

function handleStep(parameter: Parameter, { name }: HandleType): Step {
  const { place } = parameter
  return {
    parameter,
    lower({ instance }, value) {
      if (value === null) return 0
      if (value instanceof Handle) return value.addressFor(instance, name, place)
      throw unfit(place, value, `a ${name} that the guest gave, or null`)
    },
  }
}

/** Objects of the guest's garbage collector are pinned until the call has returned. */
function managedStep(parameter: Parameter, type: 'string' | TypedArrayType): Step {
  return {
    parameter,
    lower(call, value) {
      const { instance } = call
      if (value === null) return 0
      const { managed } = instance
      if (managed === undefined) throw notManaged(parameter.place)
      checkManaged(type, value, parameter.place)
      const address = managed.lower(type, value, parameter.place)
      afterwards(call, () => {
        if (!instance.retired) managed.unpin(address)
      })
      return address
    },
  }
}

function notManaged(place: string): FramegateError {
  return new FramegateError(
    'GUEST_INCOMPATIBLE',
    `${place} is a type of AssemblyScript, but the guest is none; open it with its loader, or use cstring or buffer`,
  )
}

// ---- results

type Lifter = (call: Call, returned: Machine | undefined, outs: readonly unknown[]) => unknown

function lifterOf({ result: type, name }: Signature): Lifter {
  const place = `the result of ${name}`
  if (type === 'void') return () => undefined
  if (isScalar(type)) return (_, returned) => scalarFromGuest(SCALAR[type], returned)
  if (type === 'string') return managedLifter(type, place)
  if (type === 'cstring') return textLifter(place)
  if ('pointer' in type) return pointerLifter(layoutOf(type.pointer), place)
  switch (type.type) {
    case 'cstring':
      return textLifter(place)
    case 'bytes':
      return bytesLifter(place)
    case 'handle':
      return ({ instance }, returned) => liftHandle(instance, type, Number(returned) >>> 0)
    case 'typedarray':
      return managedLifter(type, place)
    case 'pointer':
      return (_, returned) => Number(returned) >>> 0 || null
    default:
      return structLifter(type, place)
  }
}

function structLifter(type: FieldType, place: string): Lifter {
  const single = singleScalar(type)
  if (single === undefined) {
    const layout = layoutOf(type)
    return ({ instance }, at) => layout.read(instance.stack, at as number, place)
  }
  if (single === 'cstring') {
    const lift = textLifter(place)
    return (call, returned, outs) => wrapped(type, lift(call, returned, outs))
  }
  return (_, returned) => wrapped(type, scalarFromGuest(SCALAR[single], returned))
}

function textLifter(place: string): Lifter {
  return ({ instance }, returned) => {
    const address = Number(returned) >>> 0
    return address === 0 ? null : instance.stack.text(address, place)
  }
}

function pointerLifter(layout: Layout, place: string): Lifter {
  return ({ instance: { stack } }, returned) => {
    const address = Number(returned) >>> 0
    if (address === 0) return null
    stack.checkRange(address, layout.size, place)
    return layout.read(stack, address, place)
  }
}

function bytesLifter(place: string): Lifter {
  return ({ instance }, returned, [length]) => bytesAt(instance, Number(returned) >>> 0, length as number, place)
}

function managedLifter(type: 'string' | TypedArrayType, place: string): Lifter {
  return ({ instance: { managed } }, returned) => {
    const address = Number(returned) >>> 0
    if (managed === undefined) throw notManaged(place)
    return address === 0 ? null : managed.lift(type, address, place)
  }
}

function liftHandle(instance: Instance, { name, free }: HandleType, address: number): Handle | null {
  if (address === 0) return null
  instance.managed?.pin(address)
  return new Handle(name, address, instance, instance.managed ? '__unpin' : free)
}

function isBytes(type: ResultType): type is BytesType {
  return typeof type === 'object' && 'type' in type && type.type === 'bytes'
}

/** Whether the shim gives the result back to the guest. */
function isGivenBack(type: ResultType): type is BytesType | OwnedStringType {
  if (typeof type !== 'object' || !('free' in type) || type.free === undefined) return false
  return 'pointer' in type || type.type === 'cstring' || type.type === 'bytes'
}

/** The length that `free` is told: of a text, its bytes with the NUL. */
function givenLength(
  { instance }: Call,
  { type, sized }: BytesType | OwnedStringType,
  address: number,
  length?: number,
) {
  if (!sized) return undefined
  return type === 'cstring' ? instance.stack.memory.u8.indexOf(0, address) - address + 1 : length
}
