/** What a case has to say: figures, each with its range over the rounds and, where one was set, the aim beside it. */
import { type Figure, figure } from '../../src/cli/bench/figure.ts'
import { table } from '../table.ts'

/** What a figure is to be; `exactly` is for counts. */
export interface Aim {
  readonly is: 'at most' | 'at least' | 'exactly'
  readonly value: number
}

export interface Row {
  readonly what: string
  readonly unit: Unit
  readonly figure: Figure
  readonly aim?: Aim
  /** The figure to the aim. */
  readonly toAim?: number
  readonly verdict?: 'met' | 'missed'
}

type Unit = 'ms' | 'µs' | 'MB' | 'kB' | 'x' | '%' | '/s' | ''

export interface CaseReport {
  readonly title: string
  /** How much of what was measured, in words. */
  readonly sizes: string
  readonly rows: readonly Row[]
  readonly notes: readonly string[]
}

/** A row of one value, or of one for each round. */
export function row(what: string, unit: Unit, values: number | readonly number[], aim?: Aim): Row {
  const given = figure(typeof values === 'number' ? [values] : values)
  if (aim === undefined) return { what, unit, figure: given }
  return { what, unit, figure: given, aim, toAim: given.median / aim.value, verdict: verdict(given.median, aim) }
}

export const atMost = (value: number): Aim => ({ is: 'at most', value })
export const atLeast = (value: number): Aim => ({ is: 'at least', value })
export const exactly = (value: number): Aim => ({ is: 'exactly', value })

function verdict(value: number, { is, value: aim }: Aim): 'met' | 'missed' {
  const isMet = is === 'at most' ? value <= aim : is === 'at least' ? value >= aim : value === aim
  return isMet ? 'met' : 'missed'
}

export function printCase({ title, sizes, rows, notes }: CaseReport): void {
  console.log(`\n${title}`)
  console.log(`  ${sizes}\n`)
  const head = ['', 'figure', 'range', 'aim', 'to aim', '']
  console.log(table([head, ...rows.map(cells)]))
  for (const note of notes) console.log(`  ${note}`)
}

function cells({ what, unit, figure: { median, lowest, highest }, aim, toAim, verdict }: Row): string[] {
  const range = lowest === highest ? '' : `${digits(lowest)} - ${digits(highest)}`
  return [
    what,
    `${digits(median)} ${unit}`.trimEnd(),
    range,
    aim === undefined ? '' : `${aim.is} ${digits(aim.value)}`,
    toAim === undefined ? '' : `${toAim.toFixed(2)}x`,
    verdict ?? '',
  ]
}

/** Three digits that count, and all before the point. */
function digits(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return Number(value.toPrecision(3)).toString()
}
