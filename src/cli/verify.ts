/** `framegate verify`: the options and their reading; the work is in `verify/verification.ts`. */
import { defineCommand } from 'citty'
import { nameList, wholeNumber } from './arguments.ts'
import { UsageError } from './errors.ts'
import type { Backend } from './verify/rows.ts'

export const verifyCommand = defineCommand({
  meta: { name: 'verify', description: 'Prove by running it that no call can get the result of another' },
  args: {
    workers: {
      type: 'string',
      valueHint: 'N,N',
      default: '1,2,8,32',
      description: 'How many workers call at the same time; each row runs once for each number',
    },
    seconds: {
      type: 'string',
      valueHint: 'S',
      default: '2',
      description: 'How long each row runs with each number of workers',
    },
    backend: {
      type: 'string',
      valueHint: 'NAMES',
      description: 'wasm, native or both (Default: both, native only where it can run). The controls always run',
    },
    report: { type: 'string', valueHint: 'FILE', description: 'Write a report as one HTML file' },
    json: { type: 'boolean', description: 'Print everything as one JSON object' },
  },
  async run({ args }) {
    const options = {
      workers: workerNumbers(args.workers),
      seconds: secondsOf(args.seconds),
      backends: args.backend === undefined ? allBackends : backendsOf(args.backend),
      backendsGiven: args.backend !== undefined,
      report: args.report,
      json: args.json === true,
    }
    const { verify } = await import('./verify/verification.ts')
    process.exitCode = await verify(options)
  },
})

export const verifyExamples = [
  ['The whole matrix in about a minute', 'framegate verify'],
  [
    'A long proof with a report to read and to keep',
    'framegate verify --workers 2,32 --seconds 60 --report verify.html',
  ],
  ['Only WebAssembly, for a program to read', 'framegate verify --backend wasm --workers 1,2 --seconds 1 --json'],
] as const

// Each is a thread with an engine, or a thread of C: a slip of the keyboard must not take the machine's memory.
const mostWorkers = 256
const shortestSeconds = 0.1
const longestSeconds = 86_400

const allBackends: readonly Backend[] = ['wasm', 'native']

function workerNumbers(text: string): number[] {
  const numbers = nameList('--workers', text).map((item) => wholeNumber('--workers', item, 1, mostWorkers))
  return [...new Set(numbers)].sort((a, b) => a - b)
}

function secondsOf(text: string): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (value >= shortestSeconds && value <= longestSeconds) return value
  throw new UsageError(
    `--seconds must be a number from ${shortestSeconds} to ${longestSeconds}, not "${text}"; for example --seconds 2`,
  )
}

function backendsOf(text: string): Backend[] {
  const names = nameList('--backend', text)
  const wrong = names.find((name) => !allBackends.some((backend) => backend === name))
  if (wrong !== undefined) throw new UsageError(`--backend must be wasm, native or both as wasm,native, not "${wrong}"`)
  return allBackends.filter((backend) => names.includes(backend))
}
