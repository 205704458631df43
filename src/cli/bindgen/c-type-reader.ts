/**
 * From C's syntax to its types: the specifiers before a name and the declarators around it, with the structs, enums and
 * constants that were met on the way.
 */
import type { Node } from 'web-tree-sitter'
import { constantValue, integerValue } from './c-constants.ts'
import type { CSource } from './c-source.ts'
import { attributesOf, says } from './c-syntax.ts'
import {
  type CParameter,
  type CType,
  type FunctionCType,
  inexpressible,
  keywordType,
  type QualifiedType,
  type RecordType,
  scalarType,
} from './c-types.ts'
import { StructPacking } from './struct-packing.ts'

/** A name, if there is one, and its type. */
export interface Declared {
  readonly name: string | undefined
  readonly type: QualifiedType
}

export class TypeReader {
  readonly #records = new Map<string, RecordType>()
  readonly #enums = new Map<string, CType>()
  readonly #constants = new Map<string, bigint>()
  readonly #packing = new StructPacking()
  readonly #source: CSource

  constructor(source: CSource) {
    this.#source = source
  }

  pragma(line: string): void {
    this.#packing.pragma(line)
  }

  /** Object-like macros of a number may be the length of an array. Only a header read without preprocessor has any. */
  macro(node: Node): void {
    const value =
      node
        .childForFieldName('value')
        ?.text.replace(/\/[/*].*/s, '')
        .trim() ?? ''
    const number = integerValue(value.replace(/^\((.*)\)$/, '$1'))
    const name = node.childForFieldName('name')?.text
    if (number !== undefined && name !== undefined) this.#constants.set(name, number)
  }

  /** The type before the declarators: `const unsigned char` of `const unsigned char *a, b[4]`. */
  base(node: Node): QualifiedType {
    const specifier = node.childForFieldName('type')
    return { type: this.specifier(specifier), isConst: says(node, 'type_qualifier', 'const') }
  }

  specifier(node: Node | null): CType {
    switch (node?.type) {
      case 'primitive_type':
      case 'sized_type_specifier':
        return keywordType(node.text)
      case 'type_identifier':
        return { kind: 'typedef', name: node.text }
      case 'struct_specifier':
      case 'union_specifier':
        return this.#record(node, node.type === 'struct_specifier' ? 'struct' : 'union')
      case 'enum_specifier':
        return this.#enum(node)
      default:
        return inexpressible(node ? `uses ${node.text}, which is no type that is known` : 'has a part without a type')
    }
  }

  #record(node: Node, keyword: RecordType['keyword']): RecordType {
    const tag = node.childForFieldName('name')?.text
    const known = tag === undefined ? undefined : this.#records.get(`${keyword} ${tag}`)
    const isSystem = this.#source.isSystem(node.startPosition.row)
    const record: RecordType = known ?? { ...unknownRecord, keyword, tag, isSystem }
    if (tag !== undefined) this.#records.set(`${keyword} ${tag}`, record)
    const body = node.childForFieldName('body')
    if (body === null) return record
    const isAgain = record.fields !== undefined
    record.fields = body.namedChildren.flatMap((child) => this.#fields(child))
    record.isSystem = isSystem
    record.fault = isAgain
      ? 'is defined in two ways, for different conditions'
      : this.#packing.isOn || /packed|aligned|ms_struct|scalar_storage_order/.test(attributesOf(node))
        ? 'is packed or aligned'
        : layoutFault(body)
    return record
  }

  #fields(node: Node): CParameter[] {
    if (node.type !== 'field_declaration') return []
    const base = this.base(node)
    const declarators = node.childrenForFieldName('declarator')
    // A struct within, whose fields C lets one name as the outer's own.
    if (declarators.length === 0) return [{ name: undefined, type: base }]
    return declarators.map((declarator) => this.declare(base, declarator))
  }

  #enum(node: Node): CType {
    const tag = node.childForFieldName('name')?.text
    const underlying = node.childForFieldName('underlying_type')
    const body = node.childForFieldName('body')
    if (body === null && underlying === null) return (tag && this.#enums.get(tag)) || scalarType('i32')
    let next: bigint | undefined = 0n
    let largest = 0n
    for (const enumerator of body?.namedChildren ?? []) {
      if (enumerator.type !== 'enumerator') continue
      const explicit = enumerator.childForFieldName('value')
      const value: bigint | undefined = explicit === null ? next : constantValue(explicit, this.#constants)
      if (value !== undefined) this.#constants.set(enumerator.childForFieldName('name')?.text ?? '', value)
      if (value !== undefined && value > largest) largest = value
      next = value === undefined ? undefined : value + 1n
    }
    const type = underlying
      ? this.specifier(underlying)
      : /packed|mode/.test(attributesOf(node))
        ? inexpressible(`uses the enum ${tag ?? ''}, which is packed`)
        : scalarType(largest > 0x7fff_ffffn ? 'u32' : 'i32')
    if (tag !== undefined) this.#enums.set(tag, type)
    return type
  }

  /** Follows a declarator from the outside in: each step says what the next is made of. */
  declare(base: QualifiedType, declarator: Node | null): Declared {
    if (declarator === null) return { name: undefined, type: base }
    const inner = declarator.childForFieldName('declarator')
    switch (declarator.type) {
      case 'identifier':
      case 'field_identifier':
      case 'type_identifier':
      case 'primitive_type':
        return { name: declarator.text, type: base }
      case 'pointer_declarator':
      case 'abstract_pointer_declarator':
        return this.declare(
          { type: { kind: 'pointer', to: base }, isConst: says(declarator, 'type_qualifier', 'const') },
          inner,
        )
      case 'array_declarator':
      case 'abstract_array_declarator': {
        const length = constantValue(declarator.childForFieldName('size'), this.#constants)
        return this.declare(
          {
            type: { kind: 'array', of: base, length: length === undefined ? undefined : Number(length) },
            isConst: false,
          },
          inner,
        )
      }
      case 'function_declarator':
      case 'abstract_function_declarator':
        return this.declare({ type: this.#function(base, declarator), isConst: false }, inner)
      default: {
        // Parentheses, attributes, initial values: what is declared stands within.
        const within = inner ?? declarator.namedChildren.find(({ type }) => /declarator|identifier/.test(type))
        return this.declare(base, within ?? null)
      }
    }
  }

  #function(result: QualifiedType, declarator: Node): FunctionCType {
    const list = declarator.childForFieldName('parameters')?.namedChildren ?? []
    const parameters = list
      .filter(({ type }) => type === 'parameter_declaration')
      .map((node) => this.declare(this.base(node), node.childForFieldName('declarator')))
    const [only] = parameters
    const isEmpty = parameters.length === 1 && only?.type.type.kind === 'void'
    return {
      kind: 'function',
      parameters: isEmpty ? [] : parameters,
      result,
      isVariadic: list.some(({ type }) => type === 'variadic_parameter'),
    }
  }
}

const unknownRecord = {
  kind: 'record',
  typedef: undefined,
  pointerTypedef: undefined,
  fields: undefined,
  fault: undefined,
} as const

/** Why the fields do not give the layout. */
function layoutFault(body: Node): string | undefined {
  if (body.hasError) return 'could not be parsed'
  for (const field of body.namedChildren) {
    if (field.type.startsWith('preproc')) return 'depends on conditions of the preprocessor'
    if (field.namedChildren.some(({ type }) => type === 'bitfield_clause')) return 'has bit-fields'
    if (/packed|aligned|alignas/i.test(attributesOf(field)) || field.descendantsOfType('alignas_qualifier').length > 0)
      return 'is packed or aligned'
  }
  return undefined
}
