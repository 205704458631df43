/**
 * C's function pointers as callbacks: their parameters are what the guest passes to the host, so a pointer to a value is
 * copied out for the call, and written back where it is not constant.
 */
import type { CallbackType, FieldType } from '../../ffi/index.ts'
import { Inexpressible, type TypeMapper } from './c-to-definition.ts'
import { type FunctionCType, handleName, type QualifiedType, type RecordType } from './c-types.ts'
import { isCountOf, isLengthName } from './naming.ts'

type CallbackParameter = CallbackType['parameters'][number]

export class CallbackMapper {
  readonly #mapper: TypeMapper
  readonly #isHandle: (record: RecordType) => boolean
  readonly #callbacks = new Map<FunctionCType, CallbackType | Inexpressible>()

  constructor(mapper: TypeMapper, isHandle: (record: RecordType) => boolean) {
    this.#mapper = mapper
    this.#isHandle = isHandle
  }

  /** The type of a function that the guest calls; `typedef` is its name, if it has one. */
  callback(type: FunctionCType, typedef: string | undefined): CallbackType {
    const known = this.#callbacks.get(type)
    if (known instanceof Inexpressible) throw known
    if (known !== undefined) return known
    try {
      const callback = this.#newCallback(type)
      this.#callbacks.set(type, callback)
      if (typedef !== undefined) this.#mapper.named.push({ name: typedef, type: callback })
      return callback
    } catch (error) {
      if (error instanceof Inexpressible) this.#callbacks.set(type, error)
      throw error
    }
  }

  #newCallback(type: FunctionCType): CallbackType {
    if (type.isVariadic) throw new Inexpressible('takes a callback with a variable number of arguments')
    return {
      type: 'callback',
      parameters: type.parameters.map((_, index) => this.#parameter(type, index)),
      result: this.#result(type.result),
    }
  }

  #result(qualified: QualifiedType): CallbackType['result'] {
    const { type } = this.#mapper.resolve(qualified)
    switch (type.kind) {
      case 'void':
        return 'void'
      case 'scalar':
        return type.scalar
      case 'pointer':
        return 'pointer'
      case 'record':
        return this.#mapper.struct(type)
      case 'inexpressible':
        throw new Inexpressible(`takes a callback that ${type.reason}`)
      default:
        throw new Inexpressible(`takes a callback that returns a ${type.kind}, which C does not allow`)
    }
  }

  #parameter({ parameters }: FunctionCType, index: number): CallbackParameter {
    const { type } = parameters[index] as { type: QualifiedType }
    const resolved = this.#mapper.resolve(type).type
    switch (resolved.kind) {
      case 'scalar':
        return resolved.scalar
      case 'record':
        return this.#mapper.struct(resolved)
      case 'pointer':
        return this.#pointer(type, parameters, index)
      case 'array':
      case 'function':
        return 'pointer'
      case 'inexpressible':
        throw new Inexpressible(`takes a callback that ${resolved.reason}`)
      case 'void':
        throw new Inexpressible(`takes a callback whose parameter ${index + 1} has no type`)
    }
  }

  #pointer(pointer: QualifiedType, parameters: FunctionCType['parameters'], index: number): CallbackParameter {
    if (this.#mapper.isText(pointer)) return 'cstring'
    const target = this.#mapper.pointee(pointer)
    if (target === undefined) return 'pointer'
    const { type, isConst } = target
    const name = parameters[index]?.name ?? ''
    const next = parameters[index + 1]
    const nextScalar = next && this.#mapper.scalar(next.type)
    const isCounted = nextScalar !== undefined && /^[iu](32|64|size)$/.test(nextScalar)
    const isBytes = type.kind === 'void' || (type.kind === 'scalar' && (type.scalar === 'u8' || type.isCharacter))
    if (isBytes) {
      const isSized = isConst && isCounted && isLengthName(next?.name ?? '')
      return isSized ? { type: 'bytes', length: { parameter: index + 1 } } : 'pointer'
    }
    if (isCounted && isCountOf(next?.name ?? '', name)) return 'pointer'
    if (type.kind === 'record') {
      if (this.#isHandle(type)) return { type: 'handle', name: handleName(type) }
      return this.#value(() => this.#mapper.struct(type), isConst)
    }
    return type.kind === 'scalar' ? this.#value(() => type.scalar, isConst) : 'pointer'
  }

  /** A value behind a pointer; one that has no type stays behind it. */
  #value(field: () => FieldType, isConst: boolean): CallbackParameter {
    try {
      return isConst ? { in: field() } : { inout: field() }
    } catch (error) {
      if (error instanceof Inexpressible) return 'pointer'
      throw error
    }
  }
}
