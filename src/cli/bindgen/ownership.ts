/**
 * Who frees what, guessed from a header's functions: C says it in documentation only. An object is handed around as a
 * handle when the header makes it; texts and memory are matched with the function that takes them back by its name.
 */

import type { TypeMapper } from './c-to-definition.ts'
import { type CFunction, type FunctionCType, handleName, type QualifiedType, type RecordType } from './c-types.ts'
import { isFreeName, isMakerName, sharedWords, wordsOf } from './naming.ts'

/** A declared function that can be called. */
export type CallableFunction = CFunction & { readonly type: FunctionCType }

/** The function that takes something back. */
export interface FreeFunction {
  readonly name: string
  /** Whether it takes the length too. */
  readonly sized: boolean
}

export class Ownership {
  readonly #mapper: TypeMapper
  /** Functions that free, of one pointer, or of a pointer and a length. */
  readonly #freeing: readonly CallableFunction[]
  readonly #handles = new Map<RecordType, FreeFunction | undefined>()
  readonly #slotted = new Set<RecordType>()

  constructor(mapper: TypeMapper, functions: readonly CallableFunction[]) {
    this.#mapper = mapper
    this.#freeing = functions.filter((each) => isFreeName(each.symbol ?? each.name) && this.#takesOnePointer(each))
    for (const each of functions) this.#noteSlots(each)
    for (const { type } of functions) this.#noteHandle(type.result)
  }

  /** Whether pointers to a struct are handles: the header makes such objects, and hides or frees them. */
  isHandle(record: RecordType): boolean {
    return this.#handles.has(record)
  }

  /** Whether a function gives such objects by an out-parameter: that yields addresses, of which no handles are made. */
  isGivenBySlot(record: RecordType): boolean {
    return this.#slotted.has(record)
  }

  /** The function that ends an object. */
  freeOfHandle(record: RecordType): string | undefined {
    return this.#handles.get(record)?.name
  }

  /** The object that a function ends: nobody but its handle may, which would do so again. */
  endedBy(each: CallableFunction): RecordType | undefined {
    for (const [record, free] of this.#handles) if (free?.name === each.name) return record
    const target = this.isFreeing(each) ? this.#pointsTo(each.type.parameters[0]?.type)?.type : undefined
    return target?.kind === 'record' && this.#handles.has(target) ? target : undefined
  }

  /** Whether a function takes memory back: its pointer is an address, not data to pass. */
  isFreeing(each: CallableFunction): boolean {
    return this.#freeing.includes(each)
  }

  /** Whether an object that a function returns is new. One that takes such an object rather hands out a part of it. */
  returnsNew({ name, type }: CallableFunction, record: RecordType): boolean {
    const takesOne = type.parameters.some((parameter) => this.#mapper.pointee(parameter.type)?.type === record)
    return isMakerName(name) || !takesOne
  }

  /** The function that takes back a text or memory that `maker` returned. */
  freeOfMemory(maker: CallableFunction, kind: 'text' | 'memory'): FreeFunction | undefined {
    const candidates = this.#freeing
      .filter((each) => each !== maker && this.#takesBack(each, kind))
      .map((each) => ({ each, score: matchOf(maker.name, each.name, kind) }))
      .sort((a, b) => b.score - a.score)
    const [best, next] = candidates
    // Of two that match equally well neither is the one.
    if (best === undefined || best.score === 0 || best.score === next?.score) return undefined
    return { name: best.each.name, sized: best.each.type.parameters.length === 2 }
  }

  #noteSlots(each: CallableFunction): void {
    if (isFreeName(each.name)) return
    for (const { type } of each.type.parameters) {
      const slot = this.#mapper.pointee(type)
      if (slot?.type.kind !== 'pointer' || slot.isConst) continue
      const target = this.#mapper.resolve(slot.type.to).type
      if (target.kind === 'record') this.#slotted.add(target)
    }
  }

  #noteHandle(result: QualifiedType): void {
    const target = this.#mapper.pointee(result)
    if (target?.type.kind !== 'record' || target.type.isSystem || this.#handles.has(target.type)) return
    const record = target.type
    if (this.#slotted.has(record)) return
    const freeing = this.#freeing.toSorted((a, b) => a.name.length - b.name.length)
    const free = freeing.find(
      ({ type }) => type.parameters.length === 1 && this.#pointsTo(type.parameters[0]?.type)?.type === record,
    )
    const byName = freeing.find(
      ({ name, type }) =>
        this.#pointsTo(type.parameters[0]?.type)?.type.kind === 'void' && isNamedAfter(name, handleName(record)),
    )
    const isHidden = record.fields === undefined
    if (isHidden) this.#handles.set(record, freeFunction(free ?? byName))
    // A struct with fields is data, unless the header gives back exactly such objects.
    else if (free !== undefined && !target.isConst) this.#handles.set(record, freeFunction(free))
  }

  #takesOnePointer({ type }: CallableFunction): boolean {
    const [first, second, ...more] = type.parameters
    if (first === undefined || more.length > 0 || this.#pointsTo(first.type) === undefined) return false
    const scalar = second && this.#mapper.scalar(second.type)
    return second === undefined || scalar === 'usize' || scalar === 'u32' || scalar === 'i32'
  }

  #takesBack({ type }: CallableFunction, kind: 'text' | 'memory'): boolean {
    const target = this.#pointsTo(type.parameters[0]?.type)?.type
    if (target?.kind === 'void') return true
    if (target?.kind !== 'scalar') return false
    return kind === 'text' ? target.isCharacter : target.scalar === 'u8' || target.isCharacter
  }

  #pointsTo(type: QualifiedType | undefined): ReturnType<TypeMapper['pointee']> {
    return type && this.#mapper.pointee(type)
  }
}

function freeFunction(each: CallableFunction | undefined): FreeFunction | undefined {
  return each && { name: each.name, sized: each.type.parameters.length === 2 }
}

/** `counter_free` and `free_counter` are named after `counter`, `Counter` and `counter_t`. */
function isNamedAfter(name: string, type: string): boolean {
  const words = wordsOf(type).filter((word) => !['t', 's', 'ptr', 'struct'].includes(word))
  return words.length > 0 && words.every((word) => wordsOf(name).includes(word))
}

/** How well a freeing function fits a maker, by their names; 0: it is for something else. */
function matchOf(maker: string, free: string, kind: 'text' | 'memory'): number {
  const makerWords = wordsOf(maker)
  const words = wordsOf(free)
  const isForTexts = words.some((word) => textWords.has(word))
  if (isForTexts && kind === 'memory') return 0
  const shared = sharedWords(maker, free)
  const own = words.slice(shared).filter((word) => !isFreeName(word))
  if (!own.every((word) => makerWords.includes(word) || textWords.has(word) || memoryWords.has(word))) return 0
  return 1 + shared * 2 + own.length
}

const textWords = new Set(['string', 'str', 'text', 'cstring', 'cstr'])
const memoryWords = new Set(['memory', 'mem', 'buffer', 'buf', 'bytes', 'data', 'ptr', 'pointer', 'result'])
