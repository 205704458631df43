/**
 * `make bench` and, in a clone, `framegate bench`: framegate beside every engine of the field, in one run. README.md says how to read it.
 *
 *   tsx bench/main.ts [--only statsig,flags,start,threads,growth,ffi,isolation] [--quick] [--seconds N] [--rounds N] [--json]
 *                     [--chart docs/performance.svg]
 *   tsx bench/main.ts --case snapshot,healing                  cases of isolation, see isolation/README.md
 *   tsx bench/main.ts --op add --peer shim-wasm                single cells of ffi, see ffi/README.md
 *   tsx bench/main.ts --only previous [--revision HEAD~3]      this build beside an earlier one; fails nothing
 */
import { parseArgs } from 'node:util'
import { errorMessage } from '../src/cli/errors.ts'
import { benchFfi, printCells } from './ffi/index.ts'
import { isPart, type Part, parts, quickParts } from './parts.ts'
import { run } from './run.ts'
import { runPrevious } from './workloads/previous/run.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    revision: { type: 'string' },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    case: { type: 'string' },
    chart: { type: 'string' },
    op: { type: 'string' },
    peer: { type: 'string' },
    variant: { type: 'string' },
    milliseconds: { type: 'string' },
    shim: { type: 'string' },
  },
})

try {
  if (options.op !== undefined || options.peer !== undefined) await cellsOfFfi()
  else if (options.only === 'previous')
    // Two builds of one engine are close, and a round takes seconds: many of them tell the machine's noise from a change.
    await runPrevious({
      revision: options.revision,
      isJson: options.json,
      ...timing(9),
      starts: options.quick ? 5 : 11,
    })
  else if (options.revision !== undefined) throw new Error('--revision is for --only previous: name both')
  else
    await run({
      parts: options.case === undefined ? wantedParts(options.only) : ['isolation'],
      isQuick: options.quick,
      isJson: options.json,
      ...timing(3),
      cases: options.case?.split(','),
      chart: options.chart,
      ffi: ffiOptions(),
    })
} catch (error) {
  process.stderr.write(`bench: ${errorMessage(error)}\n`)
  process.exitCode = 1
}

async function cellsOfFfi(): Promise<void> {
  const report = await benchFfi(ffiOptions())
  if (options.json) console.log(JSON.stringify(report, null, 2))
  else printCells(report)
}

function timing(rounds: number) {
  return {
    seconds: numberOf('seconds', options.seconds) ?? (options.quick ? 0.2 : 1),
    rounds: numberOf('rounds', options.rounds) ?? rounds,
  }
}

function ffiOptions() {
  return {
    operations: options.op?.split(','),
    peers: options.peer?.split(','),
    variant: options.variant,
    rounds: numberOf('rounds', options.rounds) ?? (options.quick ? 1 : 3),
    milliseconds: numberOf('milliseconds', options.milliseconds) ?? (options.quick ? 20 : undefined),
    shim: options.shim,
  }
}

function wantedParts(only: string | undefined): readonly Part[] {
  const names = only?.split(',') ?? (options.quick ? quickParts : parts)
  const wrong = names.find((name) => !isPart(name))
  if (wrong !== undefined) throw new Error(`--only takes ${parts.join(', ')}, or previous alone, not "${wrong}"`)
  return parts.filter((part) => names.includes(part))
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (value > 0) return value
  throw new Error(`--${name} must be a number above 0, not "${text}"`)
}
