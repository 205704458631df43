/**
 * A C function's parameters as a definition's. A pointer does not say what it leads to: the types, the names and the
 * parameter after it do, and where they leave it open the safe reading is taken and the other one noted.
 */
import type { FieldType, ParameterType } from '../../ffi/index.ts'
import type { CallbackMapper } from './c-callbacks.ts'
import { Inexpressible, type ResolvedType, type TypeMapper } from './c-to-definition.ts'
import { type CParameter, handleName, type RecordType, structName } from './c-types.ts'
import {
  isAddressName,
  isCountName,
  isCountOf,
  isLengthName,
  isLengthOfText,
  isOutputName,
  parameterLabel,
} from './naming.ts'
import type { CallableFunction, Ownership } from './ownership.ts'

/** Parameters with what was guessed about them. */
export interface MappedParameters {
  readonly parameters: readonly ParameterType[]
  readonly notes: readonly string[]
}

/** What is known of the header that a function is in. */
export interface MappingContext {
  readonly mapper: TypeMapper
  readonly ownership: Ownership
  readonly callbacks: CallbackMapper
}

/** Maps all parameters; the one at `lengthSlot`, if any, is where the function writes the length of its result. */
export function mapParameters(
  each: CallableFunction,
  context: MappingContext,
  lengthSlot: number | undefined,
): MappedParameters {
  return new ParameterMapping(each, context, lengthSlot).map()
}

/** What a call returns besides its out-parameters: none of these may have this name. */
const resultName = 'result'

const passedAndReturned = 'passed and returned; { out: … } fits where it is only written.'

class ParameterMapping {
  readonly #function: CallableFunction
  readonly #all: readonly CParameter[]
  readonly #mapper: TypeMapper
  readonly #ownership: Ownership
  readonly #callbacks: CallbackMapper
  readonly #lengthSlot: number | undefined
  /** What is said of parameters, with the names of those it is said of. */
  readonly #notes = new Map<string, string[]>()
  /** Parameters that are the length of the one before. */
  readonly #lengths = new Map<number, ParameterType>()

  constructor(each: CallableFunction, context: MappingContext, lengthSlot: number | undefined) {
    this.#function = each
    this.#lengthSlot = lengthSlot
    const { parameters } = each.type
    // A typedef of void says that there are none, as void itself.
    const isVoid =
      parameters.length === 1 && context.mapper.resolve((parameters[0] as CParameter).type).type.kind === 'void'
    this.#all = isVoid ? [] : parameters
    this.#mapper = context.mapper
    this.#ownership = context.ownership
    this.#callbacks = context.callbacks
  }

  map(): MappedParameters {
    const parameters = this.#all.map(
      (parameter, index) => this.#lengths.get(index) ?? this.#fill(index) ?? this.#parameter(parameter, index),
    )
    return {
      parameters: withNames(parameters, this.#all),
      notes: [...this.#notes].map(([note, labels]) => `${labels.join(', ')}: ${note}`),
    }
  }

  #fill(index: number): ParameterType | undefined {
    const target = index === this.#lengthSlot && this.#mapper.pointee((this.#all[index] as CParameter).type)?.type
    return target && target.kind === 'scalar' ? { out: target.scalar } : undefined
  }

