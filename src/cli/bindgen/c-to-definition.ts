/**
 * C's types as the types of definitions. A type that has none throws {@link Inexpressible}, which leaves out the function
 * that uses it. Structs and callbacks with a name are made once, so that all definitions share one object.
 */
import type { FieldType, ScalarType, StructType } from '../../ffi/index.ts'
import type { NamedType } from './bindings.ts'
import {
  type CParameter,
  type CType,
  type QualifiedType,
  type RecordType,
  standardType,
  structName,
  unknownType,
} from './c-types.ts'

/** Goes on from a function's name: `takes a union by value`. */
export class Inexpressible extends Error {}

/** A type with its typedefs followed. */
export interface ResolvedType {
  readonly type: Exclude<CType, { kind: 'typedef' }>
  readonly isConst: boolean
  /** The last typedef that was followed: the name that is nearest to the type. */
  readonly typedef: string | undefined
}

export class TypeMapper {
  /** Structs and callbacks in the order in which they were first needed, each after those within it. */
  readonly named: NamedType[] = []
  readonly #typedefs: ReadonlyMap<string, QualifiedType>
  readonly #structs = new Map<RecordType, StructType | Inexpressible>()

  constructor(typedefs: ReadonlyMap<string, QualifiedType>) {
    this.#typedefs = typedefs
  }

  resolve(qualified: QualifiedType): ResolvedType {
    let { type, isConst } = qualified
    let typedef: string | undefined
    // A typedef of itself does not compile, but may be read without a compiler.
    const followed = new Set<string>()
    while (type.kind === 'typedef') {
      typedef = type.name
      const target = followed.has(type.name) ? undefined : this.#typedefs.get(type.name)
      followed.add(type.name)
      isConst ||= target?.isConst ?? false
      type = target?.type ?? standardType(type.name) ?? unknownType(type.name)
    }
    return { type, isConst, typedef }
  }

  /** What a parameter or result is beyond its scalar: undefined for pointers to whatever has no type of its own. */
  pointee(type: QualifiedType): ResolvedType | undefined {
    const resolved = this.resolve(type)
    return resolved.type.kind === 'pointer' ? this.resolve(resolved.type.to) : undefined
  }

  /** A type of one machine value, where it is one: numbers, enums, pointers of any kind. */
  scalar(qualified: QualifiedType): ScalarType | undefined {
    const { type } = this.resolve(qualified)
    if (type.kind === 'scalar') return type.scalar
    return type.kind === 'pointer' ? 'pointer' : undefined
  }

  /** What stands in a struct, an array, or a slot that a pointer leads to. */
  field(qualified: QualifiedType): FieldType {
    const { type } = this.resolve(qualified)
    switch (type.kind) {
      case 'scalar':
        return type.scalar
      case 'pointer':
        return this.isText(qualified) ? 'cstring' : 'pointer'
      case 'array': {
        const { length } = type
        if (length === undefined || length < 1) throw new Inexpressible('has an array without a known length')
        return { type: 'array', of: this.field(type.of), length }
      }
      case 'record':
        return this.struct(type)
      case 'inexpressible':
        throw new Inexpressible(type.reason)
      default:
        throw new Inexpressible(`has a ${type.kind} where only values can be`)
    }
  }

  /** Whether a type is `const char *`. */
  isText(qualified: QualifiedType): boolean {
    const target = this.pointee(qualified)
    return target?.type.kind === 'scalar' && target.type.isCharacter && target.isConst
  }

  struct(record: RecordType): StructType {
    const known = this.#structs.get(record)
    if (known instanceof Inexpressible) throw known
    if (known !== undefined) return known
    try {
      const struct = this.#newStruct(record)
      this.#structs.set(record, struct)
      const hasName = (record.typedef ?? record.tag ?? record.pointerTypedef) !== undefined
      if (hasName) this.named.push({ name: structName(record), type: struct })
      return struct
    } catch (error) {
      if (error instanceof Inexpressible) this.#structs.set(record, error)
      throw error
    }
  }

  #newStruct(record: RecordType): StructType {
    const { fields, fault, isSystem, keyword } = record
    const name = structName(record)
    if (keyword === 'union') throw new Inexpressible(`uses ${name}, a union`)
    if (isSystem)
      throw new Inexpressible(`uses ${name}, a struct of the system, whose layout differs between platforms`)
    if (fields === undefined) throw new Inexpressible(`uses ${name}, a struct whose fields are not known`)
    if (fault !== undefined) throw new Inexpressible(`uses ${name}, a struct that ${fault}`)
    if (fields.length === 0) throw new Inexpressible(`uses ${name}, a struct without fields`)
    let unnamed = 0
    const entries = fields.map((field: CParameter) => {
      const key = field.name ?? `unnamed${++unnamed}`
      try {
        return [key, this.field(field.type)] as const
      } catch (error) {
        if (!(error instanceof Inexpressible)) throw error
        throw new Inexpressible(`uses ${name}, a struct whose field ${key} ${error.message}`)
      }
    })
    return { type: 'struct', fields: Object.fromEntries(entries) }
  }
}
