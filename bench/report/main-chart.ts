/** The chart that says it at a glance: evaluations per second for users that were never seen before, beside everybody else. */

import type { Measured } from '../../src/cli/bench/rounds.ts'
import { bestPeer } from '../../src/cli/bench/table.ts'
import { type Bar, barChart, heightOf, shortNumber } from './bars.ts'
import type { BenchReport } from './bench-report.ts'

interface Panel {
  readonly title: string
  readonly bars: readonly Bar[]
}

export function mainPanels({ statsig, flags }: BenchReport): Panel[] {
  const panels: [string, Measured | undefined][] = [
    [`Statsig gates of a project (${statsig?.counts.gates} gates)`, fresh(statsig?.measured)],
    ['A flag of 3 rules, in the own format of each engine', fresh(flags?.measured)],
  ]
  return panels.flatMap(([title, measured]) => (measured ? [{ title, bars: rateBars(measured) }] : []))
}

function fresh(measured: readonly Measured[] | undefined): Measured | undefined {
  return measured?.find(({ what }) => what === 'fresh')
}

/** The fastest first; beside each rate how it stands to the best engine that is not framegate. */
function rateBars({ results }: Measured): Bar[] {
  const best = bestPeer(results)!.perSecond.median
  return [...results]
    .sort((a, b) => b.perSecond.median - a.perSecond.median)
    .map(({ engine, perSecond: { median, lowest, highest } }) => ({
      label: engine,
      value: median,
      text: `${shortNumber(median)}/s, ${timesOf(median / best)}`,
      isOwn: engine.startsWith('framegate'),
      range: [lowest, highest],
    }))
}

function timesOf(ratio: number): string {
  return `${ratio >= 0.095 ? ratio.toFixed(1) : ratio.toFixed(2)}x`
}

export function panelChart({ title, bars }: Panel, width: number): string {
  return barChart(bars, `${title}: evaluations per second`, width, shortNumber)
}

const palette = { text: '#1c2128', muted: '#5b6470', line: '#d9dde3', own: '#1a7f4b', peer: '#aab3be' }
const width = 760
const margin = 16
const titleHeight = 30
/** From a panel to the title of the next one. */
const gap = 40

/** All panels in one file that needs no page around it: colours are its own, and so is the ground. */
export function mainChartFile(report: BenchReport): string {
  let top = margin + 2 * titleHeight
  const panels = mainPanels(report).map((panel) => {
    // Its style is for a page: within a drawing it would ask for the drawing's own height.
    const chart = panelChart(panel, width - 2 * margin).replace(/<style>[\s\S]*?<\/style>/, '')
    const title = `<text x="${margin}" y="${top}" font-size="13" font-weight="600">${panel.title}</text>`
    const placed = chart.replace('<svg ', `<svg x="${margin}" y="${top + 6}" `)
    top += heightOf(panel.bars) + gap
    return title + placed
  })
  const height = top - gap + margin
  const { machine, rounds } = report
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img"
 font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" font-size="12" fill="var(--text)" color="var(--text)">
<title>Evaluations per second with a fresh user for every call, one thread</title>
<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>
<text x="${margin}" y="${margin + 14}" font-size="16" font-weight="600">Evaluations per second, a fresh user for every call, one thread</text>
<text x="${margin}" y="${margin + 34}" fill="var(--muted)">${machine.processor}, Node ${machine.node.replace(/^v/, '')}; medians of ${rounds} rounds, the line is the range; x to the best other engine</text>
${panels.join('\n')}
</svg>
`
  return drawn.replace(/var\(--(\w+)\)/g, (_, name: keyof typeof palette) => palette[name])
}
