// A definition, checked once when its guest is opened. What makes no sense is refused here with the place in the
// literal, so that the backends meet only what they can call.

import type {
  ArrayType,
  BytesType,
  CallbackType,
  Definitions,
  FieldType,
  HandleType,
  OutParameter,
  OwnedStringType,
  ParameterType,
  ResultType,
  StructType,
  SymbolDefinition,
} from './definitions.ts'
import { FramegateError } from './errors.ts'
import { isScalar } from './scalars.ts'

/** One parameter in C's order. */
export interface Parameter {
  readonly type: ParameterType
  /** Which of the caller's arguments it is; -1 for one that the shim fills itself. */
  readonly argument: number
  /** How messages name it. */
  readonly place: string
}

/** A function of a guest as a backend binds it. */
export interface Signature {
  readonly name: string
  readonly symbol: string
  readonly parameters: readonly Parameter[]
  readonly result: ResultType
  readonly nonblocking: boolean
  /** How many arguments the caller passes. */
  readonly arity: number
  /** Indices of the parameters whose values are returned. */
  readonly outs: readonly number[]
  /** Their names, if all have one: the call returns an object instead of a tuple. */
  readonly outNames: readonly string[] | undefined
}

/**
 * Checks definitions.
 *
 * @throws {@link FramegateError} `DEFINITION_INVALID` with the place and the remedy
 */
export function signaturesOf(definitions: Definitions): readonly Signature[] {
  const known = checked.get(definitions)
  if (known !== undefined) return known
  const signatures = signaturesIn(definitions)
  // Whoever opens many guests by one definition freezes it.
  if (Object.isFrozen(definitions)) checked.set(definitions, signatures)
  return signatures
}

const checked = new WeakMap<Definitions, readonly Signature[]>()

function signaturesIn(definitions: Definitions): Signature[] {
  if (typeof definitions !== 'object' || definitions === null) {
    throw invalid('what open was given', 'are no definitions; pass an object with a definition for each function')
  }
  return Object.entries(definitions).map(([name, definition]) => signatureOf(name, definition))
}

function signatureOf(name: string, definition: SymbolDefinition): Signature {
  if (!Array.isArray(definition?.parameters)) throw invalid(name, 'has no list of parameters; write parameters: []')
  let arity = 0
  const parameters = definition.parameters.map((type: ParameterType, index): Parameter => {
    const place = `parameter ${index + 1} of ${name}`
    checkParameter(place, type, definition.parameters)
    return { type, argument: isPassed(type) ? arity++ : -1, place: `argument ${arity} of ${name}` }
  })
  checkResult(`the result of ${name}`, definition.result, definition.parameters)
  const outs = parameters.flatMap(({ type }, index) => (isReturned(type) ? [index] : []))
  const names = outs.map((index) => (definition.parameters[index] as { name?: string }).name)
  checkNames(name, names, outs, definition.result)
  const nonblocking = definition.nonblocking === true
  if (nonblocking) checkNonblocking(name, definition)
  return {
    name,
    symbol: definition.symbol ?? name,
    parameters,
    result: definition.result,
    nonblocking,
    arity,
    outs,
    outNames: outs.length > 0 && names.every((each) => each !== undefined) ? (names as string[]) : undefined,
  }
}

/** A call's value: its result, or with out-parameters a tuple or an object. */
export function shaped(signature: Signature, result: unknown, outs: readonly unknown[]): unknown {
  if (signature.outs.length === 0) return result
  const isVoid = signature.result === 'void'
  const { outNames } = signature
  if (outNames === undefined) return isVoid ? outs : [result, ...outs]
  const named = Object.fromEntries(outNames.map((name, index) => [name, outs[index]]))
  return isVoid ? named : { result, ...named }
}

/** The function that ends what is returned, if the definition names one. */
export function freeOf(result: ResultType): string | undefined {
  return typeof result === 'object' && 'free' in result ? result.free : undefined
}

/** What a pointer parameter points to, if the type is one. */
export function pointee(type: ParameterType): OutParameter['out'] | undefined {
  if (typeof type !== 'object' || type === null) return undefined
  if ('in' in type) return type.in
  if ('out' in type) return type.out
  return 'inout' in type ? type.inout : undefined
}

