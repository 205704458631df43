// What a guest passes to a callback and gets back from it: the values of a call, seen from the other side.

import type { BytesType, CallbackType, FieldType, HandleType } from '../definitions.ts'
import { Handle } from '../handle.ts'
import { fits, isScalar, misfit, SCALAR } from '../scalars.ts'
import { bytesAt, scalarFromGuest, unwrapped, wrapped } from './guest-values.ts'
import type { Instance } from './instance.ts'
import { type Layout, layoutOf, singleScalar } from './layout.ts'

type Machine = number | bigint

interface Argument {
  lift(instance: Instance, raw: readonly Machine[], index: number): unknown
  /** Writes what the callback made of a value back to where the guest keeps it. */
  writeBack?(instance: Instance, at: number, value: unknown): void
}

export class CallbackValues {
  readonly #arguments: readonly Argument[]
  readonly #result: CallbackType['result']
  /** A struct that is returned through an address passed first. */
  readonly #returned: Layout | undefined

  constructor({ parameters, result }: CallbackType) {
    this.#arguments = parameters.map((type, index) => argumentOf(type, `argument ${index + 1} of the callback`))
    this.#result = result
    const isLarge = typeof result === 'object' && singleScalar(result) === undefined
    this.#returned = isLarge ? layoutOf(result) : undefined
  }

  lift(instance: Instance, raw: readonly Machine[]): unknown[] {
    instance.stack.settle()
    const skipped = this.#returned ? raw.slice(1) : raw
    return this.#arguments.map((argument, index) => argument.lift(instance, skipped, index))
  }

  /** What the guest gets: the result, and the values that it lent. */
  lower(instance: Instance, raw: readonly Machine[], lifted: readonly unknown[], returned: unknown): unknown {
    const { stack } = instance
    stack.settle()
    const first = this.#returned ? 1 : 0
    this.#arguments.forEach(({ writeBack }, index) => {
      const at = Number(raw[index + first]) >>> 0
      if (writeBack && at !== 0) writeBack(instance, at, lifted[index])
    })
    const place = 'the value that the callback returned'
    if (this.#returned) {
      const at = Number(raw[0]) >>> 0
      stack.checkRange(at, this.#returned.size, 'the place for what the callback returns')
      this.#returned.write(stack, at, returned, place)
      return undefined
    }
    if (this.#result === 'void') return undefined
    const value = unwrapped(this.#result, returned, place)
    const scalar = singleScalar(this.#result) as Exclude<ReturnType<typeof singleScalar>, 'cstring' | undefined>
    if (!fits(SCALAR[scalar], value)) throw misfit(scalar, value, place)
    return scalar === 'bool' ? Number(value) : (value ?? 0)
  }
}

function argumentOf(type: CallbackType['parameters'][number], place: string): Argument {
  if (isScalar(type)) return { lift: (_, raw, index) => scalarFromGuest(SCALAR[type], raw[index]) }
  if (type === 'cstring') return { lift: (instance, raw, index) => textAt(instance, raw[index], place) }
  if ('in' in type) return { lift: pointerLift(layoutOf(type.in), place) }
  if ('inout' in type) {
    const layout = layoutOf(type.inout)
    return {
      lift: pointerLift(layout, place),
      writeBack: ({ stack }, at, value) => layout.write(stack, at, value, place),
    }
  }
  switch (type.type) {
    case 'handle':
      return { lift: (instance, raw, index) => borrowedHandle(instance, type, raw[index]) }
    case 'bytes':
      return {
        lift: (instance, raw, index) => bytesAt(instance, Number(raw[index]) >>> 0, bytesLength(type, raw), place),
      }
    default:
      return structArgument(type, place)
  }
}

function structArgument(type: FieldType, place: string): Argument {
  const single = singleScalar(type)
  if (single === undefined) return { lift: pointerLift(layoutOf(type), place) }
  const inner = argumentOf(single, place)
  return { lift: (instance, raw, index) => wrapped(type, inner.lift(instance, raw, index)) }
}

function pointerLift(layout: Layout, place: string): Argument['lift'] {
  return (instance, raw, index) => {
    const at = Number(raw[index]) >>> 0
    if (at === 0) return null
    instance.stack.checkRange(at, layout.size, place)
    return layout.read(instance.stack, at, place)
  }
}

function textAt(instance: Instance, raw: Machine | undefined, place: string): string | null {
  const address = Number(raw) >>> 0
  return address === 0 ? null : instance.stack.text(address, place)
}

/** The guest keeps the object, so the handle ends nothing. */
function borrowedHandle(instance: Instance, { name }: HandleType, raw: Machine | undefined): Handle | null {
  const address = Number(raw) >>> 0
  return address === 0 ? null : new Handle(name, address, instance, undefined)
}

function bytesLength({ length }: BytesType, raw: readonly Machine[]): number {
  return typeof length === 'number' ? length : Number(raw[length.parameter])
}
