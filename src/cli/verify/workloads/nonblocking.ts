/** The minimal workload from one thread that keeps N calls in flight, which koffi runs on threads of its own. */
import { open } from '../../../ffi/index.ts'
import { built, loadKoffi, probeLibraryName } from '../../built-files.ts'
import { classifyText, Seeds } from '../seeds.ts'
import type { Workload } from '../workload.ts'

const definitions = {
  probe_alloc: { parameters: ['u64'], result: { type: 'cstring', free: 'probe_free' }, nonblocking: true },
} as const

export const nonblocking: Workload<string> = {
  share: () => built(probeLibraryName),
  prepare: (library, { workers }) => {
    const { probe_alloc } = open({ library, koffi: loadKoffi() }, definitions).symbols
    return async (tally) => {
      const lane = async (worker: number) => {
        const seeds = new Seeds(worker)
        do {
          const text = await probe_alloc(seeds.next())
          if (text !== seeds.text)
            tally.wrong({ kind: classifyText(text, workers), worker, asked: seeds.text, got: String(text) })
        } while (tally.more(1))
      }
      await Promise.all(Array.from({ length: workers }, (_, worker) => lane(worker)))
    }
  },
}
