// A symbol as callers call it. Four shapes, from the fastest: scalars alone, which need no memory; scalars and frames that
// the caller holds; scalars, strings and buffers in, whose frame is carved as they are written; and everything else, by lists
// made when the guest was opened.

import { bytesOf, lengthOf, wrongCount } from '../arguments.ts'
import { FramegateError } from '../errors.ts'
import { fits, isScalar, misfit, SCALAR, type ScalarCode, unfit } from '../scalars.ts'
import type { Parameter, Signature } from '../signature.ts'
import { Carved } from './frame-stack.ts'
import { GeneralCall } from './general-call.ts'
import { scalarFromGuest } from './guest-values.ts'
import type { Export, Instance } from './instance.ts'

/** Who has the instance that answers. */
export interface CallOwner {
  /** Undefined when the last one was retired. */
  readonly current: Instance | undefined
  /** A new one. */
  renew(): Instance
  /** Keeps the binding aimed at the instance that answers. */
  follow(binding: Binding): void
}

/**
 * What a symbol enters: its function in the instance that answers, or what makes the next instance first. A call that
 * reads both from here takes 1.5 ns less than one that asks its library.
 */
export class Binding {
  target: Export
  instance: Pick<Instance, 'ended' | 'retired'>
  readonly owner: CallOwner
  readonly #index: number
  readonly #renewing: Export

