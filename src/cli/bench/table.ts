/** Measurements as tables of text. */
import { alignedTable, grouped } from '../printable.ts'
import type { Difference } from './comparison.ts'
import type { EngineFigure, Measured } from './rounds.ts'

/**
 * The best engine that is not framegate: what framegate is compared with.
 *
 * @returns undefined where framegate is alone
 */
export function bestPeer(results: readonly EngineFigure[]): EngineFigure | undefined {
  const peers = results.filter(({ engine }) => !engine.startsWith('framegate'))
  return peers.sort((a, b) => b.perSecond.median - a.perSecond.median)[0]
}

/** Title and table, with the ratio to the best peer, and to core where it is there. */
export function measuredLines({ title, results }: Measured): string[] {
  const best = bestPeer(results)?.perSecond.median
  const core = results.find(({ engine }) => engine === 'statsig-node-core')?.perSecond.median
  const columns = ['per second', 'range', ...(best ? ['to best peer'] : []), ...(core ? ['to core'] : [])]
  const rows = results.map(({ engine, version, perSecond: { median, lowest, highest } }) => [
    `${engine} ${version}`,
    grouped(median),
    `${grouped(lowest)} - ${grouped(highest)}`,
    ...(best ? [ratio(median, best)] : []),
    ...(core ? [ratio(median, core)] : []),
  ])
  const head = [{ title }, ...columns.map((column) => ({ title: column, align: 'right' as const }))]
  return alignedTable(head, rows)
}

export function ratio(value: number, base: number): string {
  return `${(value / base).toFixed(2)}x`
}

/** One line for each engine that differs. */
export function differenceLines(known: readonly Difference[]): string[] {
  const engines = [...new Set(known.map(({ engine }) => engine))]
  return engines.map((engine) => {
    const own = known.filter((difference) => difference.engine === engine)
    const named = own.slice(0, 8).map(({ question, users }) => `${question} (${users} users)`)
    const rest = own.length > named.length ? ` and ${own.length - named.length} more` : ''
    return `${engine} answers differently: ${named.join(', ')}${rest}.`
  })
}
