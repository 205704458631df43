/** The minimal workload in C alone: the probe's own threads, which one thread of JavaScript starts and waits for. */
import { createRequire } from 'node:module'
import { built, probeLibraryName } from '../../built-files.ts'
import type { Workload } from '../workload.ts'

/** Seconds between two reports; a slice is one call. */
const slice = 0.25

/** Called through koffi itself: the reference must not depend on the shim. */
interface PlainKoffi {
  load(path: string): { func(prototype: string): (...values: unknown[]) => number }
}

export const cThreads: Workload<string> = {
  share: () => built(probeLibraryName),
  prepare: (library, { workers, seconds }) => {
    const koffi = createRequire(import.meta.url)('koffi') as PlainKoffi
    const race = koffi
      .load(library)
      .func('int32_t probe_race(uint32_t threads, double seconds, void *operations, void *wrong, void *first_wrong)')
    return (tally) => {
      const counts = new BigUint64Array(2)
      const firstWrong = new Float64Array(1)
      do {
        const failure = race(workers, Math.min(slice, seconds), counts.subarray(0, 1), counts.subarray(1), firstWrong)
        if (failure !== 0) throw new Error(`a thread of C could not be started (errno ${failure})`)
        const wrong = Number(counts[1])
        // Which text it was stays in C.
        if (wrong > 0) tally.wrong({ kind: 'unknown', worker: 0, asked: 'its own seed', got: 'another text' }, wrong)
      } while (tally.more(Number(counts[0])))
    }
  },
}
