/**
 * What the matrix proves. The verdict is "proved" only when the harness has shown that it sees wrong replies (every
 * control was caught in every one of its cells) and saw none anywhere else, in runs that did something.
 */
import { counted, grouped } from '../printable.ts'
import type { LeftOut, Plan } from './plan.ts'
import { type CellResult, wrongTotal } from './result.ts'
import { type Row, rowOf, rows } from './rows.ts'

/** How a cell came out. `idle`: nothing was done; `missed`: a control that was not caught. */
export type CellOutcome = 'clean' | 'caught' | 'wrong' | 'missed' | 'crashed' | 'idle'

export interface Verdict {
  readonly proved: boolean
  /** One sentence. */
  readonly summary: string
  /** Why it is not proved; empty when it is. */
  readonly reasons: readonly string[]
  readonly leftOut: readonly LeftOut[]
}

/** How a cell came out. A crash outweighs what was counted before it; a wrong reply is never outweighed by it. */
export function outcomeOf(result: CellResult): CellOutcome {
  const isControl = rowOf(result.row).kind === 'control'
  const wrong = wrongTotal(result) > 0
  if (wrong && !isControl) return 'wrong'
  if (result.crash !== null) return 'crashed'
  if (result.operations === 0) return 'idle'
  if (isControl) return wrong ? 'caught' : 'missed'
  return 'clean'
}

/** Judges the results of a plan. A cell of the plan without a result counts against it. */
export function judge(plan: Plan, results: readonly CellResult[]): Verdict {
  const reasons = results.map(reasonAgainst).filter((reason) => reason !== undefined)
  for (const cell of plan.cells)
    if (!results.some(({ row, workers }) => row === cell.row && workers === cell.workers))
      reasons.push(`${placeOf(cell)} was not run.`)
  for (const row of rows)
    if (row.kind === 'control' && !plan.cells.some((cell) => cell.row === row.id))
      reasons.push(`${row.title} was not part of the run: nothing shows that a wrong reply would be seen.`)
  const real = results.filter(({ row }) => rowOf(row).kind !== 'control')
  if (!plan.cells.some(({ row }) => rowOf(row).kind === 'real')) reasons.push('No real row was part of the run.')

  const proved = reasons.length === 0
  const sum = real.reduce((total, { operations }) => total + operations, 0)
  const wrong = real.reduce((total, result) => total + wrongTotal(result), 0)
  const done = `${counted(sum, 'operation')} in ${counted(real.length, 'run')}, ${grouped(wrong)} wrong`
  const without = plan.leftOut.length > 0 ? `; ${counted(plan.leftOut.length, 'row')} left out` : ''
  return {
    proved,
    summary: `${done}; ${proved ? 'every control was caught' : counted(reasons.length, 'objection')}${without}.`,
    reasons,
    leftOut: plan.leftOut,
  }
}

/** The rows left out in words, a line for each reason. */
export function leftOutLines({ leftOut }: Verdict): string[] {
  const reasons = [...new Set(leftOut.map(({ reason }) => reason))]
  return reasons.map((reason) => {
    const titles = leftOut.filter((row) => row.reason === reason).map(({ row }) => rowOf(row).title)
    return `${titles.join('; ')} (${reason})`
  })
}

function reasonAgainst(result: CellResult): string | undefined {
  const place = placeOf(result)
  switch (outcomeOf(result)) {
    case 'clean':
    case 'caught':
      return undefined
    case 'wrong':
      return `${place} gave ${counted(wrongTotal(result), 'wrong reply').replace(/replys$/, 'replies')}${firstExample(result)}.`
    case 'crashed':
      return `${place} crashed: ${result.crash?.replace(/[.!?]$/, '')}.`
    case 'idle':
      return `${place} did nothing.`
    case 'missed':
      return `${place} was not caught in ${result.seconds.toFixed(1)} s: the harness would not see such a defect elsewhere either.`
  }
}

function firstExample({ examples: [first] }: CellResult): string {
  return first === undefined ? '' : `, the first for ${first.asked}: ${first.got}`
}

function placeOf({ row, workers }: Pick<CellResult, 'row' | 'workers'>): string {
  return `${rowOf(row).title}, ${workersOf(rowOf(row), workers)}`
}

/** `8 workers`, in the word for what a worker of that row is. */
export function workersOf(row: Row, workers: number): string {
  if (row.worker === 'call in flight') return `${counted(workers, 'call')} in flight`
  if (row.worker === 'nested call') return 'one thread'
  return counted(workers, row.worker === 'C thread' ? 'C thread' : 'thread')
}
