/** The parts as text for a terminal. */

import type { Figure } from '../src/cli/bench/figure.ts'
import type { Measured } from '../src/cli/bench/rounds.ts'
import { differenceLines, measuredLines, ratio } from '../src/cli/bench/table.ts'
import { alignedTable, grouped, printable } from '../src/cli/printable.ts'
import type { Target } from './report/targets.ts'
import type { FlagsReport } from './workloads/flags/index.ts'
import type { GrowthReport } from './workloads/growth/index.ts'
import type { PreviousReport } from './workloads/previous/index.ts'
import { growthOf, type StartReport } from './workloads/start/index.ts'
import type { StatsigReport } from './workloads/statsig/index.ts'
import type { ThreadsReport } from './workloads/threads/index.ts'

export function printStatsig({ specs, bytes, counts, users, measured, knownDifferences }: StatsigReport): void {
  const held = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`)
  heading(
    'Statsig specs: evaluations per second, one thread',
    `${specs}, ${bytes} bytes: ${held.join(', ')}; ${users} users.`,
  )
  printMeasured(measured)
  for (const line of differenceLines(knownDifferences)) console.log(`\n${line}`)
}

export function printFlags({ flags, people, measured }: FlagsReport): void {
  heading('The 3-rule flag on every engine: evaluations per second, one thread', `${flags} flags, ${people} people.`)
  printMeasured(measured)
}

export function printStart({ specs, bytes, processes, bareNodeMB, started, busyLoops }: StartReport): void {
  const what = `From ${specs} (${grouped(bytes)} bytes) or the 3-rule flags to the first answer; ${processes} processes each.`
  heading('Starting and memory', what, `Memory is over a bare Node, which takes ${bareNodeMB.toFixed(0)} MB.`)
  for (const origin of ['specs', 'snapshot', 'flags'] as const) {
    const columns = ['first answer, ms', 'range', 'package, ms', 'memory, MB', 'range']
    const rows = started
      .filter((result) => result.origin === origin)
      .map(({ engine, firstAnswer, load, memory }) => [
        engine,
        firstAnswer.median.toFixed(1),
        range(firstAnswer, 1),
        load.median.toFixed(1),
        memory.median.toFixed(1),
        range(memory, 1),
      ])
    console.log(`\n${rightAligned(`from ${origin}`, columns, rows)}`)
  }
  const rows = busyLoops.map((loop) => [
    loop.engine,
    grouped(loop.users),
    ...[loop.early, loop.half, loop.highest, loop.end].map((bytes) => (bytes === 0 ? '-' : (bytes / 1e6).toFixed(0))),
    growthOf(loop).toFixed(0),
    loop.isStopped ? 'stopped: it would go on' : '',
  ])
  const columns = ['users', 'early, MB', 'half way', 'highest', 'end', 'growth in the second half', '']
  console.log(`\n${rightAligned('fresh users in a loop that never yields', columns, rows)}`)
}

export function printThreads({ measured, ratios }: ThreadsReport): void {
  heading('Two threads against one', 'Gates, a fresh user for every gate; in batches of users x 50 gates for the pool.')
  const [one, two] = measured.map(({ results }) => results)
  const rows = ratios.map(({ engine, twoToOne }, index) => [
    engine,
    grouped(one![index]!.perSecond.median),
    grouped(two![index]!.perSecond.median),
    `${twoToOne.toFixed(2)}x`,
  ])
  console.log(`\n${rightAligned('per second', ['one thread', 'two threads', 'two to one'], rows)}`)
}

export function printGrowth({ axes }: GrowthReport): void {
  heading('Growth of cost: nanoseconds per evaluation', 'Gates, a fresh user for every call.')
  for (const { title, points } of axes) {
    const sizes = [...new Set(points.map(({ size }) => size))]
    const engines = [...new Set(points.map(({ engine }) => engine))]
    const rows = engines.map((engine) => {
      const own = points.filter((point) => point.engine === engine)
      const cells = own.map(({ nanoseconds }) => grouped(nanoseconds.median))
      return [engine, ...cells, `${(own.at(-1)!.nanoseconds.median / own[0]!.nanoseconds.median).toFixed(2)}x`]
    })
    console.log(`\n${rightAligned(title, [...sizes.map(grouped), 'last to first'], rows)}`)
  }
}

export function printTargets(targets: readonly Target[]): void {
  if (targets.length === 0) return
  heading("What was to be reached, of framegate's wasm backend")
  const columns = [
    { title: 'workload' },
    { title: 'asked' },
    { title: 'measured', align: 'right' as const },
    { title: '' },
  ]
  const rows = targets.map(({ workload, asked, measured, isMet }) => [
    workload,
    asked,
    measured,
    isMet ? 'met' : 'missed',
  ])
  console.log(`\n${alignedTable(columns, rows).join('\n')}`)
}

export function printPrevious({ revision, specs, compared, differences }: PreviousReport): void {
  const { name, subject } = revision
  const rule =
    'The ratio is that of speeds, by medians: above 1 this build is faster. No word beside it: the ranges overlap.'
  heading(`This build beside ${name}`, `${name} is "${subject}"; ${specs}.`, rule)
  const rows = compared.map(({ title, unit, now, before, ratio: speeds }) => {
    const [shown, ranged] =
      unit === 'ms'
        ? [(value: number) => `${value.toFixed(1)} ms`, (all: Figure) => range(all, 1)]
        : [
            (value: number) => `${grouped(value)}/s`,
            (all: Figure) => `${grouped(all.lowest)} - ${grouped(all.highest)}`,
          ]
    return [
      title,
      shown(now.median),
      ranged(now),
      shown(before.median),
      ranged(before),
      ratio(speeds, 1),
      verdict(now, before, speeds),
    ]
  })
  console.log(`\n${rightAligned('workload', ['this build', 'range', name, 'range', 'ratio', ''], rows)}`)
  for (const line of differenceLines(differences)) console.log(`\n${line}`)
}

function verdict(now: Figure, before: Figure, speeds: number): string {
  if (now.lowest <= before.highest && before.lowest <= now.highest) return ''
  return speeds > 1 ? 'faster' : 'slower'
}

function range({ lowest, highest }: Figure, digits: number): string {
  return `${lowest.toFixed(digits)} - ${highest.toFixed(digits)}`
}

function rightAligned(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = columns.map((column) => ({ title: column, align: 'right' as const }))
  return alignedTable([{ title }, ...head], rows).join('\n')
}

export function heading(title: string, ...lines: readonly string[]): void {
  console.log(`\n${title}\n${'='.repeat(title.length)}`)
  for (const line of lines) console.log(printable(line))
}

function printMeasured(measured: readonly Measured[]): void {
  for (const one of measured) console.log(`\n${measuredLines(one).join('\n')}`)
}
