/** Which cells a run of the command consists of, and which rows are left out of it. */
import type { Cell } from './result.ts'
import { type Backend, type RowId, rows, workerCounts } from './rows.ts'

/** What the command line asks for. */
export interface Wanted {
  readonly workers: readonly number[]
  readonly seconds: number
  readonly backends: readonly Backend[]
}

/** A row that does not run, and why. */
export interface LeftOut {
  readonly row: RowId
  readonly reason: string
}

export interface Plan {
  readonly cells: readonly Cell[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * Lays out the matrix.
 *
 * @param nativeObstacle - why the native backend cannot run here; `undefined` when it can
 */
export function layOut({ workers, seconds, backends }: Wanted, nativeObstacle: string | undefined): Plan {
  const cells: Cell[] = []
  const leftOut: LeftOut[] = []
  for (const row of rows) {
    if (row.backend !== undefined && !backends.includes(row.backend))
      leftOut.push({ row: row.id, reason: `--backend ${backends.join(',')} leaves it out` })
    else if (row.backend === 'native' && nativeObstacle !== undefined)
      leftOut.push({ row: row.id, reason: nativeObstacle })
    else for (const count of workerCounts(row, workers)) cells.push({ row: row.id, workers: count, seconds })
  }
  return { cells, leftOut }
}
