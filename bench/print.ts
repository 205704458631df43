/** The parts as text for a terminal. */

import type { Measured } from '../src/cli/bench/rounds.ts'
import { differenceLines, measuredLines } from '../src/cli/bench/table.ts'
import { printable } from '../src/cli/printable.ts'
import type { FlagsReport } from './workloads/flags/index.ts'
import type { StatsigReport } from './workloads/statsig/index.ts'

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

export function heading(title: string, ...lines: readonly string[]): void {
  console.log(`\n${title}\n${'='.repeat(title.length)}`)
  for (const line of lines) console.log(printable(line))
}

function printMeasured(measured: readonly Measured[]): void {
  for (const one of measured) console.log(`\n${measuredLines(one).join('\n')}`)
}