function isPassed(type: ParameterType): boolean {
  if (typeof type !== 'object') return true
  return !('lengthOf' in type) && !('out' in type && type.out !== 'buffer')
}

function isReturned(type: ParameterType): boolean {
  return typeof type === 'object' && ('out' in type || 'inout' in type) && pointee(type) !== 'buffer'
}

const PLAIN_PARAMETERS: ReadonlySet<unknown> = new Set(['cstring', 'buffer', 'frame', 'string'])
const LENGTHS: ReadonlySet<unknown> = new Set([undefined, 'i32', 'u32', 'isize', 'usize'])
const ELEMENTS: ReadonlySet<unknown> = new Set('i8 u8 i16 u16 i32 u32 i64 u64 f32 f64'.split(' '))

function checkParameter(place: string, type: ParameterType, all: readonly ParameterType[]): void {
  if (isScalar(type) || PLAIN_PARAMETERS.has(type)) return
  if ((type as unknown) === '...') {
    throw invalid(place, 'is variadic, which has no ABI of its own; define the symbol once for each list of types')
  }
  if (typeof type !== 'object' || type === null) throw unknownType(place, type)
  if ('lengthOf' in type) {
    const measured = all[type.lengthOf]
    const isMeasurable =
      measured === 'cstring' || measured === 'buffer' || pointee(measured as ParameterType) === 'buffer'
    if (!isMeasurable)
      throw invalid(place, `is the length of parameter ${type.lengthOf}, which is no buffer or cstring`)
    if (!LENGTHS.has(type.as)) throw invalid(place, 'is a length; its type can be i32, u32, isize or usize')
    return
  }
  const inner = pointee(type)
  if (inner !== undefined) {
    if (inner === 'buffer') {
      if ('in' in type) throw invalid(place, "is a buffer that is read; write 'buffer'")
    } else if ('out' in type && isOwnedOut(inner)) checkResult(place, inner, all)
    else checkField(place, inner as FieldType)
    return
  }
  checkNamed(place, type as Exclude<typeof type, { lengthOf: number }>)
}

/** Whether a slot is filled with the address of something that the caller owns. */
export function isOwnedOut(type: OutParameter['out']): type is HandleType | OwnedStringType {
  if (typeof type !== 'object' || type === null) return false
  return (type.type as string) === 'handle' || (type.type as string) === 'cstring'
}

function checkNamed(place: string, type: object): void {
  const { type: kind } = type as { type: unknown }
  if (kind === 'struct') checkField(place, type as StructType)
  else if (kind === 'callback') checkCallback(place, type as CallbackType)
  else if (kind === 'handle') {
    if (typeof (type as { name: unknown }).name === 'string') return
    throw invalid(place, 'is a handle without a name; name it, so that it is told apart from others')
  } else if (kind === 'typedarray') {
    const { of, id } = type as { of: unknown; id: unknown }
    if (ELEMENTS.has(of) && typeof id === 'string') return
    throw invalid(
      place,
      "is a typed array; write { type: 'typedarray', of: 'f64', id: 'the global with its class id' }",
    )
  } else if (kind === 'array')
    throw invalid(place, 'is an array by value, which C does not have; write { in: … } around it')
  else throw unknownType(place, type)
}

/** Checks the type of a callback. */
export function checkCallback(place: string, type: CallbackType): void {
  const { parameters, result } = type ?? {}
  if (!Array.isArray(parameters)) throw invalid(place, 'is a callback that has no list of parameters; write one')
  for (const [index, each] of parameters.entries()) {
    checkCallbackParameter(`parameter ${index + 1} of the callback at ${place}`, each, parameters)
  }
  if (result !== 'void') checkField(`the result of the callback at ${place}`, result)
  if (result === ('cstring' as unknown)) {
    throw invalid(`the result of the callback at ${place}`, 'is a string, which nobody would free; return a pointer')
  }
}

function checkCallbackParameter(place: string, type: unknown, all: readonly ParameterType[]): void {
  const inner = pointee(type as ParameterType)
  const kind = typeof type === 'object' && type !== null && 'type' in type ? type.type : undefined
  if (inner !== undefined && !('out' in (type as object))) checkField(place, inner as FieldType)
  else if (kind === 'bytes') checkLength(place, (type as BytesType).length, all)
  else if (kind === 'handle' || kind === 'struct') checkNamed(place, type as object)
  else if (!isScalar(type) && type !== 'cstring') throw unknownType(place, type)
}

