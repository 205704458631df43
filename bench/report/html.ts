/** The report of a run: one HTML file that needs nothing else. */

import type { Measured } from '../../src/cli/bench/rounds.ts'
import { bestPeer, ratio } from '../../src/cli/bench/table.ts'
import { measurements } from '../../src/cli/bench/workload.ts'
import { safe } from '../../src/cli/html.ts'
import { counted, grouped } from '../../src/cli/printable.ts'
import { factsTable } from '../../src/cli/report-facts.ts'
import { growthOf } from '../workloads/start/index.ts'
import { type Bar, barChart } from './bars.ts'
import type { BenchReport } from './bench-report.ts'
import { growthChart } from './lines.ts'
import { mainPanels, panelChart } from './main-chart.ts'
import { benchStyle } from './style.ts'
import { targetsOf } from './targets.ts'

const wide = 860
const narrow = 360

export function renderReport(report: BenchReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>framegate bench</title>
<style>${benchStyle}</style>
</head>
<body>
<h1>How fast is framegate, beside the others?</h1>
${headline(report)}
${mainSection(report)}
${growthSection(report)}
${startSection(report)}
${threadsSection(report)}
${targetsSection(report)}
${figuresSection(report)}
<h2>Where it ran</h2>
${facts(report)}
</body>
</html>
`
}

function headline({ statsig, isQuick }: BenchReport): string {
  const fresh = statsig?.measured.find(({ what }) => what === 'fresh')?.results
  if (!fresh) return ''
  const of = (name: string) => fresh.find(({ engine }) => engine === name)!.perSecond.median
  const own = of('framegate wasm')
  const quick = isQuick ? ' This was a quick run: its figures say less.' : ''
  return `<section class="verdict"><strong>${grouped(own)} gates a second</strong>
for users that it has never seen, on one thread: ${ratio(own, of('statsig-node'))} of statsig-node,
${ratio(own, of('statsig-node-core'))} of Statsig's native engine. Before anything was timed, every engine's answers were compared.${quick}</section>`
}

function mainSection(report: BenchReport): string {
  const panels = mainPanels(report).map(
    (panel) => `<h3>${safe(panel.title)}</h3>
<div class="chart"><div class="wide">${panelChart(panel, wide)}</div><div class="narrow">${panelChart(panel, narrow)}</div></div>`,
  )
  if (panels.length === 0) return ''
  return `<h2>Evaluations a second, a fresh user for every call</h2>
${panels.join('\n')}
<p class="note">One thread. The thin line on a bar is the range over the rounds; x is to the best engine that is not framegate.</p>`
}

function growthSection({ growth }: BenchReport): string {
  if (growth === undefined) return ''
  const charts = growth.axes.map(
    (axis) => `<div class="chart"><h3>${safe(axis.title)}</h3>${growthChart(axis, 420)}</div>`,
  )
  return `<h2>What an evaluation costs as things grow</h2>
<div class="grid">${charts.join('\n')}</div>
<p class="note">Both scales are logarithmic: a flat line is a cost that does not grow.</p>`
}

function startSection({ start }: BenchReport): string {
  if (start === undefined) return ''
  const specs = start.started.filter(({ origin }) => origin !== 'flags')
  const name = ({ engine, origin }: { engine: string; origin: string }) =>
    origin === 'snapshot' ? 'wasm, snapshot' : engine
  const milliseconds = specs.map((result) =>
    bar(name(result), result.firstAnswer.median, `${result.firstAnswer.median.toFixed(1)} ms`),
  )
  const memory = specs.map((result) => bar(name(result), result.memory.median, `${result.memory.median.toFixed(0)} MB`))
  const loops = start.busyLoops.map((loop) => {
    const { engine, users, isStopped } = loop
    const grown = Math.max(0, growthOf(loop))
    return bar(
      engine,
      grown,
      isStopped ? `${grown.toFixed(0)} MB, stopped` : `${grown.toFixed(0)} MB, ${grouped(users)}`,
    )
  })
  const chart = (title: string, bars: readonly Bar[]) =>
    `<div class="chart"><h3>${title}</h3>${barChart(bars, title, 420, (value) => grouped(value))}</div>`
  return `<h2>Starting, and memory</h2>
<div class="grid">${chart('First answer from specs, ms', milliseconds)}
${chart('Memory over a bare Node, MB', memory)}
${chart('Growth over fresh users in a loop that never yields, MB', loops)}</div>
<p class="note">${grouped(start.bytes)} bytes of specs; each start in a process of its own; loading the package comes before.
A bare Node takes ${start.bareNodeMB.toFixed(0)} MB. The number behind a growth is that of users; it is that of the
second half of them, but for an engine that was stopped.</p>`
}

function bar(label: string, value: number, text: string): Bar {
  return { label, value, text, isOwn: label.startsWith('framegate') || label.startsWith('wasm') }
}

function threadsSection({ threads }: BenchReport): string {
  if (threads === undefined) return ''
  const bars = threads.ratios.map(({ engine, twoToOne }) => bar(engine, twoToOne, `${twoToOne.toFixed(2)}x`))
  return `<h2>Two threads to one</h2>
<div class="chart">${barChart(bars, 'Two threads to one', 420, (value) => `${value}x`)}</div>`
}

function targetsSection(report: BenchReport): string {
  const rows = targetsOf(report).map(
    ({ workload, asked, measured, isMet }) =>
      `<tr><td>${safe(workload)}</td><td>${safe(asked)}</td><td>${safe(measured)}</td><td class="${isMet ? 'met' : 'missed'}">${isMet ? 'met' : 'missed'}</td></tr>`,
  )
  if (rows.length === 0) return ''
  return `<h2>What was to be reached</h2>
<div class="scroll"><table class="targets"><thead><tr><th>workload</th><th>asked</th><th>measured</th><th></th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
<p class="note">Of framegate's wasm backend; ratios of medians in this run.</p>`
}

