// The functions that free, in debug mode: what they are given rests in the quarantine first, and what they were given
// before is refused.

import { FramegateError } from '../errors.ts'
import { isScalar } from '../scalars.ts'
import { freeOf, isOwnedOut, pointee, type Signature } from '../signature.ts'
import type { Territory } from './addresses.ts'
import { Call, type Calls } from './calls.ts'
import { doubleFree, hex } from './faults.ts'
import type { Ledger, Owed } from './ledger.ts'
import type { Quarantine } from './quarantine.ts'

/** The functions that definitions name as freeing what they return. */
export function freesOf(signatures: readonly Signature[]): ReadonlySet<string> {
  const names = signatures.flatMap(({ result, parameters }) => {
    const outs = parameters.map(({ type }) => pointee(type)).filter((inner) => inner !== undefined && isOwnedOut(inner))
    return [freeOf(result), ...outs.map((inner) => (inner as { free?: string }).free)]
  })
  return new Set(names.filter((name) => name !== undefined))
}

/** Whether a call can be put off: nobody waits for its result, and nothing it is given ends with it. */
export function isDelayable({ result, parameters }: Signature): boolean {
  const isLasting = (type: unknown) => isScalar(type) || (type as { type?: unknown }).type === 'handle'
  return result === 'void' && parameters.every(({ type }) => isLasting(type))
}

export class GuardedFree {
  readonly #calls: Calls
  readonly #territory: Territory
  readonly #quarantine: Quarantine
  readonly #ledger: Ledger

  constructor(calls: Calls, territory: Territory, quarantine: Quarantine, ledger: Ledger) {
    this.#calls = calls
    this.#territory = territory
    this.#quarantine = quarantine
    this.#ledger = ledger
  }

  /** Takes an address that is given to `free`; `end` gives it to the guest's function, once the quarantine is over. */
  take(free: string, address: number, end: () => void): void {
    const owed = this.accept(free, address)
    if (owed === REFUSED) return
    const { ground } = this.#territory
    // A length that goes beyond memory is no length.
    const size = ground.bytes(address, this.#sizeOf(address, owed)).length
    const call = this.#calls.current ?? new Call(free, this.take)
    this.#quarantine.hold({ address, size, what: `a block that ${free} got in`, free, call, ground, end })
  }

  /** Strikes the address out of the ledger; reports it when it may not be freed. */
  accept(free: string, address: number): Owed | undefined | typeof REFUSED {
    const resting = this.#quarantine.startingAt(address)
    const { current } = this.#calls
    if (resting?.free !== undefined) {
      const what = `${free} got the address ${hex(address)}`
      this.#calls.report(doubleFree(what, resting.free, resting.call, current))
      return REFUSED
    }
    if (!this.#territory.isFrame(address)) return this.#ledger.settle(address)
    const message = `${free} got the address ${hex(address)}, which is in a frame; give it what the guest allocated`
    this.#calls.report(new FramegateError('ARGUMENT_INVALID', message, { cause: current?.origin }))
    return REFUSED
  }

  #sizeOf(address: number, owed: Owed | undefined): number {
    if (owed?.size === 'text') return this.#territory.textSize(address)
    return owed?.size ?? 0
  }
}

/** What {@link GuardedFree.accept} says of an address that must not be freed. */
export const REFUSED = Symbol('refused')
