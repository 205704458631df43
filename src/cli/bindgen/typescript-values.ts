/**
 * JavaScript values as source text in the style of this project's formatter: on one line where they fit, otherwise one
 * item a line with a comma after each.
 */

/** What a definition is made of. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value }

const lineWidth = 120

/**
 * The source text of a value.
 *
 * @param names - objects that have a name of their own are written as that name
 * @param indent - blanks before the line on which the value begins
 * @param around - columns that other text takes on that line
 */
export function valueText(value: Value, names: ReadonlyMap<unknown, string>, indent: number, around: number): string {
  const flat = flatText(value, names)
  if (flat !== undefined && indent + around + flat.length <= lineWidth) return flat
  const named = names.get(value)
  if (named !== undefined) return named
  if (typeof value !== 'object') return flat ?? ''
  const inner = ' '.repeat(indent + 2)
  const items = Array.isArray(value)
    ? value.map((item: Value) => valueText(item, names, indent + 2, 1))
    : Object.entries(value).map(([key, item]) => {
        const text = `${keyText(key)}: `
        return text + valueText(item, names, indent + 2, text.length + 1)
      })
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join('')}${' '.repeat(indent)}${close}`
}

/** A property's name as it stands before the colon. */
export function keyText(name: string): string {
  // A plain __proto__ key would set the object's prototype instead of making a property.
  if (name === '__proto__') return "['__proto__']"
  return isIdentifier(name) ? name : stringText(name)
}

/** Whether a name can stand without quotes. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name)
}

/** The text of a string: in the quotes that need fewer escapes, with nothing in it that does not show. */
export function stringText(text: string): string {
  const quote = text.split("'").length > text.split('"').length ? '"' : "'"
  const escaped = text.replace(/[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
    character === '\\' ? '\\\\' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote
}

/** The value on one line; undefined where the formatter never leaves it on one. */
function flatText(value: Value, names: ReadonlyMap<unknown, string>): string | undefined {
  const named = names.get(value)
  if (named !== undefined) return named
  if (typeof value === 'string') return stringText(value)
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) {
    if (alwaysBreaks(value, names)) return undefined
    const items = value.map((item: Value) => flatText(item, names))
    return items.includes(undefined) ? undefined : `[${items.join(', ')}]`
  }
  const items = Object.entries(value).map(([key, item]) => {
    const text = flatText(item, names)
    return text === undefined ? undefined : `${keyText(key)}: ${text}`
  })
  if (items.includes(undefined)) return undefined
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`
}

/** The formatter's rule for arrays of objects: two or more, each with two or more properties, stand on lines of their own. */
function alwaysBreaks(items: readonly Value[], names: ReadonlyMap<unknown, string>): boolean {
  return (
    items.length > 1 &&
    items.every((item) => typeof item === 'object' && !names.has(item) && Object.keys(item).length > 1)
  )
}
