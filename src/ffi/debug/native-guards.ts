// Debug mode of the native backend. The guest's memory is the process's: what the host hands over lies between red
// zones, and what the shim knows the size of is filled when it is freed; what else the guest does is out of reach.

import type { Callback } from '../callback.ts'
import { checkedSize } from '../frame.ts'
import type { CallQueue } from '../native/call-queue.ts'
import { lengthAt } from '../native/guest-values.ts'
import type { Owned } from '../native/owned-frame.ts'
import { addressFromNative, type Koffi, type KoffiFunction, type KoffiType, type KoffiTypes } from '../native/types.ts'
import type { Signature } from '../signature.ts'
import { AddressChecks, addressesOf, type Outcome, type Territory } from './addresses.ts'
import { Call, Calls } from './calls.ts'
import { finish } from './faults.ts'
import { GuardedArea } from './guarded-area.ts'
import { guardedArgument, type PassedArgument } from './guarded-arguments.ts'
import { GuardedCallQueue } from './guarded-call-queue.ts'
import { freesOf, GuardedFree, isDelayable, REFUSED } from './guarded-free.ts'
import { GuardedMemory } from './guarded-memory.ts'
import { GuardedOwned } from './guarded-owned.ts'
import { LastingCallbacks } from './lasting-callbacks.ts'
import { Ledger } from './ledger.ts'
import { type Ground, Quarantine } from './quarantine.ts'

/** Loads a function with koffi's types. */
type Load = (name: string, result: KoffiType, parameters: KoffiType[]) => KoffiFunction

