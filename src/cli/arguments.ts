/**
 * The strict reading of a command line. The argument parser is lenient: it drops options it does not know, takes the last
 * of two, and gives a forgotten value as an empty text. Each of these would run the command on something other than what
 * was meant, so the raw arguments are checked against the same definitions before the parser sees them.
 */
import type { ArgDef, ArgsDef } from 'citty'
import { UsageError } from './errors.ts'
import { didYouMean } from './nearest-names.ts'

/**
 * Throws a {@link UsageError} for an unknown or repeated option, a missing or unwanted value, a value outside an
 * option's choices, a missing required option, or a stray argument.
 */
export function checkArguments(commandName: string, rawArguments: readonly string[], definitions: ArgsDef): void {
  const help = `Run \`${commandName} --help\` for all options.`
  const given = new Set<string>()
  const positionals = Object.keys(definitions).filter((name) => definitions[name]?.type === 'positional')
  for (let index = 0; index < rawArguments.length; index++) {
    const argument = rawArguments[index] ?? ''
    if (argument === '-' || !argument.startsWith('-')) {
      const next = positionals.find((name) => !given.has(name))
      if (next === undefined) throw unexpectedArgument(argument, commandName, positionals, help)
      given.add(next)
      continue
    }
    const equals = argument.indexOf('=')
    const option = equals < 0 ? argument : argument.slice(0, equals)
    const name = option.replace(/^--/, '')
    const definition = Object.hasOwn(definitions, name) && option !== name ? definitions[name] : undefined
    if (definition === undefined || definition.type === 'positional') throw unknownOption(option, definitions, help)
    if (given.has(name)) throw new UsageError(`${option} is given twice; give it once. ${help}`)
    given.add(name)

    const inlineValue = equals < 0 ? undefined : argument.slice(equals + 1)
    if (definition.type === 'boolean') {
      if (inlineValue !== undefined) throw new UsageError(`${option} takes no value; write just ${option}. ${help}`)
      continue
    }
    const value = inlineValue ?? followingValue(rawArguments[index + 1])
    if (value === undefined || value === '')
      throw new UsageError(`${option} needs a value: ${optionWithValue(name, definition)}. ${help}`)
    if (inlineValue === undefined) index++
    const choices = choicesOf(definition)
    if (choices.length > 0 && !choices.includes(value))
      throw new UsageError(`${option} must be ${choices.join(' or ')}, not "${value}". ${help}`)
  }
  const missing = Object.entries(definitions).filter(([name, definition]) => definition.required && !given.has(name))
  if (missing.length > 0) {
    const options = missing.map(([name, definition]) => optionWithValue(name, definition)).join(' and ')
    throw new UsageError(`${options} ${missing.length > 1 ? 'are' : 'is'} required. ${help}`)
  }
}

/** Reads a whole number of an option, or throws a {@link UsageError} that names the range. */
export function wholeNumber(option: string, text: string, smallest: number, largest: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= smallest && value <= largest))
    throw new UsageError(
      `${option} must be a whole number from ${smallest} to ${largest}, not "${text}"; for example ${option} ${smallest}`,
    )
  return value
}

/** Splits `a,b` into names; blanks around a name are dropped, an empty list is refused. */
export function nameList(option: string, text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  const filled = [...new Set(names.filter((name) => name !== ''))]
  if (filled.length === 0)
    throw new UsageError(`${option} needs at least one name, for example ${option} a_name,another_name`)
  return filled
}

function unexpectedArgument(
  argument: string,
  commandName: string,
  positionals: readonly string[],
  help: string,
): UsageError {
  const taken = positionals.length === 0 ? 'options' : `${positionals.map(placeholder).join(' ')} and options`
  return new UsageError(`unexpected argument "${argument}": ${commandName} takes ${taken} only. ${help}`)
}

/** How help shows an argument that is given by its place. */
function placeholder(name: string): string {
  return name.toUpperCase()
}

function unknownOption(option: string, definitions: ArgsDef, help: string): UsageError {
  const options = Object.keys(definitions).filter((name) => definitions[name]?.type !== 'positional')
  const known = [...options.map((name) => `--${name}`), '--help']
  return new UsageError(`unknown option "${option}"${didYouMean(option, known)} ${help}`)
}

// A single dash names standard input, everything else that begins with a dash is the next option: its value was forgotten.
function followingValue(next: string | undefined): string | undefined {
  return next === undefined || (next.startsWith('-') && next !== '-') ? undefined : next
}

function choicesOf(definition: ArgDef): readonly string[] {
  return definition.type === 'enum' ? (definition.options ?? []) : []
}

function optionWithValue(name: string, definition: ArgDef): string {
  if (definition.type === 'positional') return placeholder(name)
  const choices = choicesOf(definition)
  return `--${name} ${choices.length > 0 ? choices.join('|') : (definition.valueHint ?? 'VALUE')}`
}