/** `around` are the types that this one is within. */
function checkField(place: string, type: FieldType, around: readonly FieldType[] = []): void {
  if (isScalar(type) || type === 'cstring') return
  if (typeof type !== 'object' || type === null) throw unknownType(place, type)
  if (around.includes(type)) throw invalid(place, 'contains itself, which has no end; use a pointer')
  if (type.type === 'array') {
    const { length } = type as ArrayType
    if (!Number.isInteger(length) || length < 1) throw invalid(place, `is an array of ${length}; C's have 1 or more`)
    checkField(`an element of ${place}`, type.of, [...around, type])
    return
  }
  if (type.type !== 'struct') throw unknownType(place, type)
  const fields = Object.entries(type.fields ?? {})
  if (fields.length === 0) throw invalid(place, 'is a struct without fields, which C does not have')
  for (const [name, field] of fields) checkField(`field ${name} of ${place}`, field, [...around, type])
}

function checkResult(place: string, type: ResultType, parameters: readonly ParameterType[]): void {
  if (isScalar(type) || type === 'void' || type === 'cstring' || type === 'string') return
  if (typeof type !== 'object' || type === null) throw unknownType(place, type)
  if ('pointer' in type) {
    checkField(place, type.pointer)
    return
  }
  switch (type.type) {
    case 'cstring':
    case 'pointer':
      if (typeof type.free === 'string') return
      throw invalid(place, `is owned, but names no function that frees it; write free: 'name', or '${type.type}'`)
    case 'bytes':
      checkLength(place, type.length, parameters)
      return
    default:
      checkNamed(place, type)
  }
}

function checkLength(place: string, length: unknown, parameters: readonly ParameterType[]): void {
  if (typeof length === 'number' && Number.isInteger(length) && length >= 0) return
  const measured = parameters[(length as { parameter: number })?.parameter]
  if (typeof measured === 'object' && 'lengthOf' in measured) return
  const inner = typeof measured === 'object' ? pointee(measured) : measured
  if (isScalar(inner) && inner !== 'bool' && inner !== 'pointer') return
  throw invalid(place, 'are bytes of no known length; write a number, or { parameter: the index of an integer }')
}

/** Values are found by name, so each has its own. */
function checkNames(
  name: string,
  names: readonly (string | undefined)[],
  outs: readonly number[],
  result: ResultType,
): void {
  if (names.includes(undefined)) return
  names.forEach((each, index) => {
    if (names.indexOf(each) === index && (each !== 'result' || result === 'void')) return
    throw invalid(
      `parameter ${(outs[index] as number) + 1} of ${name}`,
      `has the name ${each}, which is taken; choose another`,
    )
  })
}

/** Another thread knows neither this one's frames nor its functions, and a worker's instance not this one's addresses. */
function checkNonblocking(name: string, { parameters, result }: SymbolDefinition): void {
  if (![...parameters, result].some(isLocal)) return
  throw invalid(name, 'is nonblocking; it can take no frame, callback, handle or pointer of this thread')
}

function isLocal(type: unknown): boolean {
  if (type === 'frame' || type === 'pointer') return true
  if (typeof type !== 'object' || type === null) return false
  const inner = pointee(type as ParameterType)
  if (inner !== undefined) return isLocal(inner)
  if ('pointer' in type) return isLocal(type.pointer)
  const { type: kind, of, fields } = type as { type?: string; of?: unknown; fields?: object }
  if (kind === 'array') return isLocal(of)
  if (kind === 'struct') return Object.values(fields as object).some(isLocal)
  return kind === 'callback' || kind === 'handle' || kind === 'pointer'
}

function unknownType(place: string, type: unknown): FramegateError {
  let text: string
  try {
    text = JSON.stringify(type) ?? String(type)
  } catch {
    text = String(type)
  }
  return invalid(place, `has the type ${text}, which is none; docs/ffi.md lists the types`)
}

function invalid(place: string, fault: string): FramegateError {
  return new FramegateError('DEFINITION_INVALID', `${place} ${fault}`)
}
