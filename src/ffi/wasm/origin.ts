// Where an instance's memory comes from when it is a snapshot: an instance of the module that has run nothing, filled
// slice by slice, to which its functions and frames are added when it is complete.

import type { Snapshot } from '../snapshot.ts'
import type { Guard } from './boundary.ts'
import { type Instantiated, instantiate, type WasmGuest } from './guest.ts'
import { checkOrigin, restore, restoreSpare } from './image.ts'
import type { Spares } from './spares.ts'

export class Origin {
  readonly snapshot: Snapshot
  readonly made: Instantiated
  readonly #slices: Generator<void>
  /** The instance that this one becomes. */
  #guard: Guard | undefined

  /**
   * @param spares - among which there may be an instance to begin in
   * @throws FramegateError `SNAPSHOT_MISMATCH`, `SNAPSHOT_REFUSED`, `GUEST_MEMORY_EXHAUSTED`
   */
  constructor(guest: WasmGuest, snapshot: Snapshot, spares?: Spares) {
    checkOrigin(guest, snapshot)
    this.snapshot = snapshot
    const spare = spares?.take(guest, snapshot.memoryBytes)
    if (spare !== undefined) {
      this.made = spare
      this.#slices = restoreSpare(guest, spare, snapshot)
      return
    }
    const host: Guard['host'] = (call) =>
      ((...values: never[]) => (this.#guard as Guard).host(call)(...values)) as typeof call
    this.made = instantiate(
      guest,
      {
        run: (symbol, call) => (this.#guard ? this.#guard.run(symbol, call) : call()),
        isRetired: () => this.#guard?.isRetired() === true,
        host,
      },
      true,
    )
    this.#slices = restore(this.made, snapshot)
  }

  /** Copies the next slice; whether there are more. */
  advance(): boolean {
    return this.#slices.next().done !== true
  }

  /** Copies what is left. */
  complete(): this {
    while (this.advance());
    return this
  }

  attach(guard: Guard): void {
    this.#guard = guard
  }
}
