// Instances that ended or were let go, for later ones of the same module to begin in. Making an instance takes V8 half a
// millisecond and leaves it 40 kB to collect, and every instance counts for the collection of all memory; wiping one and
// filling it from a snapshot takes a tenth of that and leaves nothing.

import type { Instantiated, WasmGuest } from './guest.ts'

interface Spare {
  readonly module: WebAssembly.Module
  readonly kind: WasmGuest['interchangeable']
  readonly made: Instantiated
}

/**
 * A few spares, the latest last. They belong to one thread, as instances do.
 *
 * @internal
 */
export class Spares {
  readonly #most: number
  readonly #spares: Spare[] = []

  /** @param most - how many are kept; beyond, the one that has waited longest goes */
  constructor(most: number) {
    this.#most = most
  }

  /** Takes an instance that nobody can reach any more. */
  give({ module, interchangeable: kind }: WasmGuest, made: Instantiated): void {
    this.#spares.push({ module, kind, made })
    if (this.#spares.length > this.#most) this.#spares.shift()
  }

  /** An instance to begin in, whose memory has not grown beyond `memoryBytes`: it cannot shrink. */
  take({ module, interchangeable: kind }: WasmGuest, memoryBytes: number): Instantiated | undefined {
    const found = this.#spares.findLastIndex(
      (spare) => spare.module === module && spare.kind === kind && spare.made.memory.buffer.byteLength <= memoryBytes,
    )
    return this.#spares.splice(found, found < 0 ? 0 : 1)[0]?.made
  }
}
