/** The chart of the report: operations a second of every cell, as SVG that takes its colours from the page. */
import { axisX, dot, text as drawText, gridX, plot } from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { grouped } from '../printable.ts'
import { type CellResult, wrongTotal } from './result.ts'
import { rowOf } from './rows.ts'
import { outcomeOf } from './verdict.ts'

/** A line of the chart: a row's title, or one of its cells. */
interface Line {
  readonly key: string
  readonly title?: string
  readonly cell?: Point
}

interface Point {
  readonly key: string
  readonly workers: string
  readonly rate: number
  readonly label: string
  readonly color: string
  readonly symbol: 'circle' | 'times'
}

const lineHeight = 22
const marginTop = 28
/** Room for the label right of the last point. */
const labelWidth = 150

/**
 * Draws what was done in the cells that did something.
 *
 * @param width - of the drawing, in pixels at which its text has its own size
 */
export function throughputChart(results: readonly CellResult[], width: number): string {
  const lines = linesOf(results.filter(({ operations, seconds }) => operations > 0 && seconds > 0))
  const points = lines.map(({ cell }) => cell).filter((point) => point !== undefined)
  if (points.length === 0) return ''
  const rates = points.map(({ rate }) => rate)
  const decades = powersOfTen(Math.min(...rates), Math.max(...rates))
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const figure = plot({
    document,
    width,
    height: lines.length * lineHeight + marginTop + 8,
    ...{ marginLeft: 34, marginRight: labelWidth, marginTop, marginBottom: 8 },
    style: { background: 'none', color: 'inherit', fontFamily: 'inherit', fontSize: '12px' },
    ariaLabel: 'Operations a second, by row and number of workers',
    x: { type: 'log', domain: [decades[0], Math.max(...rates, 10 * (decades[0] as number))], label: null },
    y: { type: 'band', domain: lines.map(({ key }) => key), axis: null },
    symbol: { type: 'identity' },
    marks: [
      axisX({ anchor: 'top', ticks: decades, tickFormat: shortNumber, tickSize: 0, fill: 'var(--muted)' }),
      gridX({ ticks: decades, stroke: 'var(--line)', strokeOpacity: 1 }),
      drawText(
        lines.filter(({ title }) => title !== undefined),
        { y: 'key', text: 'title', frameAnchor: 'left', dx: -34, fontWeight: 600, fill: 'currentColor' },
      ),
      drawText(points, {
        y: 'key',
        text: 'workers',
        frameAnchor: 'left',
        dx: -8,
        textAnchor: 'end',
        fill: 'var(--muted)',
      }),
      dot(points, { x: 'rate', y: 'key', fill: 'color', stroke: 'color', symbol: 'symbol', r: 4 }),
      drawText(points, { x: 'rate', y: 'key', text: 'label', textAnchor: 'start', dx: 10, fill: 'currentColor' }),
    ],
  })
  return figure.outerHTML
}

function linesOf(results: readonly CellResult[]): Line[] {
  return results.flatMap((result, index): Line[] => {
    const cell = pointOf(result)
    const line = { key: cell.key, cell }
    return result.row === results[index - 1]?.row ? [line] : [{ key: result.row, title: rowOf(result.row).title }, line]
  })
}

function pointOf(result: CellResult): Point {
  const outcome = outcomeOf(result)
  const wrong = wrongTotal(result)
  const rate = result.operations / result.seconds
  return {
    key: `${result.row} ${result.workers}`,
    workers: String(result.workers),
    rate,
    label: wrong > 0 ? `${shortNumber(rate)}, ${grouped(wrong)} wrong` : shortNumber(rate),
    color: outcome === 'clean' ? 'var(--clean)' : outcome === 'caught' ? 'var(--control)' : 'var(--bad)',
    symbol: outcome === 'clean' ? 'circle' : 'times',
  }
}

/** The powers of ten from the one below the smallest to the last one below the largest. */
function powersOfTen(smallest: number, largest: number): number[] {
  const first = Math.floor(Math.log10(smallest))
  return Array.from({ length: Math.floor(Math.log10(largest)) - first + 1 }, (_, index) => 10 ** (first + index))
}

/** `1,410,389` as `1.41 M`; a power of ten without the zeros behind its point. */
function shortNumber(count: number): string {
  const [scaled, unit] = count >= 999_500 ? [count / 1e6, ' M'] : count >= 1000 ? [count / 1000, ' k'] : [count, '']
  return `${Number.isInteger(scaled) ? scaled : scaled.toPrecision(3)}${unit}`
}
