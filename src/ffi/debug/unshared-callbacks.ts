// Function pointers of debug mode: no slot is used a second time, so that a guest that kept one always gets an error,
// and the error tells whose it was.

import { CallbackTable } from '../wasm/callback-table.ts'
import { Call, type Calls } from './calls.ts'
import { staleCallback } from './faults.ts'

type Slot = ReturnType<CallbackTable['enter']>

export class UnsharedCallbackTable extends CallbackTable {
  readonly #calls: Calls
  readonly #owners = new WeakMap<Slot, Call>()

  constructor(calls: Calls, ...parameters: ConstructorParameters<typeof CallbackTable>) {
    super(...parameters)
    this.#calls = calls
  }

  override enter(...parameters: Parameters<CallbackTable['enter']>): Slot {
    const slot = super.enter(...parameters)
    this.#owners.set(slot, this.#calls.current ?? new Call('library.callback', this.enter))
    return slot
  }

  override leave(slot: Slot): void {
    slot.call = () => {
      throw staleCallback(this.#owners.get(slot) as Call)
    }
  }
}
