// Function pointers of the native backend in debug mode: koffi keeps them registered after they are over, so that a
// guest that kept one gets an error. koffi has room for 8,192 in a process, so the oldest are let go at last.

import type { Koffi, KoffiType } from '../native/types.ts'
import type { Call } from './calls.ts'
import { staleCallback } from './faults.ts'

type HostFunction = (...raw: unknown[]) => unknown

const MOST_RETIRED = 1024

export class LastingCallbacks {
  readonly #koffi: Koffi
  /** By koffi's reference, what ends the function. */
  readonly #live = new Map<unknown, () => void>()
  readonly #retired: unknown[] = []

  constructor(koffi: Koffi) {
    this.#koffi = koffi
  }

  /** koffi's reference to a function, for which `owner` is answerable. */
  register(call: HostFunction, type: KoffiType, owner: Call): unknown {
    let current = call
    const reference = this.#koffi.register(((...raw: unknown[]) => current(...raw)) as never, type)
    this.#live.set(reference, () => {
      current = () => {
        throw staleCallback(owner)
      }
    })
    return reference
  }

  /** Ends the function, but not its address. */
  retire(reference: unknown): void {
    this.#live.get(reference)?.()
    this.#live.delete(reference)
    this.#retired.push(reference)
    if (this.#retired.length > MOST_RETIRED) this.#koffi.unregister(this.#retired.shift())
  }

  close(): void {
    for (const reference of this.#retired.splice(0)) this.#koffi.unregister(reference)
  }
}
