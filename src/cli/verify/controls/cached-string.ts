/**
 * Control, built to fail: a backend with the defect of node:ffi's string cache. Nothing of it is in the product.
 *
 * The memory of a text argument is kept for each function and parameter, and filled anew at every call. One thread is
 * enough to share it: the probe's `probe_hash_around(text, callback, ...)` calls back before it has done with its text, the
 * callback calls the same function with another text, and that overwrites what the outer call was given. The probe hashes
 * its text before and after and returns 0 where the two differ. No fault is injected: the nested call alone makes it fail.
 */
import { readFileSync } from 'node:fs'
import { built, probeModuleName } from '../../built-files.ts'
import type { Tally } from '../counters.ts'
import type { WrongKind } from '../result.ts'
import type { Workload } from '../workload.ts'
import { instantiateProbe, type ProbeInstance } from './probe-instance.ts'

/** Operations between two looks at the clock. */
const batch = 128

export const cachedString: Workload<WebAssembly.Module> = {
  share: () => new WebAssembly.Module(readFileSync(built(probeModuleName))),
  prepare: (module) => {
    const caller = new CachingCaller(instantiateProbe(module))
    let count = 0
    return (tally: Tally) => {
      do
        for (let done = 0; done < batch; done++) {
          count++
          nest(caller, `outer ${count}`, `inner ${count}`, tally)
        }
      while (
        // Two calls, each of which is checked.
        tally.more(2 * batch)
      )
    }
  },
}

function nest(caller: CachingCaller, outer: string, inner: string, tally: Tally): void {
  const check = (text: string, reply: number) => {
    if (reply === hashOf(text)) return
    const kept = caller.keptText()
    tally.wrong({ kind: classify(reply, kept, inner), worker: 0, asked: `the hash of "${text}"`, got: `"${kept}"` })
  }
  const reply = caller.hashAround(outer, () => {
    check(
      inner,
      caller.hashAround(inner, () => {}),
    )
  })
  check(outer, reply)
}

/** The probe says 0 for a text that changed while it had it; what it changed to tells whose it is. */
function classify(reply: number, kept: string, inner: string): WrongKind {
  return reply === 0 && kept === inner ? 'argument' : 'unknown'
}

/** Calls the probe with text arguments in memory that outlives the call. */
class CachingCaller {
  readonly #probe: ProbeInstance
  /** Where `probe_hash_around` gets its first argument, once it has had one. */
  #cache: { readonly address: number; readonly size: number } | undefined

  constructor(probe: ProbeInstance) {
    this.#probe = probe
  }

  hashAround(text: string, callback: () => void): number {
    return this.#probe.hashAround(this.#cached(text), callback)
  }

  /** What the cached memory holds now. */
  keptText(): string {
    return this.#cache === undefined ? '' : this.#probe.textAt(this.#cache.address)
  }

  #cached(text: string): number {
    const size = text.length + 1
    if (this.#cache === undefined || this.#cache.size < size)
      this.#cache = { address: this.#probe.allocate(2 * size), size: 2 * size }
    this.#probe.writeText(this.#cache.address, text)
    return this.#cache.address
  }
}

/** FNV-1a, as the probe has it. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193) >>> 0
  return hash >>> 0
}