  constructor(owner: CallOwner, { name }: Signature, index: number) {
    this.owner = owner
    this.#index = index
    this.#renewing = (...values) => {
      const instance = owner.renew()
      try {
        return (instance.targets[index] as Export)(...values)
      } catch (error) {
        instance.retired = true
        throw instance.ended(name, error)
      }
    }
    this.target = this.#renewing
    this.instance = NO_INSTANCE
    owner.follow(this)
  }

  /** Aims at an instance, or at none. */
  aim(instance: Instance | undefined): void {
    this.target = (instance?.targets[this.#index] as Export | undefined) ?? this.#renewing
    this.instance = instance ?? NO_INSTANCE
  }
}

/** Errors of a call that had to make its instance are the caller's already. */
const NO_INSTANCE: Binding['instance'] = { ended: (_, cause) => cause as FramegateError, retired: true }

/**
 * The instance that answers. Every bad end marks its instance before anything else is called: where the host's own stack
 * is full, no more of it than the mark may come about.
 */
export function answering(owner: Pick<CallOwner, 'current' | 'renew'>): Instance {
  const { current } = owner
  return current === undefined || current.retired ? owner.renew() : current
}

type Symbol = (...parameters: unknown[]) => unknown

/** Codes of the parameters and results of the two fast shapes; scalars have those of {@link SCALAR}. */
const CODE = { cstring: 14, buffer: 15, frame: 16, ownedText: 17, nothing: 18, length: 19 } as const

/** A parameter of a fast shape. */
interface Lowered {
  readonly code: number
  readonly parameter: Parameter
}

/** Binds a signature. `index` is its place in {@link Instance.targets}. */
export function bindCall(owner: CallOwner, signature: Signature, index: number): Symbol {
  const parameters = signature.parameters.map((parameter) => ({ code: codeOf(parameter.type), parameter }))
  const result = resultCode(signature)
  const isFast = result !== undefined && parameters.length <= 6 && parameters.every(({ code }) => code !== undefined)
  if (!isFast) return bindGeneral(owner, signature, index)
  const lowered = parameters as Lowered[]
  const binding = new Binding(owner, signature, index)
  const isScalarCall =
    result !== CODE.cstring && result !== CODE.ownedText && lowered.every(({ code }) => code < CODE.cstring)
  const isHeldCall = parameters.length === 2 && lowered.every(({ code }) => code < CODE.cstring || code === CODE.frame)
  if (isHeldCall && !isScalarCall && result < CODE.cstring) return bindHeld(binding, signature, lowered, result)
  if (parameters.length > 4 || lowered.some(({ code }) => code === CODE.length)) {
    return bindListed(owner, binding, signature, index, lowered, result)
  }
  return isScalarCall
    ? bindScalars(binding, signature, lowered, result)
    : bindFramed(owner, binding, signature, index, lowered, result)
}

function codeOf(type: unknown): number | undefined {
  if (isScalar(type)) return SCALAR[type]
  if (typeof type === 'object' && type !== null && 'lengthOf' in type) return CODE.length
  return type === 'cstring' || type === 'buffer' || type === 'frame' ? CODE[type] : undefined
}

function resultCode({ result }: Signature): number | undefined {
  if (result === 'void') return CODE.nothing
  if (result === 'cstring') return CODE.cstring
  if (typeof result === 'string') return isScalar(result) ? SCALAR[result] : undefined
  return 'type' in result && result.type === 'cstring' && !result.sized ? CODE.ownedText : undefined
}

/** Whether what WebAssembly returns is what the caller gets. */
function isAsReturned(result: number): boolean {
  return result === SCALAR.i32 || result === SCALAR.f64 || result === SCALAR.i64 || result === CODE.nothing
}

// ---- scalars alone
//
// A closure for each arity: with a list of arguments the call takes 30 ns instead of 5.

function bindScalars(binding: Binding, signature: Signature, parameters: readonly Lowered[], result: number): Symbol {
  const { name } = signature
  const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = parameters.map(({ code }) => code as ScalarCode)
  const isPlain = isAsReturned(result)
  switch (parameters.length) {
    case 0:
      return (...extra: unknown[]) => {
        if (extra.length !== 0) throw refused(signature, [...extra])
        if (binding.instance.retired) binding.aim(undefined)
        const { target, instance } = binding
        try {
          const returned = target()
          return isPlain ? returned : scalarFromGuest(result, returned)
        } catch (error) {
          instance.retired = true
          throw instance.ended(name, error)
        }
      }
    case 1:
      return (a: unknown, ...extra: unknown[]) => {
        if (extra.length !== 0 || !fits(c0, a)) throw refused(signature, [a, ...extra])
        if (binding.instance.retired) binding.aim(undefined)
        const { target, instance } = binding
        try {
          const returned = target(a as number)
          return isPlain ? returned : scalarFromGuest(result, returned)
        } catch (error) {
          instance.retired = true
          throw instance.ended(name, error)
        }
      }
    case 2:
      return (a: unknown, b: unknown, ...extra: unknown[]) => {
        if (extra.length !== 0 || !fits(c0, a) || !fits(c1, b)) throw refused(signature, [a, b, ...extra])
        if (binding.instance.retired) binding.aim(undefined)
        const { target, instance } = binding
        try {
          const returned = target(a as number, b as number)
          return isPlain ? returned : scalarFromGuest(result, returned)
        } catch (error) {
          instance.retired = true
          throw instance.ended(name, error)
        }
      }
    case 3:
      return (a: unknown, b: unknown, c: unknown, ...extra: unknown[]) => {
        if (extra.length !== 0 || !fits(c0, a) || !fits(c1, b) || !fits(c2, c))
          throw refused(signature, [a, b, c, ...extra])
        if (binding.instance.retired) binding.aim(undefined)
        const { target, instance } = binding
        try {
          const returned = target(a as number, b as number, c as number)
          return isPlain ? returned : scalarFromGuest(result, returned)
        } catch (error) {
          instance.retired = true
          throw instance.ended(name, error)
        }
      }
    default:
      return (a: unknown, b: unknown, c: unknown, d: unknown, ...extra: unknown[]) => {
        if (extra.length !== 0 || !fits(c0, a) || !fits(c1, b) || !fits(c2, c) || !fits(c3, d))
          throw refused(signature, [a, b, c, d, ...extra])
        if (binding.instance.retired) binding.aim(undefined)
        const { target, instance } = binding
        try {
          const returned = target(a as number, b as number, c as number, d as number)
          return isPlain ? returned : scalarFromGuest(result, returned)
        } catch (error) {
          instance.retired = true
          throw instance.ended(name, error)
        }
      }
  }
}

// ---- frames that the caller holds
//
// The call pushes nothing itself; only a callback can have left something above, which ends with the call.

function bindHeld(binding: Binding, signature: Signature, parameters: readonly Lowered[], result: number): Symbol {
  const { name } = signature
  const [p0, p1] = parameters as [Lowered, Lowered]
  return (a: unknown, b: unknown, ...extra: unknown[]) => {
    if (extra.length !== 0) throw wrongCount(name, 2, 2 + extra.length)
    if (binding.instance.retired) binding.owner.renew()
    const { target } = binding
    const instance = binding.instance as Instance
    const { stack } = instance
    const mark = stack.top
    const m0 = lower(instance, p0, a)
    const m1 = lower(instance, p1, b)
    let returned: number
    try {
      returned = target(m0, m1) as number
    } catch (error) {
      instance.retired = true
      stack.release(mark, name)
      throw instance.ended(name, error)
    }
    if (stack.top !== mark) stack.release(mark, name)
    stack.settle()
    return scalarFromGuest(result, returned)
  }
}

// ---- scalars, strings and buffers in; a string out
//
// The views are renewed at the end: who holds a frame reads it next.

function bindFramed(
  owner: CallOwner,
  binding: Binding,
  signature: Signature,
  index: number,
  parameters: readonly Lowered[],
  result: number,
): Symbol {
  const { name } = signature
  const place = `the result of ${name}`
  const isPlain = isAsReturned(result)
  const [p0, p1, p2, p3] = parameters as [Lowered, Lowered, Lowered, Lowered]
  switch (parameters.length) {
    case 0:
      return (...extra: unknown[]) => {
        if (extra.length !== 0) throw wrongCount(name, 0, extra.length)
        const instance = answering(owner)
        const { stack } = instance
        const mark = stack.top
        try {
          let returned: unknown
          try {
            returned = binding.target()
          } catch (error) {
            instance.retired = true
            throw instance.ended(name, error)
          }
          return isPlain ? returned : liftFast(instance, index, place, result, returned as number)
        } finally {
          stack.release(mark, name)
          stack.settle()
        }
      }
    case 1:
      return (a: unknown, ...extra: unknown[]) => {
        if (extra.length !== 0) throw wrongCount(name, 1, 1 + extra.length)
        const instance = answering(owner)
        const { stack } = instance
        const mark = stack.top
        try {
          const m0 = lower(instance, p0, a)
          let returned: unknown
          try {
            returned = binding.target(m0)
          } catch (error) {
            instance.retired = true
            throw instance.ended(name, error)
          }
          return isPlain ? returned : liftFast(instance, index, place, result, returned as number)
        } finally {
          stack.release(mark, name)
          stack.settle()
        }
      }
    case 2:
      return (a: unknown, b: unknown, ...extra: unknown[]) => {
        if (extra.length !== 0) throw wrongCount(name, 2, 2 + extra.length)
        const instance = answering(owner)
        const { stack } = instance
        const mark = stack.top
        try {
          const m0 = lower(instance, p0, a)
          const m1 = lower(instance, p1, b)
          let returned: unknown
          try {
            returned = binding.target(m0, m1)
          } catch (error) {
            instance.retired = true
            throw instance.ended(name, error)
          }
          return isPlain ? returned : liftFast(instance, index, place, result, returned as number)
        } finally {
          stack.release(mark, name)
          stack.settle()
        }
      }
    case 3:
      return (a: unknown, b: unknown, c: unknown, ...extra: unknown[]) => {
        if (extra.length !== 0) throw wrongCount(name, 3, 3 + extra.length)
        const instance = answering(owner)
        const { stack } = instance
        const mark = stack.top
        try {
          const m0 = lower(instance, p0, a)
          const m1 = lower(instance, p1, b)
          const m2 = lower(instance, p2, c)
          let returned: unknown
          try {
            returned = binding.target(m0, m1, m2)
          } catch (error) {
            instance.retired = true
            throw instance.ended(name, error)
          }
          return isPlain ? returned : liftFast(instance, index, place, result, returned as number)
        } finally {
          stack.release(mark, name)
          stack.settle()
        }
      }
    default:
      return (a: unknown, b: unknown, c: unknown, d: unknown, ...extra: unknown[]) => {
        if (extra.length !== 0) throw wrongCount(name, 4, 4 + extra.length)
        const instance = answering(owner)
        const { stack } = instance
        const mark = stack.top
        try {
          const m0 = lower(instance, p0, a)
          const m1 = lower(instance, p1, b)
          const m2 = lower(instance, p2, c)
          const m3 = lower(instance, p3, d)
          let returned: unknown
          try {
            returned = binding.target(m0, m1, m2, m3)
          } catch (error) {
            instance.retired = true
            throw instance.ended(name, error)
          }
          return isPlain ? returned : liftFast(instance, index, place, result, returned as number)
        } finally {
          stack.release(mark, name)
          stack.settle()
        }
      }
  }
}

/** Up to six parameters, lengths of buffers among them. */
function bindListed(
  owner: CallOwner,
  binding: Binding,
  signature: Signature,
  index: number,
  parameters: readonly Lowered[],
  result: number,
): Symbol {
  const { name, arity } = signature
  const place = `the result of ${name}`
  const isPlain = isAsReturned(result)
  const count = parameters.length
  const [p0, p1, p2, p3, p4, p5] = parameters as [Lowered, Lowered, Lowered, Lowered, Lowered, Lowered]
  return (...values) => {
    if (values.length !== arity) throw wrongCount(name, arity, values.length)
    const instance = answering(owner)
    const { stack } = instance
    const mark = stack.top
    try {
      const m0 = lowerListed(instance, signature, p0, values)
      const m1 = count > 1 ? lowerListed(instance, signature, p1, values) : 0
      const m2 = count > 2 ? lowerListed(instance, signature, p2, values) : 0
      const m3 = count > 3 ? lowerListed(instance, signature, p3, values) : 0
      const m4 = count > 4 ? lowerListed(instance, signature, p4, values) : 0
      const m5 = count > 5 ? lowerListed(instance, signature, p5, values) : 0
      let returned: unknown
      try {
        // WebAssembly takes no notice of arguments beyond its parameters.
        returned = binding.target(m0, m1, m2, m3, m4, m5)
      } catch (error) {
        instance.retired = true
        throw instance.ended(name, error)
      }
      return isPlain ? returned : liftFast(instance, index, place, result, returned as number)
    } finally {
      stack.release(mark, name)
      stack.settle()
    }
  }
}

function lowerListed(instance: Instance, signature: Signature, lowered: Lowered, values: readonly unknown[]): number {
  const { code, parameter } = lowered
  return code === CODE.length
    ? lengthOf(signature, parameter, values)
    : lower(instance, lowered, values[parameter.argument])
}

function lower(instance: Instance, { code, parameter }: Lowered, value: unknown): number {
  if (code === CODE.cstring) {
    if (typeof value === 'string') return instance.stack.pushText(value, parameter.place)
    if (value === null) return 0
    throw unfit(parameter.place, value, 'a string or null')
  }
  if (code < CODE.cstring) {
    if (fits(code as never, value)) return value as number
    throw misfit(parameter.type as never, value, parameter.place)
  }
  return code === CODE.frame ? addressOf(value, instance) : pushBytes(instance, value, parameter.place)
}

/** The address of a frame that the caller holds. */
export function addressOf(frame: unknown, instance: Instance): number {
  if (frame === null) return 0
  if (!(frame instanceof Carved)) throw unfit('the frame', frame, 'one that library.frame gave, or null')
  if (frame.stack !== instance.stack || frame.released) {
    throw new FramegateError('FRAME_STALE', 'the frame was released, or its instance was retired; take a new one')
  }
  return frame.base
}

/** Copies bytes into the call's frame. */
export function pushBytes(instance: Instance, value: unknown, place: string): number {
  if (value === null) return 0
  const bytes = bytesOf(value, place)
  const at = instance.stack.push(bytes.length)
  instance.stack.memory.u8.set(bytes, at)
  return at
}

function liftFast(instance: Instance, index: number, place: string, result: number, returned: number): unknown {
  if (result < CODE.cstring) return scalarFromGuest(result, returned)
  if (result === CODE.nothing) return undefined
  const address = returned >>> 0
  if (address === 0) return null
  if (result === CODE.cstring) return instance.stack.text(address, place)
  try {
    return instance.stack.text(address, place)
  } finally {
    instance.giveBack(index, address)
  }
}

// ---- everything else

function bindGeneral(owner: CallOwner, signature: Signature, index: number): Symbol {
  const general = new GeneralCall(signature, index)
  return (...values) => {
    if (values.length !== signature.arity) throw wrongCount(signature.name, signature.arity, values.length)
    return general.call(answering(owner), values)
  }
}

/** Why arguments were refused: the first that does not fit, or that there are too many. */
function refused({ name, arity, parameters }: Signature, values: readonly unknown[]): FramegateError {
  for (const { type, place, argument } of parameters) {
    const value = values[argument]
    if (value === undefined) return wrongCount(name, arity, argument)
    if (isScalar(type) && !fits(SCALAR[type], value)) return misfit(type, value, place)
  }
  return wrongCount(name, arity, values.length)
}
