// Who owes what in debug mode: everything that the guest handed over and that must be given back, with the call that
// brought it. What is still in it at the end is a leak.

import type { Handle, HandleLedger } from '../handle.ts'
import { Call, type Calls } from './calls.ts'
import type { Leak } from './faults.ts'

/** Something that the guest returned as owned. */
export interface Owed {
  readonly free: string
  readonly call: Call
  /** Bytes of it; `text` for a C string, whose end is looked for; undefined where nobody knows. */
  readonly size: number | 'text' | undefined
}

export class Ledger implements HandleLedger {
  readonly #calls: Calls
  readonly #owed = new Map<number, Owed>()
  readonly #things = new Map<object, Leak>()

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** Takes down what was returned at an address. */
  owe(address: number, owed: Owed): void {
    this.#owed.set(address, owed)
  }

  /** Strikes out what is given back, and returns it if it was known. */
  settle(address: number): Owed | undefined {
    const owed = this.#owed.get(address)
    this.#owed.delete(address)
    return owed
  }

  /** A handle is a leak unless it is disposed of; the garbage collector never meets it here. */
  opened(handle: Handle): void {
    const { symbol } = this.#current()
    this.add(handle, `a ${handle.name} that ${symbol} returned: dispose of it`)
  }

  closed(handle: Handle): void {
    this.remove(handle)
  }

  /** Takes down a thing of the host's, for which the call that runs is answerable. */
  add(thing: object, what: string): void {
    this.#things.set(thing, { what, call: this.#current() })
  }

  remove(thing: object): void {
    this.#things.delete(thing)
  }

  get leaks(): Leak[] {
    const owed = [...this.#owed.values()].map(({ free, call }) => ({
      what: `an address that ${call.symbol} returned: give it to ${free}`,
      call,
    }))
    return [...owed, ...this.#things.values()]
  }

  #current(): Call {
    return this.#calls.current ?? new Call('the library', this.add)
  }
}
