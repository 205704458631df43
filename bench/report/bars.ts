/** Bars with their figures beside them, as SVG that takes its colours from the page. */
import { axisX, barX, text as drawText, gridX, plot, ruleY } from '@observablehq/plot'
import { parseHTML } from 'linkedom'

export interface Bar {
  readonly label: string
  readonly value: number
  /** What stands at its end. */
  readonly text: string
  /** framegate's own. */
  readonly isOwn: boolean
  /** The lowest and the highest, where there are several. */
  readonly range?: readonly [number, number]
}

const barHeight = 24
const marginTop = 26
/** Room for the names on the left, and for the text behind the longest bar. */
const nameWidth = 142
const textWidth = 128

const besideBars = {
  y: 'label',
  text: 'label',
  frameAnchor: 'left',
  dx: -8,
  textAnchor: 'end',
  fill: 'currentColor',
} as const

export function heightOf(bars: readonly Bar[]): number {
  return bars.length * barHeight + marginTop + 6
}

/**
 * @param width - of the drawing, in pixels at which its text has its own size
 * @param what - for those who cannot see it
 */
export function barChart(
  bars: readonly Bar[],
  what: string,
  width: number,
  tickFormat: (value: number) => string,
): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const most = Math.max(...bars.map(({ value, range }) => range?.[1] ?? value))
  const ranges = bars.flatMap(({ label, range }) => (range ? [{ label, from: range[0], to: range[1] }] : []))
  const figure = plot({
    document,
    width,
    height: heightOf(bars),
    ...{ marginLeft: nameWidth, marginRight: textWidth, marginTop, marginBottom: 6 },
    style: { background: 'none', color: 'inherit', fontFamily: 'inherit', fontSize: '12px' },
    ariaLabel: what,
    x: { domain: [0, most], label: null },
    y: { type: 'band', domain: bars.map(({ label }) => label), axis: null, padding: 0.25 },
    marks: [
      axisX({ anchor: 'top', ticks: width < 500 ? 2 : 5, tickFormat, tickSize: 0, fill: 'var(--muted)' }),
      gridX({ ticks: width < 500 ? 2 : 5, stroke: 'var(--line)', strokeOpacity: 1 }),
      barX(bars, { x: 'value', y: 'label', fill: (bar: Bar) => (bar.isOwn ? 'var(--own)' : 'var(--peer)') }),
      ruleY(ranges, { x1: 'from', x2: 'to', y: 'label', stroke: 'var(--text)', strokeOpacity: 0.55 }),
      ...[true, false].map((isOwn) =>
        drawText(
          bars.filter((bar) => bar.isOwn === isOwn),
          { ...besideBars, fontWeight: isOwn ? 600 : 400 },
        ),
      ),
      drawText(bars, {
        x: (bar: Bar) => bar.range?.[1] ?? bar.value,
        y: 'label',
        text: 'text',
        textAnchor: 'start',
        dx: 7,
        fill: 'currentColor',
      }),
    ],
  })
  return figure.outerHTML
}

/** `1,410,389` as `1.41 M`. */
export function shortNumber(count: number): string {
  const [scaled, unit] = count >= 999_500 ? [count / 1e6, ' M'] : count >= 1000 ? [count / 1000, ' k'] : [count, '']
  return `${Number.isInteger(scaled) ? scaled : scaled.toPrecision(3)}${unit}`
}
