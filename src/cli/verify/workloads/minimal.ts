/** The minimal workload: the probe's `char *probe_alloc(uint64_t seed)`, and whether the text is this call's own. */
import { readFileSync } from 'node:fs'
import { type Guest, open } from '../../../ffi/index.ts'
import { built, loadKoffi, probeLibraryName, probeModuleName } from '../../built-files.ts'
import type { Tally } from '../counters.ts'
import { classifyText, Seeds } from '../seeds.ts'
import type { Place, Workload } from '../workload.ts'

const definitions = {
  probe_alloc: { parameters: ['u64'], result: { type: 'cstring', free: 'probe_free' } },
} as const

/** Operations between two looks at the clock. */
const batch = 256

/** An instance per thread. */
export const wasmMinimal: Workload<WebAssembly.Module> = {
  share: () => new WebAssembly.Module(readFileSync(built(probeModuleName))),
  prepare: (module, place) => allocating(probeOf({ module }), place),
}

/** One shared object, called from all threads. */
export const nativeMinimal: Workload<string> = {
  share: () => built(probeLibraryName),
  prepare: (library, place) => allocating(probeOf({ library, koffi: loadKoffi() }), place),
}

function probeOf(guest: Guest): (seed: bigint) => string | null {
  return open(guest, definitions).symbols.probe_alloc
}

/** Asks for a text with one seed after another and looks whether it is the one of that call. */
export function allocating(
  allocate: (seed: bigint) => string | null,
  { thread, workers }: Place,
): (tally: Tally) => void {
  const seeds = new Seeds(thread)
  return (tally) => {
    do {
      for (let count = 0; count < batch; count++) {
        const text = allocate(seeds.next())
        if (text === seeds.text) continue
        tally.wrong({ kind: classifyText(text, workers), worker: thread, asked: seeds.text, got: String(text) })
      }
    } while (tally.more(batch))
  }
}
