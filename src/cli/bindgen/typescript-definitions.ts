/** Bindings as a TypeScript module: named types, then the definitions, each with its documentation. */
import { printable } from '../printable.ts'
import { type Binding, type Bindings, type FunctionBinding, isLeftOut, type NamedType } from './bindings.ts'
import { definitionsPlace } from './guest-opening.ts'
import { isIdentifier, keyText, type Value, valueText } from './typescript-values.ts'

/**
 * The text of the module.
 *
 * @param name - what the definitions are called
 * @param source - the file's name, for the head comment
 */
export function typescriptDefinitions(bindings: Bindings, name: string, source: string): string {
  const types = usedTypes(bindings)
  const names = namesOf(types, name)
  const entries = bindings.functions.map((binding) => entryText(binding, names))
  // Documentation stands apart from what is before it, and what has it from what comes after.
  const spaced = entries.map((entry, index) =>
    index > 0 && (isDocumented(entry) || isDocumented(entries[index - 1])) ? `\n${entry}` : entry,
  )
  const satisfying = '} as const satisfies Definitions'
  return [
    comment(headLines(bindings, name, source), ''),
    "import type { Definitions } from 'framegate/ffi'\n",
    ...types.map(({ type }) => typeText(type, names)),
    entries.length === 0
      ? `export const ${name} = {${satisfying}\n`
      : `export const ${name} = {\n${spaced.join('')}${satisfying}\n`,
  ].join('\n')
}

/** A name for the definitions made of a file's: `my-lib.h` gives `myLib`. */
export function definitionsName(baseName: string): string {
  const words = baseName.split(/[^A-Za-z\d$]+/).filter((word) => word !== '')
  const name = words.map((word, index) => (index === 0 ? word : (word[0] ?? '').toUpperCase() + word.slice(1))).join('')
  return isIdentifier(name) && !reserved.has(name) ? name : `library${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`
}

/** Whether TypeScript allows a constant of that name. */
export function isConstantName(name: string): boolean {
  return isIdentifier(name) && !reserved.has(name)
}

function headLines({ opening, remarks }: Bindings, name: string, source: string): string[] {
  return [
    ...wrapped(`Definitions of ${printable(source)} for \`open\` of framegate/ffi, written by \`framegate bindgen\`.`),
    '',
    ...opening.map((line) => `    ${printable(line.replaceAll(definitionsPlace, name))}`),
    '',
    ...remarks.flatMap((remark) => wrapped(remark)),
  ]
}

/** Types that a definition holds, directly or within another: what only a function that was left out uses is not written. */
function usedTypes({ types, functions }: Bindings): NamedType[] {
  const used = new Set<unknown>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || used.has(value)) return
    used.add(value)
    Object.values(value).forEach(visit)
  }
  for (const binding of functions) if (!isLeftOut(binding)) visit(binding.definition)
  return types.filter(({ type }) => used.has(type))
}

/** C keeps tags, typedefs and functions apart, TypeScript has one space of names: later ones get a number. */
function namesOf(types: readonly NamedType[], definitions: string): Map<unknown, string> {
  const taken = new Set([definitions, 'Definitions'])
  const names = new Map<unknown, string>()
  for (const { name, type } of types) {
    const base = isConstantName(name) ? name : `${name.replace(/[^\w$]/g, '_')}_`
    let free = base
    for (let number = 2; taken.has(free); number++) free = `${base}${number}`
    taken.add(free)
    names.set(type, free)
  }
  return names
}

function typeText(type: NamedType['type'], names: ReadonlyMap<unknown, string>): string {
  const start = `export const ${names.get(type)} = `
  // Its own name must not stand for it here.
  const others = new Map(names)
  others.delete(type)
  return `${start}${valueText(type as unknown as Value, others, 0, start.length + ' as const'.length)} as const\n`
}

function entryText(binding: Binding, names: ReadonlyMap<unknown, string>): string {
  if (isLeftOut(binding)) return `  // ${printable(binding.name)} is left out: it ${printable(binding.reason)}.\n`
  const key = `${keyText(binding.name)}: `
  const value = valueText(binding.definition as unknown as Value, names, 2, key.length + 1)
  return `${comment(describing(binding), '  ')}  ${key}${value},\n`
}

function isDocumented(entry: string | undefined): boolean {
  return entry?.startsWith('  /**') ?? false
}

function describing({ documentation, prototype, notes }: FunctionBinding): string[] {
  const parts = [
    documentation,
    prototype === undefined ? [] : [`\`${prototype}\``],
    notes.flatMap((note) => wrapped(note).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`))),
  ]
  return parts.filter((part) => part.length > 0).flatMap((part, index) => (index === 0 ? part : ['', ...part]))
}

function comment(lines: readonly string[], indent: string): string {
  const safe = lines.map((line) => line.replaceAll('*/', '*\\/'))
  const [first, ...more] = safe
  if (first === undefined) return ''
  if (more.length === 0 && indent.length + first.length + '/**  */'.length <= lineWidth)
    return `${indent}/** ${first} */\n`
  return `${indent}/**\n${safe.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`
}

const lineWidth = 120
const commentWidth = 110

function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of printable(text).split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > commentWidth) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** Words that no constant of a module can have for its name. */
const reserved = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public ' +
    'return static super switch this throw true try typeof undefined var void while with yield'
  ).split(' '),
)
