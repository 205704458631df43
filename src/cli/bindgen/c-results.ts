/** A C function's result as a definition's: what is copied, what is kept by the library, what the caller gives back. */
import type { ResultType, ScalarType } from '../../ffi/index.ts'
import { Inexpressible, type ResolvedType, type TypeMapper } from './c-to-definition.ts'
import { handleName, type RecordType, structName } from './c-types.ts'
import { isLengthName, isMakerName } from './naming.ts'
import type { CallableFunction, Ownership } from './ownership.ts'

export interface MappedResult {
  readonly result: ResultType
  /** The parameter through which the function tells the length of its result. */
  readonly lengthSlot?: number
  readonly note?: string
}

export function mapResult(each: CallableFunction, mapper: TypeMapper, ownership: Ownership): MappedResult {
  const { type } = mapper.resolve(each.type.result)
  switch (type.kind) {
    case 'void':
      return { result: 'void' }
    case 'scalar':
      return { result: type.scalar }
    case 'record':
      return { result: mapper.struct(type) }
    case 'pointer':
      return pointerResult(each, mapper.resolve(type.to), mapper, ownership)
    case 'inexpressible':
      throw new Inexpressible(type.reason)
    default:
      throw new Inexpressible(`returns a ${type.kind}, which C does not allow`)
  }
}

function pointerResult(
  each: CallableFunction,
  target: ResolvedType,
  mapper: TypeMapper,
  ownership: Ownership,
): MappedResult {
  const { type, isConst } = target
  switch (type.kind) {
    case 'scalar':
      if (type.isCharacter) return isConst ? { result: 'cstring' } : ownedText(each, ownership)
      return type.scalar === 'u8' ? bytesResult(each, isConst, mapper, ownership) : dataPointer(type.scalar)
    case 'void':
      return bytesResult(each, isConst, mapper, ownership)
    case 'record':
      return recordResult(each, type, isConst, mapper, ownership)
    case 'function':
      return { result: 'pointer', note: 'The result is the address of a function, which only the guest can call.' }
    default:
      return { result: 'pointer' }
  }
}

function ownedText(each: CallableFunction, ownership: Ownership): MappedResult {
  const free = ownership.freeOfMemory(each, 'text')
  if (free !== undefined)
    return {
      result: { type: 'cstring', free: free.name, ...(free.sized ? { sized: true } : {}) },
      note: `The text is taken for the caller's, to be freed by ${free.name}; if the library keeps it, write 'cstring'.`,
    }
  return {
    result: 'pointer',
    note: "If the caller owns the text, write { type: 'cstring', free: 'its function' }; if the library keeps it, 'cstring'.",
  }
}

function dataPointer(scalar: ScalarType): MappedResult {
  return { result: 'pointer', note: `If the result leads to one value, { pointer: '${scalar}' } copies it out.` }
}

/** Bytes whose length the function tells through a parameter; without one they are an address. */
function bytesResult(each: CallableFunction, isConst: boolean, mapper: TypeMapper, ownership: Ownership): MappedResult {
  const { name, type } = each
  const lengthSlot = type.parameters.findIndex(({ name, type }) => {
    const slot = mapper.pointee(type)
    const isInteger = slot?.type.kind === 'scalar' && /^[iu](32|64|size)$/.test(slot.type.scalar)
    return isInteger && !slot.isConst && isLengthName(name ?? '')
  })
  // Without a length it may be anything, a part of another object too.
  const isOwn = !isConst && (lengthSlot >= 0 || isMakerName(name))
  const free = isOwn ? ownership.freeOfMemory(each, 'memory') : undefined
  if (lengthSlot >= 0)
    return {
      result: {
        type: 'bytes',
        length: { parameter: lengthSlot },
        ...(free === undefined ? {} : { free: free.name, ...(free.sized ? { sized: true } : {}) }),
      },
      lengthSlot,
      note: free
        ? `The bytes are taken for the caller's, to be freed by ${free.name}.`
        : 'The bytes are copied; if the caller owns them, add the function that frees them: free.',
    }
  if (free !== undefined && !free.sized)
    return {
      result: { type: 'pointer', free: free.name },
      note: `The memory is taken for the caller's, who calls ${free.name} with it.`,
    }
  const isBytes = mapper.pointee(type.result)?.type.kind === 'scalar'
  return isBytes ? { result: 'pointer', note: bytesNote } : { result: 'pointer' }
}

const bytesNote = "If the result's length is known, { type: 'bytes', length: … } copies it out."

function recordResult(
  each: CallableFunction,
  record: RecordType,
  isConst: boolean,
  mapper: TypeMapper,
  ownership: Ownership,
): MappedResult {
  if (ownership.isHandle(record)) {
    const name = handleName(record)
    const free = ownership.freeOfHandle(record)
    if (free === undefined)
      return {
        result: { type: 'handle', name },
        note: `No function here frees a ${name}; if one elsewhere does, add it: free.`,
      }
    if (isConst || !ownership.returnsNew(each, record))
      return {
        result: { type: 'handle', name },
        note: `The ${name} is taken for the library's; if the caller owns it, add free: '${free}'.`,
      }
    return { result: { type: 'handle', name, free } }
  }
  try {
    const name = structName(record)
    const pointer = mapper.struct(record)
    const free = isConst || !isMakerName(each.name) ? undefined : ownership.freeOfMemory(each, 'memory')
    if (free !== undefined && !free.sized)
      return { result: { pointer, free: free.name }, note: `The ${name} is copied out, then freed by ${free.name}.` }
    const note = `The ${name} is copied out; if the caller owns the original, add the function that frees it: free.`
    return isConst ? { result: { pointer } } : { result: { pointer }, note }
  } catch (error) {
    if (!(error instanceof Inexpressible)) throw error
    return {
      result: 'pointer',
      note: `The result is a plain pointer: ${error.message.replace(/^uses /, 'it leads to ')}.`,
    }
  }
}