function figuresSection({ statsig, flags, threads }: BenchReport): string {
  const measured = [...(statsig?.measured ?? []), ...(flags?.measured ?? []), ...(threads?.measured ?? [])]
  if (measured.length === 0) return ''
  const differences = (statsig?.knownDifferences ?? []).map(
    ({ engine, question, users }) => `<li>${safe(engine)}: ${safe(question)} (${counted(users, 'user')})</li>`,
  )
  return `<h2>All rates</h2>
${measured.map(figureTable).join('\n')}
${differences.length > 0 ? `<p>Answers known to differ from those of Statsig's native engine:</p><ul>${differences.join('')}</ul>` : ''}`
}

function figureTable({ title, results }: Measured): string {
  const best = bestPeer(results)?.perSecond.median
  const rows = results.map(({ engine, version, perSecond: { median, lowest, highest } }) => {
    const cells = [`${safe(engine)} ${safe(version)}`, grouped(median), `${grouped(lowest)} - ${grouped(highest)}`]
    if (best) cells.push(ratio(median, best))
    const kind = engine.startsWith('framegate') ? ' class="own"' : ''
    return `<tr${kind}>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  })
  const titles = ['a second', 'range', ...(best ? ['to best peer'] : [])]
  return `<div class="scroll"><table class="figures"><thead><tr><th>${safe(title)}</th>${titles.map((text) => `<th>${text}</th>`).join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`
}

function facts({ machine, seconds, rounds, isQuick, statsig }: BenchReport): string {
  return factsTable(machine, [
    ['Rounds', `${rounds} in turns, ${seconds} s for each of the ${Object.keys(measurements).length} measurements`],
    ...(statsig ? [['Specs', safe(`${statsig.specs}, ${grouped(statsig.bytes)} bytes`)] as const] : []),
    ['Began', safe(machine.time)],
    ['Run again', `<code>make bench</code> or <code>npx framegate bench${isQuick ? ' --quick' : ''}</code>`],
  ])
}
