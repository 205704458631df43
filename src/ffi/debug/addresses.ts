// The addresses that a call gives to its caller: which of a signature's results and outs they are, who has to give them
// back, and whether there is still something at them.

import type { BytesType, FieldType, ResultType } from '../definitions.ts'
import type { FramegateError } from '../errors.ts'
import { isOwnedOut, pointee, type Signature } from '../signature.ts'
import type { Call, Calls } from './calls.ts'
import { doubleFree, hex, lateRead } from './faults.ts'
import type { Ledger, Owed } from './ledger.ts'
import { isReleasedFill, isReleasedText } from './pattern.ts'
import type { Ground, Quarantine } from './quarantine.ts'

/** How much the address stands for: a type with its size, `text`, a length to be asked for, or nothing that is read. */
type Extent = 'text' | 'nothing' | { readonly type: FieldType } | { readonly length: BytesType['length'] }

/** An address that a call gives to its caller. */
export interface Returned {
  /** The parameter whose slot has it; undefined for the result. */
  readonly slot: number | undefined
  readonly place: string
  readonly extent: Extent
  /** The function that it must be given to, if it is owned. */
  readonly free: string | undefined
  /** Whether the caller gets the address itself, which must outlive the call. */
  readonly isKept: boolean
  /** Whether the ledger has it; handles are in there as themselves. */
  readonly isListed: boolean
}

/** The addresses that calls of a signature give to their callers. */
export function addressesOf(signature: Signature): Returned[] {
  const { name, parameters } = signature
  const result = fromResult(signature.result, `the result of ${name}`)
  const outs = parameters.flatMap(({ type }, slot) => {
    const inner = pointee(type)
    if (inner === undefined || (typeof type === 'object' && 'in' in type)) return []
    const place = `the value returned through parameter ${slot + 1} of ${name}`
    if (inner === 'pointer' || inner === 'cstring' || isOwnedOut(inner)) {
      return fromResult(inner, place).map((each) => ({ ...each, slot }))
    }
    return []
  })
  return [...result, ...outs]
}

function fromResult(type: ResultType, place: string): Returned[] {
  const borrowed = { slot: undefined, place, free: undefined, isKept: false, isListed: false }
  if (type === 'pointer') return [{ ...borrowed, extent: 'nothing', isKept: true }]
  if (type === 'cstring') return [{ ...borrowed, extent: 'text' }]
  if (typeof type !== 'object') return []
  const free = 'free' in type ? type.free : undefined
  const owned = { ...borrowed, free, isListed: free !== undefined }
  if ('pointer' in type) return [{ ...owned, extent: { type: type.pointer } }]
  switch (type.type) {
    case 'cstring':
      return [{ ...owned, extent: 'text' }]
    case 'bytes':
      return [{ ...owned, extent: { length: type.length } }]
    case 'pointer':
      return [{ ...owned, extent: 'nothing', isKept: true }]
    case 'handle':
      return [{ ...owned, extent: 'nothing', isKept: true, isListed: false }]
    default:
      return []
  }
}

/** What a backend knows about its memory. */
export interface Territory {
  readonly ground: Ground
  /** Whether the address lies in the frame of the call that runs. */
  isInOwnFrame(address: number): boolean
  /** Whether the address lies in any frame, held or not. */
  isFrame(address: number): boolean
  /** The call whose frame was at the address, if no call's is there now. */
  formerOwner(address: number): Call | undefined
  /** Bytes of the C string at an address, with its NUL; 0 where there is none. */
  textSize(address: number): number
}

/** One call, for what its returned addresses need to be told. */
export interface Outcome {
  /** The address in a parameter's slot, or the result. */
  addressIn(slot: number | undefined): number
  /** How many bytes an extent has. */
  sizeOf(extent: Exclude<Extent, 'text' | 'nothing'>): number
}

export class AddressChecks {
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

  /** Looks at what a call returned, and takes down what is owned. */
  check(returned: readonly Returned[], outcome: Outcome): void {
    for (const each of returned) {
      const address = outcome.addressIn(each.slot)
      if (address !== 0) this.#checkOne(each, address, outcome)
    }
  }

  #checkOne(returned: Returned, address: number, outcome: Outcome): void {
    const { extent, free, isListed } = returned
    const fault = this.#misplaced(returned, address) ?? this.#emptied(returned, address, outcome)
    if (fault) {
      this.#calls.report(fault)
      return
    }
    const call = this.#calls.current
    if (!isListed || free === undefined || call === undefined) return
    const size: Owed['size'] =
      extent === 'text' ? 'text' : extent === 'nothing' ? undefined : sizeWithin(outcome, extent)
    this.#ledger.owe(address, { free, call, size })
  }

  #misplaced({ place, free, isKept }: Returned, address: number): FramegateError | undefined {
    const owned = free !== undefined
    if ((isKept || owned) && this.#territory.isInOwnFrame(address)) {
      return this.#lateRead(place, `is ${hex(address)}, in the frame of the very call, which ends with it`)
    }
    const resting = owned ? this.#quarantine.startingAt(address) : undefined
    if (resting?.free !== undefined) {
      const what = `${place} is ${hex(address)}`
      return doubleFree(what, resting.free, resting.call, this.#calls.current)
    }
    return this.#lost(address, place)
  }

  /** The error of an address at which something was released, or undefined. */
  #lost(address: number, place: string): FramegateError | undefined {
    const resting = this.#quarantine.around(address)
    if (resting) {
      const { what, call } = resting
      return this.#lateRead(place, `is ${hex(address)}, in ${what} a call of ${call.symbol}, which is over`, call)
    }
    const former = this.#territory.formerOwner(address)
    if (former === undefined) return undefined
    return this.#lateRead(
      place,
      `is ${hex(address)}, in the frame of a call of ${former.symbol}, which was released`,
      former,
    )
  }

  #emptied({ place, extent }: Returned, address: number, outcome: Outcome): FramegateError | undefined {
    if (extent === 'nothing') return undefined
    const isEmptied =
      extent === 'text'
        ? this.#isEmptiedText(address)
        : isReleasedFill(this.#bytes(address, sizeWithin(outcome, extent)))
    return isEmptied ? this.#emptiedAt(place) : undefined
  }

  /** The error of a C string that is not there any more, or undefined. */
  textFault(address: number, place: string): FramegateError | undefined {
    return this.#lost(address, place) ?? (this.#isEmptiedText(address) ? this.#emptiedAt(place) : undefined)
  }

  /** Whether a text starts with what debug mode leaves in released memory. */
  #isEmptiedText(address: number): boolean {
    const [first] = this.#bytes(address, 1)
    return isReleasedText(first, first === 0 ? 0 : this.#bytes(address + 1, 1)[0])
  }

  #emptiedAt(place: string): FramegateError {
    return this.#lateRead(
      place,
      'is nothing but the pattern 0xDD of released memory, read from an address that was kept',
    )
  }

  #lateRead(place: string, fault: string, owner?: Call): FramegateError {
    return lateRead(place, fault, owner, this.#calls.current)
  }

  #bytes(address: number, size: number): Uint8Array {
    return this.#territory.ground.bytes(address, size)
  }
}

/** Lengths that make no sense are reported where they are read. */
function sizeWithin(outcome: Outcome, extent: Exclude<Extent, 'text' | 'nothing'>): number {
  const size = outcome.sizeOf(extent)
  return Number.isSafeInteger(size) && size > 0 ? size : 0
}