export class NativeGuards implements Territory {
  readonly calls = new Calls()
  readonly ledger = new Ledger(this.calls)
  readonly callbacks: LastingCallbacks
  readonly queue: CallQueue
  readonly ground: Ground = {
    bytes: (address, size) => (size === 0 ? new Uint8Array() : (this.#koffi.decode(address, BYTE, size) as Uint8Array)),
    write: (address, bytes) => this.#koffi.encode(address, BYTE, bytes, bytes.length),
  }
  readonly #koffi: Koffi
  readonly #types: KoffiTypes
  readonly #frees: ReadonlySet<string>
  readonly #quarantine = new Quarantine(this.calls)
  readonly #checks = new AddressChecks(this.calls, this, this.#quarantine, this.ledger)
  readonly #guardedFree = new GuardedFree(this.calls, this, this.#quarantine, this.ledger)
  /** What guests may use now. */
  readonly #areas = new Set<GuardedArea>()
  /** Calls that run on other threads: their memory is looked at when they end. */
  readonly #others = new Set<Call>()

  constructor(koffi: Koffi, types: KoffiTypes, signatures: readonly Signature[]) {
    this.#koffi = koffi
    this.#types = types
    this.#frees = freesOf(signatures)
    this.callbacks = new LastingCallbacks(koffi)
    this.queue = new GuardedCallQueue(this.calls)
  }

  // ---- in place of the plain parts

  prototype(signature: Signature, load: Load): KoffiFunction {
    const { symbol, result, parameters } = signature
    const passed = parameters.map((parameter) => guardedArgument(parameter, signature, this.#koffi, this.#types))
    const call = load(
      symbol,
      this.#types.result(result),
      passed.map(({ type }) => type),
    )
    if (!this.#frees.has(symbol)) return this.#watched(signature, passed, call)
    if (isDelayable(signature)) return this.free(symbol, call)
    const watched = this.#watched(signature, passed, call)
    const guarded = (...native: unknown[]) => {
      const isRefused = this.#guardedFree.accept(symbol, addressFromNative(native[0])) === REFUSED
      return isRefused ? 0 : watched(...native)
    }
    return Object.assign(guarded, { async: watched.async })
  }

  /** A function that may be one that frees. */
  free(name: string, call: KoffiFunction): KoffiFunction {
    if (!this.#frees.has(name)) return call
    const guarded = (...native: unknown[]) => {
      const address = addressFromNative(native[0])
      if (address === 0) return call(...native)
      this.#guardedFree.take(name, address, () => call(...native))
      return undefined
    }
    return Object.assign(guarded, { async: call.async })
  }

  frame(size: number): Owned {
    const call = new Call('library.frame', this.frame)
    return this.calls.run(call, () => {
      const rounded = checkedSize(size)
      const area = this.#newArea(rounded, `the frame of ${rounded} bytes`)
      const frame = new GuardedOwned(rounded, new GuardedMemory(area.memory, call), () =>
        this.#releaseFrame(frame, area),
      )
      area.frame = frame
      this.ledger.addFrame(frame, rounded)
      return frame
    })
  }

  /** Takes down a callback that somebody has to dispose of. */
  opened(callback: Callback): void {
    const call = new Call('library.callback', this.opened)
    this.calls.within(call, () => this.ledger.add(callback, 'a callback: dispose of it'))
  }

  /** koffi's reference to a registered callback. */
  register(callback: Callback, call: (...raw: unknown[]) => unknown, type: KoffiType): unknown {
    return this.callbacks.register(call, type, this.ledger.callOf(callback) as Call)
  }

  closed(callback: Callback, reference: unknown): void {
    this.ledger.remove(callback)
    if (reference !== undefined) this.callbacks.retire(reference)
  }

  during(symbol: string, call: () => void): void {
    this.calls.run(new Call(symbol, this.during), call)
  }

  /**
   * The last look, to be had once everything is closed: what rests is given back. What has leaked is known before.
   *
   * @throws {@link FramegateError} `LEAKED`, `WRITE_AFTER_RELEASE`, `FRAME_OVERRUN`
   */
  finishing(): () => void {
    const leaks = this.ledger.takeLeaks()
    return () =>
      finish(leaks, () => {
        this.during('library.close', () => {
          this.#inspect()
          this.#quarantine.close()
        })
      })
  }

  // ---- what the checks ask

  isInOwnFrame(address: number): boolean {
    const area = this.#areaAt(address)
    return area !== undefined && area.call === this.calls.current
  }

  isFrame(address: number): boolean {
    const resting = this.#quarantine.around(address)
    return this.#areaAt(address) !== undefined || (resting !== undefined && resting.free === undefined)
  }

  /** Released memory of frames is all in the quarantine. */
  formerOwner(): undefined {
    return undefined
  }

  textSize(address: number): number {
    return lengthAt(this.#koffi, BigInt(address)) + 1
  }

  #areaAt(address: number): GuardedArea | undefined {
    for (const area of this.#areas) if (area.contains(address)) return area
    return undefined
  }

  // ---- calls

  #watched(signature: Signature, passed: readonly PassedArgument[], call: KoffiFunction): KoffiFunction {
    const returned = addressesOf(signature)
    const complete = (native: readonly unknown[], areas: readonly (GuardedArea | undefined)[], result: unknown) => {
      passed.forEach(({ copyBack }, index) => {
        const area = areas[index]
        if (area) copyBack?.(area, native[index])
      })
      this.#checks.check(returned, this.#outcome(native, areas, result))
    }
    const guarded = (...native: unknown[]): unknown => {
      const areas: (GuardedArea | undefined)[] = []
      // The result may point into the arguments' memory; it is copied out before the call is over.
      this.calls.current?.endings.push(() => this.#release(areas))
      const lowered = this.#lowered(passed, native, areas)
      let result: unknown = null
      try {
        result = call(...lowered)
      } finally {
        this.#inspect()
        complete(native, areas, result)
      }
      return result
    }
    const async = (...parameters: unknown[]): void => {
      const native = parameters.slice(0, -1)
      const done = parameters.at(-1) as (error: unknown, result: unknown) => void
      const record = this.calls.current as Call
      const areas: (GuardedArea | undefined)[] = []
      const end = () => {
        this.#others.delete(record)
        this.#release(areas)
      }
      this.#others.add(record)
      try {
        call.async(...this.#lowered(passed, native, areas), (error: unknown, result: unknown) => {
          this.calls.within(record, () => {
            for (const area of areas) area?.inspect(this.calls)
            complete(native, areas, error ? null : result)
            done(error, result)
            end()
          })
        })
      } catch (error) {
        // koffi has no room for the call now; it will be tried again.
        end()
        throw error
      }
    }
    return Object.assign(guarded, { async })
  }

  /** What koffi gets; `areas` is filled with the memory of each argument that has some. */
  #lowered(passed: readonly PassedArgument[], native: unknown[], areas: (GuardedArea | undefined)[]): unknown[] {
    return passed.map(({ parameter, place, type, bytesOf }, index) => {
      const value = native[index]
      if (typeof value === 'function') return this.#lent(value as never, type)
      if (parameter.type === 'frame') this.#use(value)
      const bytes = bytesOf?.(value)
      if (bytes === undefined) return value
      const area = this.#newArea(bytes.length, place)
      area.bytes.set(bytes)
      areas[index] = area
      return area.bytes
    })
  }

  /** A function that is lent for a call. */
  #lent(call: (...raw: unknown[]) => unknown, type: KoffiType): unknown {
    const record = this.calls.current as Call
    const reference = this.callbacks.register(call, type, record)
    record.endings.push(() => this.callbacks.retire(reference))
    return reference
  }

  #outcome(native: readonly unknown[], areas: readonly (GuardedArea | undefined)[], result: unknown): Outcome {
    return {
      addressIn: (slot) => {
        if (slot === undefined) return addressFromNative(result)
        const area = areas[slot]
        return area ? addressFromNative(this.#koffi.decode(area.bytes, 'void *')) : 0
      },
      sizeOf: (extent) => {
        if ('type' in extent) return this.#koffi.sizeof(this.#types.field(extent.type))
        if (typeof extent.length === 'number') return extent.length
        const value = native[extent.length.parameter]
        return Number(Array.isArray(value) ? value[0] : value)
      },
    }
  }

  #inspect(): void {
    for (const area of this.#areas) if (!this.#others.has(area.call)) area.inspect(this.calls)
  }

  // ---- memory

  #newArea(size: number, place: string): GuardedArea {
    const area = new GuardedArea(this.#koffi, size, place, this.calls.current as Call)
    this.#areas.add(area)
    return area
  }

  #release(areas: readonly (GuardedArea | undefined)[]): void {
    for (const area of areas) {
      if (area === undefined) continue
      this.#areas.delete(area)
      area.release(this.#quarantine)
    }
  }

  #use(bytes: unknown): void {
    for (const { bytes: own, frame } of this.#areas) if (own === bytes && frame) this.ledger.use(frame)
  }

  #releaseFrame(frame: GuardedOwned, area: GuardedArea): void {
    this.during('frame.release', () => {
      area.inspect(this.calls)
      this.#release([area])
    })
    this.ledger.remove(frame)
  }
}

const BYTE = 'uint8_t'