  #parameter(parameter: CParameter, index: number): ParameterType {
    const { type, typedef } = this.#mapper.resolve(parameter.type)
    switch (type.kind) {
      case 'scalar':
        return type.scalar
      case 'record':
        return this.#mapper.struct(type)
      case 'function':
        return this.#callbacks.callback(type, typedef)
      case 'array':
        return this.#array(index, this.#mapper.resolve(type.of), type.length)
      case 'pointer':
        return this.#pointer(index, this.#mapper.resolve(type.to), typedef)
      case 'inexpressible':
        throw new Inexpressible(type.reason)
      case 'void':
        throw new Inexpressible(`has no type for ${parameterLabel(parameter, index)}`)
    }
  }

  /** An array is passed as a pointer, but says how many elements there are. */
  #array(index: number, element: ResolvedType, length: number | undefined): ParameterType {
    if (length === undefined || length < 1) return this.#pointer(index, element, undefined)
    try {
      const array: FieldType = { type: 'array', of: this.#mapper.field(element), length }
      return element.isConst || this.#isConstWithin(element) ? { in: array } : { inout: array }
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error
      return this.#plainPointer(index, leadsTo(error.message))
    }
  }

  #isConstWithin({ type }: ResolvedType): boolean {
    if (type.kind !== 'array') return false
    const inner = this.#mapper.resolve(type.of)
    return inner.isConst || this.#isConstWithin(inner)
  }

  #pointer(index: number, target: ResolvedType, typedef: string | undefined): ParameterType {
    const { type, isConst } = target
    switch (type.kind) {
      case 'function':
        return this.#callbacks.callback(type, target.typedef ?? typedef)
      case 'void':
        return this.#sizing(index) === undefined ? 'pointer' : this.#buffer(index, isConst)
      case 'scalar':
        return this.#toScalar(index, target)
      case 'record':
        return this.#toRecord(index, type, isConst)
      case 'pointer':
        return this.#toPointer(index, target)
      case 'array':
        return this.#array(index, this.#mapper.resolve(type.of), type.length)
      case 'inexpressible':
        return this.#plainPointer(index, leadsTo(type.reason))
    }
  }

  #toScalar(index: number, { type, isConst }: ResolvedType): ParameterType {
    if (type.kind !== 'scalar') return 'pointer'
    if (this.#ownership.isFreeing(this.#function)) return 'pointer'
    const isByte = type.scalar === 'u8' || type.scalar === 'i8'
    if (type.isCharacter && isConst) {
      const isSized = isLengthOfText(this.#all[index + 1]?.name ?? '', this.#all[index]?.name ?? '')
      if (isSized && this.#sizing(index) === 'filled') this.#takeLength(index)
      return 'cstring'
    }
    if (isByte && isAddressName(this.#all[index]?.name ?? '')) return 'pointer'
    // A lone int8_t is a number, a lone uint8_t or char rather the first of many.
    if (type.scalar === 'u8' || type.isCharacter || (isByte && this.#sizing(index) !== undefined))
      return this.#buffer(index, isConst)
    if (this.#hasCountAfter(index)) {
      this.#note(index, `taken for the bytes of an array of ${type.scalar}; the number after it is passed as it is.`)
      return isConst ? 'buffer' : { inout: 'buffer' }
    }
    if (isConst) {
      this.#note(index, "taken for one value; for an array write 'buffer'.")
      return { in: type.scalar }
    }
    this.#note(index, passedAndReturned)
    return { inout: type.scalar }
  }

  #toRecord(index: number, record: RecordType, isConst: boolean): ParameterType {
    if (this.#ownership.isHandle(record)) return { type: 'handle', name: handleName(record) }
    const name = structName(record)
    if (this.#ownership.isFreeing(this.#function)) return 'pointer'
    if (record.fields === undefined && !record.isSystem)
      return this.#plainPointer(
        index,
        this.#ownership.isGivenBySlot(record)
          ? `an out-parameter gives such a ${name}`
          : `no function here returns a ${name}`,
      )
    try {
      const struct = this.#mapper.struct(record)
      if (this.#hasCountAfter(index)) {
        this.#note(index, `taken for the bytes of an array of ${name}; the number after it is passed as it is.`)
        return isConst ? 'buffer' : { inout: 'buffer' }
      }
      if (isConst) return { in: struct }
      if (Object.values(struct.fields).includes('pointer'))
        this.#note(index, "at another address in each call; if the library remembers it, write 'pointer'.")
      this.#note(index, passedAndReturned)
      return { inout: struct }
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error
      return this.#plainPointer(index, leadsTo(error.message))
    }
  }

  #toPointer(index: number, { type, isConst }: ResolvedType): ParameterType {
    if (type.kind !== 'pointer') return 'pointer'
    if (isConst || this.#hasCountAfter(index)) return this.#plainPointer(index, 'it leads to an array of pointers')
    if (this.#mapper.isText({ type, isConst })) {
      this.#note(index, "taken for one text that the library keeps; for an array of texts write 'pointer'.")
      return { inout: 'cstring' }
    }
    this.#note(index, passedAndReturned)
    return { inout: 'pointer' }
  }

  #buffer(index: number, isConst: boolean): ParameterType {
    const sizing = this.#sizing(index)
    if (sizing === 'filled') this.#takeLength(index)
    else if (sizing === 'passed') this.#note(index, 'the numbers after it are passed as they are.')
    if (isConst) return 'buffer'
    const parameter = this.#all[index] as CParameter
    const length = this.#sizeSlotAfter(index)
    if (sizing === undefined && length === undefined) this.#note(index, 'must be as long as what the function writes.')
    if (isOutputName(parameter.name ?? '')) {
      this.#note(index, "taken for only written; if the function reads it too, write { inout: 'buffer' }.")
      return { out: 'buffer' }
    }
    this.#note(index, "passed and filled; if it is only written, { out: 'buffer' } fits.")
    return { inout: 'buffer' }
  }

  /**
   * Whether the length in bytes of the data at an address follows it: `filled` is one that the shim can fill in, `passed`
   * one that the caller passes, for it has 64 bits or two parameters, as fread's.
   */
  #sizing(index: number): 'filled' | 'passed' | undefined {
    if (this.#ownership.isFreeing(this.#function) || /realloc/i.test(this.#function.name)) return undefined
    const type = this.#lengthType(index + 1)
    const next = this.#all[index + 1]
    if (next === undefined || type === undefined) return undefined
    if (next.name === undefined ? type !== 'usize' : !isLengthName(next.name)) return undefined
    const after = this.#all[index + 2]
    const isCounted = this.#lengthType(index + 2) !== undefined && isLengthName(after?.name ?? '')
    return isCounted || type === 'i64' || type === 'u64' ? 'passed' : 'filled'
  }

  /** Whether the parameter after is the number of elements, which the caller passes: the shim knows bytes only. */
  #hasCountAfter(index: number): boolean {
    if (this.#lengthType(index + 1) === undefined) return false
    return isCountOf(this.#all[index + 1]?.name ?? '', this.#all[index]?.name ?? '')
  }

  #lengthType(index: number): LengthType | undefined {
    const parameter = this.#all[index]
    const scalar = parameter && this.#mapper.resolve(parameter.type).type
    return scalar?.kind === 'scalar' ? lengthTypes.find((type) => type === scalar.scalar) : undefined
  }

  /** compress's way: after the buffer a pointer to its length, which the function changes to what it wrote. */
  #sizeSlotAfter(index: number): CParameter | undefined {
    const next = this.#all[index + 1]
    const target = next && this.#mapper.pointee(next.type)?.type
    const isSlot = target?.kind === 'scalar' && lengthTypes.some((type) => type === target.scalar)
    return isSlot && isLengthName(next?.name ?? '') ? next : undefined
  }

  #takeLength(index: number): void {
    const as = this.#lengthType(index + 1)
    if (as === undefined || as === 'i64' || as === 'u64') return
    this.#lengths.set(index + 1, { lengthOf: index, as })
    if (isCountName(this.#all[index + 1]?.name ?? ''))
      this.#note(
        index + 1,
        `taken for the bytes of parameter ${index + 1}; if it counts something else, write '${as}'.`,
      )
  }

  #plainPointer(index: number, reason: string): 'pointer' {
    this.#note(index, `a plain pointer, for ${reason}.`)
    return 'pointer'
  }

  #note(index: number, text: string): void {
    const label = parameterLabel(this.#all[index] as CParameter, index)
    this.#notes.set(text, [...(this.#notes.get(text) ?? []), label])
  }
}

/** Why a pointer stays one, of a reason why its target has no type. */
function leadsTo(reason: string): string {
  return reason.replace(/^(uses|takes) /, 'it leads to ')
}

const lengthTypes = ['i32', 'u32', 'isize', 'usize', 'i64', 'u64'] as const
type LengthType = (typeof lengthTypes)[number]

/** Values that come back get their parameter's name, if all have one that no other part of the result has. */
function withNames(mapped: readonly ParameterType[], parameters: readonly CParameter[]): ParameterType[] {
  const names = parameters.map(({ name }, index) => (isReturned(mapped[index]) ? (name ?? '') : undefined))
  const outs = names.filter((name) => name !== undefined)
  const areUsable = outs.every((name) => name !== '' && name !== resultName)
  if (!areUsable) return [...mapped]
  return mapped.map((type, index) => {
    const name = names[index]
    return name === undefined || typeof type !== 'object' ? type : { ...type, name }
  })
}

function isReturned(type: ParameterType | undefined): boolean {
  if (typeof type !== 'object') return false
  return ('inout' in type && type.inout !== 'buffer') || ('out' in type && type.out !== 'buffer')
}
