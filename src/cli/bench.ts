/**
 * `framegate bench`: the options and their reading. With `--specs` it measures on those, wherever the package is installed; without,
 * it runs the comparison with all peers, which lives in the repository's `bench/` and is not part of what is installed.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { defineCommand } from 'citty'
import { wholeNumber } from './arguments.ts'
import { UsageError } from './errors.ts'

export const benchCommand = defineCommand({
  meta: { name: 'bench', description: 'Measure evaluations per second, beside other engines' },
  args: {
    specs: {
      type: 'string',
      valueHint: 'FILE',
      description: "Your config specs; Statsig's engines run beside where the current folder has them installed",
    },
    'id-lists': { type: 'string', valueHint: 'DIR', description: 'Folder of ID lists, with --specs' },
    seconds: { type: 'string', valueHint: 'S', description: 'Of each measurement in each round (Default: 1)' },
    rounds: { type: 'string', valueHint: 'N', description: 'How often each is measured (Default: 3)' },
    json: { type: 'boolean', description: 'Print everything as one JSON object' },
    quick: { type: 'boolean', description: 'The whole comparison in a few minutes, only in a clone' },
    only: { type: 'string', valueHint: 'PARTS', description: 'Parts of the comparison, only in a clone' },
    case: { type: 'string', valueHint: 'CASES', description: 'Cases of its isolation part, only in a clone' },
    chart: { type: 'string', valueHint: 'FILE', description: 'Write its main chart as SVG, only in a clone' },
  },
  async run({ args, rawArgs }) {
    if (args.specs === undefined) {
      process.exitCode = await compareAll(rawArgs)
      return
    }
    const other = (['quick', 'only', 'case', 'chart'] as const).find(
      (name) => args[name] !== undefined && args[name] !== false,
    )
    if (other !== undefined)
      throw new UsageError(`--${other} is for the comparison with all peers; leave out --specs or it`)
    const options = {
      specs: args.specs,
      idLists: args['id-lists'],
      seconds: secondsOf(args.seconds ?? '1'),
      rounds: wholeNumber('--rounds', args.rounds ?? '3', 1, mostRounds),
      json: args.json === true,
    }
    const { benchOwnSpecs } = await import('./bench/own-specs.ts')
    await benchOwnSpecs(options)
  },
})

export const benchExamples = [
  ['Your specs, beside the engines installed in this folder', 'framegate bench --specs specs.json'],
  ['In a clone: all peers, with a report in bench/results', 'framegate bench --quick'],
] as const

const mostRounds = 100
const shortestSeconds = 0.05
const longestSeconds = 600

function secondsOf(text: string): number {
  const value = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (value >= shortestSeconds && value <= longestSeconds) return value
  throw new UsageError(
    `--seconds must be a number from ${shortestSeconds} to ${longestSeconds}, not "${text}"; for example --seconds 1`,
  )
}

/** @returns its exit code */
function compareAll(rawArguments: readonly string[]): Promise<number> {
  const program = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))
  if (!existsSync(program))
    throw new UsageError(
      'name your specs: framegate bench --specs FILE. The comparison with all peers needs their packages and runs in a clone of the repository, by `make bench`',
    )
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const child = spawn(process.execPath, ['--import', loader, program, ...rawArguments], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
