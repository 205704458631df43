/** A progress bar on standard error while measurements run. */
import { terminalBar } from '../terminal-bar.ts'
import type { Watch } from './rounds.ts'

/**
 * Measures with a bar while it lasts.
 *
 * @param isShown - whether standard error is a terminal that somebody looks at
 */
export async function watched<Result>(isShown: boolean, measure: (watch: Watch) => Promise<Result>): Promise<Result> {
  if (!isShown) return measure(() => {})
  const bar = await terminalBar('{bar} {value}/{total} {what}', 20)
  bar.start(1, 0, { what: '' })
  try {
    return await measure((done, all, what) => {
      bar.setTotal(all)
      bar.update(done, { what })
    })
  } finally {
    bar.stop()
  }
}
