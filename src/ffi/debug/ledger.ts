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
  /** Frames that may still be in their caller's hands: taken in the running turn, and given to no call. */
  readonly #fresh = new Set<object>()

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
  opened(handle: Handle, origin: Error): void {
    const call = this.#current()
    call.traced(origin)
    this.add(handle, `a ${handle.name} that ${call.symbol} returned: dispose of it`)
  }

  closed(handle: Handle): void {
    this.remove(handle)
  }

  /** Takes down a thing of the host's, for which the call that runs is answerable. */
  add(thing: object, what: string): void {
    this.#things.set(thing, { what, call: this.#current() })
  }

  /** The call that is answerable for a thing. */
  callOf(thing: object): Call | undefined {
    return this.#things.get(thing)?.call
  }

  remove(thing: object): void {
    this.#things.delete(thing)
    this.#fresh.delete(thing)
  }

  /** Takes down a frame. While it is being written, a getter of an argument may close the library: that is no leak. */
  addFrame(frame: object, size: number): void {
    this.add(frame, `a frame of ${size} bytes: release it`)
    this.#fresh.add(frame)
    queueMicrotask(() => this.use(frame))
  }

  /** The frame was given to a call, or its turn is over. */
  use(frame: object): void {
    this.#fresh.delete(frame)
  }

  /** What is still owed, struck out: handles must not be kept from the garbage collector by a closed library. */
  takeLeaks(): Leak[] {
    const owed = [...this.#owed.values()].map(({ free, call }) => ({
      what: `an address that ${call.symbol} returned: give it to ${free}`,
      call,
    }))
    const things = [...this.#things].flatMap(([thing, leak]) => (this.#fresh.has(thing) ? [] : [leak]))
    this.#owed.clear()
    this.#things.clear()
    return [...owed, ...things]
  }

  #current(): Call {
    return this.#calls.current ?? new Call('the library', this.add)
  }
}
