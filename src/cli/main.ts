#!/usr/bin/env node
/**
 * The `framegate` command. Commands are loaded when they are called, so that help and usage errors answer at once.
 *
 * Exit codes: 0 done, 1 failed or bad input, 2 wrong usage.
 */
import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { type CommandDef, defineCommand, renderUsage, runCommand } from 'citty'
import picocolors from 'picocolors'
import { checkArguments } from './arguments.ts'
import { CommandError, errorMessage, exitCodes, UsageError } from './errors.ts'
import { didYouMean } from './nearest-names.ts'
import { Output } from './output.ts'

interface LoadedCommand {
  // The parser's own type for a command with any options.
  // biome-ignore lint/suspicious/noExplicitAny: options differ from command to command
  readonly command: CommandDef<any>
  readonly examples: readonly (readonly [purpose: string, line: string])[]
}

const commands: Record<string, () => Promise<LoadedCommand>> = {
  eval: async () => {
    const { evalCommand, evalExamples } = await import('./eval.ts')
    return { command: evalCommand, examples: evalExamples }
  },
  inspect: async () => {
    const { inspectCommand, inspectExamples } = await import('./inspect.ts')
    return { command: inspectCommand, examples: inspectExamples }
  },
  bindgen: async () => {
    const { bindgenCommand, bindgenExamples } = await import('./bindgen.ts')
    return { command: bindgenCommand, examples: bindgenExamples }
  },
  verify: async () => {
    const { verifyCommand, verifyExamples } = await import('./verify.ts')
    return { command: verifyCommand, examples: verifyExamples }
  },
  bench: async () => {
    const { benchCommand, benchExamples } = await import('./bench.ts')
    return { command: benchCommand, examples: benchExamples }
  },
}

const root = defineCommand({
  meta: { name: 'framegate', description: 'Evaluate feature gates, dynamic configs, experiments and layers' },
  subCommands: Object.fromEntries(
    Object.entries(commands).map(([name, load]) => [name, async () => (await load()).command]),
  ),
})

const rootExamples = [
  ['Evaluate everything for every user', 'framegate eval --specs specs.json --users users.ndjson'],
  ['See what a payload holds', 'framegate inspect --specs specs.json'],
  ['Write the definitions of a C library', 'framegate bindgen lib.h --out lib.ts'],
  ["Prove that no call can get another's result", 'framegate verify'],
  ['Measure on your own specs', 'framegate bench --specs specs.json'],
] as const

async function main(rawArguments: readonly string[]): Promise<void> {
  const [first, ...rest] = rawArguments
  if (first === undefined) {
    process.stderr.write(`framegate: no command given\n\n${await usage(root, rootExamples)}`)
    process.exitCode = exitCodes.wrongUsage
    return
  }
  if (first === '--version' || first === '-v') return print(`${version()}\n`)
  if (isHelp(first)) return print(await usage(root, rootExamples))
  const load = Object.hasOwn(commands, first) ? commands[first] : undefined
  if (load === undefined) throw unknownCommand(first)
  const { command, examples } = await load()
  if (rest.some(isHelp)) return print(await usage(command, examples, root))
  checkArguments(`framegate ${first}`, rest, command.args as Exclude<typeof command.args, () => unknown>)
  await runCommand(command, { rawArgs: rest })
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h'
}

function unknownCommand(name: string): UsageError {
  const what = name.startsWith('-') ? 'option' : 'command'
  const near = didYouMean(name, what === 'option' ? ['--help', '--version'] : Object.keys(commands))
  return new UsageError(`unknown ${what} "${name}"${near} Run \`framegate --help\` for what there is.`)
}

async function usage(
  command: LoadedCommand['command'],
  examples: LoadedCommand['examples'],
  parent?: LoadedCommand['command'],
): Promise<string> {
  const colors = picocolors.isColorSupported && process.stdout.isTTY
  const text = await renderUsage(command, parent)
  const lines = examples.flatMap(([purpose, line]) => [`  ${picocolors.dim(`# ${purpose}`)}`, `  ${line}`, ''])
  const whole = `${text.replace(/ +$/gm, '').trimEnd()}\n\n${picocolors.underline(picocolors.bold('EXAMPLES'))}\n\n${lines.join('\n')}`
  return colors ? whole : stripVTControlCharacters(whole)
}

function version(): string {
  const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return description.version
}

async function print(text: string): Promise<void> {
  const output = await Output.open(undefined)
  await output.write(text)
  await output.end()
}

function report(error: unknown): void {
  const exitCode = expectedExitCode(error)
  if (exitCode !== undefined) {
    process.stderr.write(`${errorMessage(error).replace(/^/gm, 'framegate: ')}\n`)
    process.exitCode = exitCode
    return
  }
  const trace = error instanceof Error ? error.stack : String(error)
  process.stderr.write(`framegate: this is a defect in framegate, please report it with the lines below\n${trace}\n`)
  process.exitCode = exitCodes.failed
}

/** Undefined for what only a defect can throw. */
function expectedExitCode(error: unknown): number | undefined {
  if (error instanceof UsageError || error instanceof CommandError) return error.exitCode
  // By name: importing the class would load the evaluator for every usage error.
  return error instanceof Error && error.name === 'FramegateError' ? exitCodes.failed : undefined
}

// Messages may go to a pipe whose reader has left; there is nobody to tell.
process.stderr.on('error', () => {})

try {
  await main(process.argv.slice(2))
} catch (error) {
  report(error)
}
