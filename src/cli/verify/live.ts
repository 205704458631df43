/** A progress bar on standard error while the matrix runs; nothing where standard error is no terminal. */
import type { SingleBar } from 'cli-progress'
import { grouped } from '../printable.ts'
import { terminalBar } from '../terminal-bar.ts'
import { type Cell, type Counts, wrongTotal } from './result.ts'
import { rowOf } from './rows.ts'

export class LiveBar {
  readonly #total: number
  #bar: SingleBar | undefined
  /** Seconds of the cells that are over. */
  #before = 0
  #cells = 0
  readonly #cellCount: number

  private constructor(cells: readonly Cell[]) {
    this.#total = cells.reduce((sum, { seconds }) => sum + seconds, 0)
    this.#cellCount = cells.length
  }

  static async start(cells: readonly Cell[], shown: boolean): Promise<LiveBar> {
    const live = new LiveBar(cells)
    if (!shown) return live
    // Within 80 columns also for the longest row; a line that is cut would lose the number that matters.
    live.#bar = await terminalBar('{bar} {run}/{runs} {row} x {workers}: {wrong} wrong of {operations}', 12)
    live.#bar.start(live.#total, 0, { run: 1, runs: cells.length, row: '', workers: '', operations: 0, wrong: 0 })
    return live
  }

  update({ row, workers, seconds: planned }: Cell, counts: Counts, seconds: number): void {
    this.#bar?.update(Math.min(this.#total, this.#before + Math.min(seconds, planned)), {
      run: Math.min(this.#cells + 1, this.#cellCount),
      row: rowOf(row).title,
      workers,
      operations: grouped(counts.operations),
      wrong: grouped(wrongTotal(counts)),
    })
  }

  cellDone({ seconds }: Cell): void {
    this.#before += seconds
    this.#cells++
  }

  end(): void {
    this.#bar?.stop()
  }
}
