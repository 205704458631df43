/** The matrix and the verdict as text for a terminal. */
import picocolors from 'picocolors'
import { alignedTable, type Column, grouped } from '../printable.ts'
import { type CellResult, type WrongKind, wrongTotal } from './result.ts'
import { rowOf } from './rows.ts'
import { type CellOutcome, leftOutLines, outcomeOf, type Verdict } from './verdict.ts'

/** How outcomes are called in the table and the report. */
export const outcomeNames: Readonly<Record<CellOutcome, string>> = {
  clean: 'clean',
  caught: 'caught',
  wrong: 'WRONG',
  missed: 'NOT CAUGHT',
  crashed: 'CRASHED',
  idle: 'NOTHING DONE',
}

/** How the kinds of wrong replies are called. */
export const wrongNames: Readonly<Record<WrongKind, string>> = {
  another: "another's",
  nothing: 'nothing',
  argument: 'argument',
  unknown: 'unknown',
}

/** The kinds that have a column: replies that no call can have made only where there are any. */
export function shownKinds(results: readonly CellResult[]): readonly WrongKind[] {
  const usual: WrongKind[] = ['another', 'nothing', 'argument']
  return results.some(({ wrong }) => wrong.unknown > 0) ? [...usual, 'unknown'] : usual
}

/** The whole of what the command prints at its end. */
export function renderText(results: readonly CellResult[], verdict: Verdict, useColors: boolean): string {
  const colors = picocolors.createColors(useColors)
  const kinds = shownKinds(results)
  const columns: Column[] = [
    { title: 'row' },
    ...['workers', 'ops', 'ops/s', 'wrong', ...kinds.map((kind) => wrongNames[kind]), 'first wrong', 'crashes'].map(
      (title): Column => ({ title, align: 'right' }),
    ),
    { title: 'outcome' },
  ]
  const [head = '', ...lines] = alignedTable(
    columns,
    results.map((result, index) => [
      result.row === results[index - 1]?.row ? '' : rowOf(result.row).title,
      grouped(result.workers),
      grouped(result.operations),
      rate(result),
      grouped(wrongTotal(result)),
      ...kinds.map((kind) => grouped(result.wrong[kind])),
      firstWrong(result),
      result.crash === null ? '0' : '1',
      outcomeNames[outcomeOf(result)],
    ]),
  )
  const painted = lines.map((line, index) => {
    const outcome = outcomeOf(results[index] as CellResult)
    if (outcome === 'clean') return line
    return outcome === 'caught' ? colors.dim(line) : colors.red(line)
  })
  return `${[
    colors.bold(head),
    ...painted,
    '',
    ...leftOutLines(verdict).map((line) => `left out: ${line}`),
    ...verdict.reasons.map((reason) => colors.red(`objection: ${reason}`)),
    `${verdict.proved ? colors.green(colors.bold('proved')) : colors.red(colors.bold('not proved'))}: ${verdict.summary}`,
  ].join('\n')}\n`
}

/** Operations a second, or a dash where there was no time. */
export function rate({ operations, seconds }: CellResult): string {
  return seconds > 0 ? grouped(operations / seconds) : '-'
}

/** `2.1 ms` or `1.32 s`, or a dash for never. */
export function firstWrong({ firstWrong: after }: CellResult): string {
  if (after === null) return '-'
  return after < 1 ? `${(after * 1000).toFixed(1)} ms` : `${after.toFixed(2)} s`
}
