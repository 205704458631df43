/** One run: the wanted parts one after another, each printed as soon as it is there; then the results and the report as files. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BenchBar } from '../src/cli/bench/progress.ts'
import type { Timing, Watch } from '../src/cli/bench/rounds.ts'
import { machineFacts } from '../src/cli/verify/machine.ts'
import { compile } from './compile.ts'
import { benchFfi, printFfi } from './ffi/index.ts'
import type { FfiOptions } from './ffi/rounds.ts'
import { benchIsolation, printIsolationHead } from './isolation/index.ts'
import type { Part } from './parts.ts'
import { printFlags, printStatsig } from './print.ts'
import { benchFolder } from './project.ts'
import type { BenchReport } from './report/bench-report.ts'
import { benchFlags } from './workloads/flags/index.ts'
import { benchStatsig } from './workloads/statsig/index.ts'

export interface RunOptions extends Timing {
  readonly parts: readonly Part[]
  readonly isQuick: boolean
  readonly isJson: boolean
  /** Of the part `isolation`. */
  readonly cases: readonly string[] | undefined
  /** A file for the main chart as SVG. */
  readonly chart: string | undefined
  readonly ffi: FfiOptions
}

type Measured = { -readonly [Field in keyof BenchReport]: BenchReport[Field] }

export async function run(options: RunOptions): Promise<void> {
  const { parts, isQuick, isJson, seconds, rounds } = options
  const report: Measured = { machine: machineFacts(), isQuick, seconds, rounds }
  const machine = `${report.machine.processor}, Node ${report.machine.node}`
  const wants = (part: Part) => parts.includes(part)
  if (!isJson)
    console.log(
      `${machine}, ${report.machine.cores} cores. Medians of ${rounds} rounds in turns, ${seconds} s each, with the range.`,
    )
  compile()
  if (wants('statsig')) {
    report.statsig = await watched((watch) => benchStatsig(options, watch))
    if (!isJson) printStatsig(report.statsig)
  }
  if (wants('flags')) {
    report.flags = await watched((watch) => benchFlags(options, watch))
    if (!isJson) printFlags(report.flags)
  }
  if (wants('ffi')) {
    report.ffi = await benchFfi(options.ffi)
    if (!isJson) printFfi(report.ffi, machine)
  }
  if (wants('isolation')) {
    if (!isJson) printIsolationHead(machine, isQuick)
    report.isolation = await benchIsolation({ cases: options.cases, isQuick, prints: !isJson })
  }
  if (isJson) console.log(JSON.stringify(report, null, 2))
  const file = write(report)
  if (!isJson) console.log(`\nWritten: ${file}`)
}

async function watched<Result>(measure: (watch: Watch) => Promise<Result>): Promise<Result> {
  const bar = await BenchBar.start(process.stderr.isTTY)
  try {
    return await measure((...seen) => bar.update(...seen))
  } finally {
    bar.end()
  }
}

function write(report: BenchReport): string {
  const folder = join(benchFolder, 'results')
  mkdirSync(folder, { recursive: true })
  const name = report.machine.time.replaceAll(':', '-').replace(/\..*/, '')
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`)
  return join('bench/results', `${name}.json`)
}
