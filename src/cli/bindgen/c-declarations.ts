/**
 * From C's syntax to what it declares: the functions of the header itself, and all types that they may use. Types that
 * C allows and definitions do not are kept as such, so that only the functions that use them are left out.
 */
import type { Node } from 'web-tree-sitter'
import { documentationBefore, prototypeText } from './c-documentation.ts'
import type { CSource } from './c-source.ts'
import { attributesOf, says } from './c-syntax.ts'
import { TypeReader } from './c-type-reader.ts'
import {
  type CFunction,
  type CHeader,
  type FunctionCType,
  inexpressible,
  type QualifiedType,
  type RecordType,
  standardType,
} from './c-types.ts'

/** Reads a translation unit. */
export function readDeclarations(root: Node, source: CSource): CHeader {
  const reader = new DeclarationReader(source)
  reader.visit(root.children)
  return { functions: [...reader.functions.values()], typedefs: reader.typedefs }
}

class DeclarationReader {
  readonly functions = new Map<string, CFunction>()
  readonly typedefs = new Map<string, QualifiedType>()
  readonly #types: TypeReader
  readonly #source: CSource

  constructor(source: CSource) {
    this.#types = new TypeReader(source)
    this.#source = source
  }

  visit(siblings: readonly Node[]): void {
    for (const [index, node] of siblings.entries()) {
      switch (node.type) {
        case 'declaration':
        case 'function_definition':
          this.#declaration(node, siblings, index)
          break
        case 'type_definition':
          this.#typeDefinition(node)
          break
        case 'struct_specifier':
        case 'union_specifier':
        case 'enum_specifier':
          this.#types.specifier(node)
          break
        case 'preproc_def':
          this.#types.macro(node)
          break
        case 'preproc_call':
          this.#types.pragma(node.text)
          break
        case 'linkage_specification':
        case 'declaration_list':
        case 'preproc_if':
        case 'preproc_ifdef':
        case 'preproc_else':
        case 'preproc_elif':
        case 'preproc_elifdef':
          this.visit(node.children)
          break
        default:
          if (!node.hasError) break
          // What is readable within an unreadable piece is read.
          this.visit(node.children)
          this.#unparsed(node)
      }
    }
  }

  #declaration(node: Node, siblings: readonly Node[], index: number): void {
    if (!this.#source.isOwn(node.startPosition.row)) {
      this.#types.base(node)
      return
    }
    const base = this.#types.base(node)
    const declarators = node.childrenForFieldName('declarator').filter(({ type }) => type !== 'ms_call_modifier')
    for (const declarator of declarators) {
      const { name, type } = this.#types.declare(base, declarator)
      const functionType = this.#functionType(type)
      if (name === undefined || functionType === undefined) {
        if (node.hasError) this.#unparsed(node)
        continue
      }
      this.#add({
        name,
        symbol: symbolOf(declarator),
        type: functionType,
        fault: this.#functionFault(node, functionType),
        documentation: documentationBefore(siblings, index),
        prototype: prototypeText(node, declarators[0] as Node, declarator),
      })
    }
  }

  #functionFault(node: Node, type: FunctionCType): string | undefined {
    if (says(node, 'storage_class_specifier', 'static')) return 'is static, so no library exports it'
    if (/^(__)?inline(__)?$/m.test(specifierWords(node)) && !says(node, 'storage_class_specifier', 'extern'))
      return 'is inline, so no library exports it'
    if (/\b_?_?Complex|\b_Imaginary/i.test(node.text)) return 'uses complex numbers'
    if (node.hasError) return `could not be parsed (${this.#source.place(node.startPosition.row)})`
    if (type.isVariadic) return 'takes a variable number of arguments'
    return undefined
  }

  #add(found: CFunction): void {
    const earlier = this.functions.get(found.name)
    // The compiler has seen to it that both say the same; without it both sides of an #if are here.
    if (earlier?.type === undefined) {
      this.functions.set(found.name, found)
      return
    }
    if (this.#source.isPreprocessed || earlier.prototype === found.prototype) return
    const fault = 'is declared in two ways, for different conditions; preprocess the header to choose one'
    this.functions.set(found.name, { ...earlier, fault })
  }

  /** Says of the functions that an unreadable piece seems to declare that they were not understood. */
  #unparsed(node: Node): void {
    const declarators = node.descendantsOfType('function_declarator').flatMap((declarator) => {
      const name = declarator.childForFieldName('declarator')
      return name?.type === 'identifier' ? [{ name: name.text, row: name.startPosition.row }] : []
    })
    const lookalikes = [...node.text.matchAll(prototypes)].map(({ 1: name = '', index }) => ({
      name,
      row: node.startPosition.row + node.text.slice(0, index).split('\n').length - 1,
    }))
    for (const { name, row } of [...declarators, ...lookalikes]) {
      if (!this.#source.isOwn(row) || this.functions.has(name) || notNames.has(name)) continue
      const fault = `could not be parsed (${this.#source.place(row)})`
      this.functions.set(name, { name, fault, symbol: undefined, type: undefined, documentation: [], prototype: '' })
    }
  }

  #functionType({ type }: QualifiedType): FunctionCType | undefined {
    if (type.kind === 'function') return type
    const target = type.kind === 'typedef' ? this.typedefs.get(type.name) : undefined
    return target === undefined ? undefined : this.#functionType(target)
  }

  #typeDefinition(node: Node): void {
    const base = this.#types.base(node)
    const isForeign = !this.#source.isOwn(node.startPosition.row)
    for (const declarator of node.childrenForFieldName('declarator')) {
      const { name, type } = this.#types.declare(base, declarator)
      if (name === undefined || (isForeign && standardType(name) !== undefined)) continue
      const isAltered = /vector_size|aligned|__mode__|\bmode\b/.test(attributesOf(node))
      if (type.type.kind === 'record') nameRecord(type.type, name)
      else if (type.type.kind === 'pointer' && type.type.to.type.kind === 'record')
        type.type.to.type.pointerTypedef ??= name
      this.typedefs.set(
        name,
        isAltered ? { type: inexpressible(`uses ${name}, whose layout has attributes`), isConst: false } : type,
      )
    }
  }
}

/** The first typedef names a struct, but for a system's own one, as `__FILE` before `FILE`. */
function nameRecord(record: RecordType, name: string): void {
  if (record.typedef === undefined || (record.typedef.startsWith('_') && !name.startsWith('_'))) record.typedef = name
}

/** The name after `__asm__`, which the linker sees instead of the function's own. */
function symbolOf(declarator: Node): string | undefined {
  const [assembly] = declarator.descendantsOfType('gnu_asm_expression')
  const text = assembly?.descendantsOfType('string_content').map((content) => content.text)
  return text === undefined || text.length === 0 ? undefined : text.join('')
}

function specifierWords(node: Node): string {
  return node.namedChildren
    .filter(({ type }) => type === 'storage_class_specifier')
    .map(({ text }) => text)
    .join('\n')
}

/** What looks like a function's declaration: a name, parentheses, and no more until the semicolon. */
const prototypes = /\b([A-Za-z_]\w*)\s*\((?:[^();{}]|\((?:[^();{}]|\([^();{}]*\))*\))*\)\s*;/g

/** Words of C before parentheses. */
const notNames = new Set([
  'if',
  'while',
  'for',
  'switch',
  'return',
  'sizeof',
  'defined',
  '__attribute__',
  '__asm__',
  '_Static_assert',
])
