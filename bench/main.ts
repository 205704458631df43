/**
 * `make bench`: gate evaluations per second beside other engines (evaluator.ts), the cost of a call beside other ways to
 * call a native library (ffi/), and what isolation promises (isolation/).
 *
 *   tsx bench/main.ts [--only evaluator|ffi|isolation] [--seconds N] [--json]
 *   tsx bench/main.ts --op add --peer shim-wasm      single cells, see ffi/README.md
 *   tsx bench/main.ts --only isolation [--case snapshot,healing] [--quick]      see isolation/README.md
 *
 * Each whole run is also kept in `bench/results/`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchEvaluator, printEvaluator } from './evaluator.ts'
import { benchFfi, printCells, printFfi } from './ffi/index.ts'
import { benchIsolation, printIsolationHead } from './isolation/index.ts'
import { projectFolder } from './workload.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '1' },
    op: { type: 'string' },
    peer: { type: 'string' },
    variant: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    milliseconds: { type: 'string' },
    shim: { type: 'string' },
    case: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})
const isSelection = options.op !== undefined || options.peer !== undefined
const only = isSelection ? 'ffi' : options.case === undefined ? options.only : 'isolation'
if (only !== undefined && only !== 'ffi' && only !== 'evaluator' && only !== 'isolation')
  throw new Error(`--only is evaluator, ffi or isolation, not "${only}"`)
const seconds = above0('seconds', options.seconds)
const ffiOptions = {
  operations: options.op?.split(','),
  peers: options.peer?.split(','),
  variant: options.variant,
  rounds: above0('rounds', options.rounds),
  milliseconds: options.milliseconds === undefined ? undefined : above0('milliseconds', options.milliseconds),
  shim: options.shim,
}

const machine = `${cpus()[0]?.model.trim()}, Node ${process.version}`
const wants = (part: string) => only === undefined || only === part
const evaluator = wants('evaluator') ? await benchEvaluator(seconds) : undefined
if (evaluator && !options.json) printEvaluator(evaluator, machine)
const ffi = wants('ffi') ? await benchFfi(ffiOptions) : undefined
if (ffi && !options.json && !isSelection) printFfi(ffi, machine)
const isolation = wants('isolation') ? await measureIsolation() : undefined
const report = { machine, evaluator, ffi, isolation }
if (!isSelection) {
  const folder = join(projectFolder, 'bench/results')
  mkdirSync(folder, { recursive: true })
  const name = `${new Date().toISOString().replaceAll(':', '-')}.json`
  writeFileSync(join(folder, name), `${JSON.stringify(report, null, 2)}\n`)
}
if (options.json) console.log(JSON.stringify(report, null, 2))
else if (ffi && isSelection) printCells(ffi)

function measureIsolation() {
  const { json, quick: isQuick } = options
  if (!json) printIsolationHead(machine, isQuick)
  return benchIsolation({ cases: options.case?.split(','), isQuick, prints: !json })
}

function above0(name: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new Error(`--${name} must be a number above 0, not "${text}"`)
}
