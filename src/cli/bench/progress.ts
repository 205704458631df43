/** A progress bar on standard error while measurements run. */
import type { SingleBar } from 'cli-progress'

export class BenchBar {
  #bar: SingleBar | undefined

  /** @param shown - whether standard error is a terminal that somebody looks at */
  static async start(shown: boolean): Promise<BenchBar> {
    const bench = new BenchBar()
    if (!shown) return bench
    const { default: cliProgress } = await import('cli-progress')
    bench.#bar = new cliProgress.SingleBar({
      format: '{bar} {value}/{total} {what}',
      barsize: 20,
      clearOnComplete: true,
      hideCursor: false,
      // Without this the bar switches the terminal's line wrap off, and an interrupted run would leave it so.
      linewrap: true,
      stream: process.stderr,
    })
    bench.#bar.start(1, 0, { what: '' })
    return bench
  }

  update(done: number, all: number, what: string): void {
    this.#bar?.setTotal(all)
    this.#bar?.update(done, { what })
  }

  end(): void {
    this.#bar?.stop()
  }
}
