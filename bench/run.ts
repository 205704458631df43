/** One run: the wanted parts one after another, each printed as soon as it is there; then the results and the report as files. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { watched } from '../src/cli/bench/progress.ts'
import type { Timing } from '../src/cli/bench/rounds.ts'
import { CommandError } from '../src/cli/errors.ts'
import { machineFacts } from '../src/cli/machine.ts'
import { compile } from './compile.ts'
import { benchFfi, printFfi } from './ffi/index.ts'
import type { FfiOptions } from './ffi/rounds.ts'
import { benchIsolation, printIsolationHead } from './isolation/index.ts'
import type { Part } from './parts.ts'
import { printFlags, printGrowth, printStart, printStatsig, printTargets, printThreads } from './print.ts'
import { benchFolder, projectFolder } from './project.ts'
import type { BenchReport } from './report/bench-report.ts'
import { renderReport } from './report/html.ts'
import { mainChartFile } from './report/main-chart.ts'
import { type Target, targetsOf } from './report/targets.ts'
import { benchFlags } from './workloads/flags/index.ts'
import { benchGrowth } from './workloads/growth/index.ts'
import { benchStart } from './workloads/start/index.ts'
import { benchStatsig } from './workloads/statsig/index.ts'
import { benchThreads } from './workloads/threads/index.ts'

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
  checkInstalled(parts)
  const report: Measured = { machine: machineFacts(), isQuick, seconds, rounds }
  const machine = `${report.machine.processor}, Node ${report.machine.node}`
  const wants = (part: Part) => parts.includes(part)
  const { isTTY } = process.stderr
  if (!isJson)
    console.log(
      `${machine}, ${report.machine.cores} cores. Medians of ${rounds} rounds in turns, ${seconds} s each, with the range.`,
    )
  compile()
  if (wants('statsig')) {
    report.statsig = await watched(isTTY, (watch) => benchStatsig(options, watch))
    if (!isJson) printStatsig(report.statsig)
  }
  if (wants('flags')) {
    report.flags = await watched(isTTY, (watch) => benchFlags(options, watch))
    if (!isJson) printFlags(report.flags)
  }
  if (wants('start')) {
    const sizes = isQuick ? { processes: 3, users: 200_000 } : { processes: 7, users: 5_000_000 }
    report.start = await watched(isTTY, (watch) => benchStart(sizes, watch))
    if (!isJson) printStart(report.start)
  }
  if (wants('threads')) {
    report.threads = await watched(isTTY, (watch) => benchThreads(options, watch))
    if (!isJson) printThreads(report.threads)
  }
  if (wants('growth')) {
    report.growth = await watched(isTTY, (watch) => benchGrowth(isQuick, options, watch))
    if (!isJson) printGrowth(report.growth)
  }
  if (wants('ffi')) {
    report.ffi = await benchFfi(options.ffi)
    if (!isJson) printFfi(report.ffi, machine)
  }
  if (wants('isolation')) {
    if (!isJson) printIsolationHead(machine, isQuick)
    report.isolation = await benchIsolation({ cases: options.cases, isQuick, prints: !isJson })
  }
  const targets = targetsOf(report)
  if (isJson) console.log(JSON.stringify({ ...report, targets }, null, 2))
  else printTargets(targets)
  const files = write({ ...report, targets }, options.chart)
  if (!isJson) console.log(`\nWritten: ${files.join(', ')}`)
}

/** `make bench` makes all of it; the command alone does not. */
function checkInstalled(parts: readonly Part[]): void {
  const needed: [string, readonly Part[]][] = [
    ['dist/cli/bench/engine-process.js', parts],
    ['bench/node_modules', ['statsig', 'flags', 'start', 'threads', 'growth']],
    ['.cache/bench/calls.wasm', ['ffi']],
  ]
  for (const [path, users] of needed)
    if (parts.some((part) => users.includes(part)) && !existsSync(join(projectFolder, path)))
      throw new CommandError('NOT_INSTALLED', `${path} is missing: run \`make bench\` once, which makes it`)
}

/** @returns the files, seen from the project's folder */
function write(report: BenchReport & { readonly targets: readonly Target[] }, chart: string | undefined): string[] {
  const folder = join(benchFolder, 'results')
  mkdirSync(folder, { recursive: true })
  const name = report.machine.time.replaceAll(':', '-').replace(/\..*/, '')
  const files = [join(folder, `${name}.json`), join(folder, `${name}.html`)] as const
  writeFileSync(files[0], `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(files[1], renderReport(report))
  if (chart !== undefined) writeFileSync(chart, mainChartFile(report))
  return [...files.map((file) => relative(projectFolder, file)), ...(chart === undefined ? [] : [chart])]
}
