/** Growth of cost as lines on logarithmic scales, one small chart for each thing that grows. */
import { axisX, axisY, dot, text as drawText, gridY, line, plot } from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { GrowthReport } from '../workloads/growth/index.ts'
import { shortNumber } from './bars.ts'

type Axis = GrowthReport['axes'][number]

const colors: Readonly<Record<string, string>> = {
  'framegate wasm': 'var(--own)',
  'framegate native': 'var(--own-other)',
}

const height = 240
const marginTop = 16
const marginBottom = 28
const lineHeight = 15
const powersOfTen = [1, 2, 3, 4, 5, 6, 7, 8].map((exponent) => 10 ** exponent)

export function growthChart({ title, points }: Axis, width: number): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const drawn = points.map(({ engine, size, nanoseconds }) => ({
    engine,
    size,
    nanoseconds: nanoseconds.median,
    color: colors[engine] ?? 'var(--peer-text)',
  }))
  const sizes = [...new Set(drawn.map(({ size }) => size))]
  const last = drawn.filter(({ size }) => size === sizes.at(-1))
  const costs = drawn.map(({ nanoseconds }) => nanoseconds)
  const [least, most] = [Math.min(...costs) / 1.5, Math.max(...costs) * 1.5]
  const ticks = powersOfTen.filter((power) => power >= least && power <= most)
  const figure = plot({
    document,
    width,
    height,
    ...{ marginLeft: 60, marginRight: 128, marginTop, marginBottom },
    style: { background: 'none', color: 'inherit', fontFamily: 'inherit', fontSize: '12px' },
    ariaLabel: `Nanoseconds per evaluation, by ${title}`,
    x: { type: 'log', domain: [sizes[0]!, sizes.at(-1)!], label: null },
    y: { type: 'log', domain: [least, most], label: null },
    marks: [
      gridY({ ticks, stroke: 'var(--line)', strokeOpacity: 1 }),
      axisX({ ticks: sizes, tickFormat: shortNumber, tickSize: 3, fill: 'var(--muted)' }),
      axisY({ ticks, tickFormat: durationText, tickSize: 0, fill: 'var(--muted)' }),
      line(drawn, { x: 'size', y: 'nanoseconds', z: 'engine', stroke: 'color', strokeWidth: 2 }),
      dot(drawn, { x: 'size', y: 'nanoseconds', fill: 'color', r: 3 }),
      drawText(apart(last, most / least), {
        x: 'size',
        y: 'labelAt',
        text: 'engine',
        textAnchor: 'start',
        dx: 8,
        fill: 'color',
      }),
    ],
  })
  return figure.outerHTML
}

/**
 * Labels at the ends of lines, moved up where they would lie on one another.
 *
 * @param span - from the lower to the upper end of the scale, as a factor
 */
function apart<Point extends { readonly nanoseconds: number }>(points: readonly Point[], span: number) {
  const step = span ** (lineHeight / (height - marginTop - marginBottom))
  let below = 0
  return [...points]
    .sort((a, b) => a.nanoseconds - b.nanoseconds)
    .map((point) => {
      below = Math.max(point.nanoseconds, below * step)
      return { ...point, labelAt: below }
    })
}

function durationText(nanoseconds: number): string {
  if (nanoseconds >= 1e6) return `${nanoseconds / 1e6} ms`
  return nanoseconds >= 1000 ? `${nanoseconds / 1000} µs` : `${nanoseconds} ns`
}
