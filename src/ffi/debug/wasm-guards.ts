// Debug mode of the wasm backend: what stands in for the plain parts of a library and of each of its instances.

import type { Callback } from '../callback.ts'
import { FramegateError } from '../errors.ts'
import { pointee, type Signature } from '../signature.ts'
import type { CallbackTable } from '../wasm/callback-table.ts'
import type { Allocator } from '../wasm/frame-stack.ts'
import type { Export, Instance, InstanceGuards } from '../wasm/instance.ts'
import { layoutOf, singleScalar } from '../wasm/layout.ts'
import { AddressChecks, addressesOf, type Outcome, type Territory } from './addresses.ts'
import { Call, Calls } from './calls.ts'
import { finish } from './faults.ts'
import { GuardedFrameStack } from './guarded-frame-stack.ts'
import { freesOf, GuardedFree, isDelayable, REFUSED } from './guarded-free.ts'
import { Ledger } from './ledger.ts'
import { type Ground, Quarantine } from './quarantine.ts'
import { UnsharedCallbackTable } from './unshared-callbacks.ts'

type Machine = number | bigint

/** Debug mode of one library. */
export class WasmDebug {
  readonly calls = new Calls()
  /** Callbacks outlive instances. */
  readonly callbacks = new Ledger(this.calls)
  readonly #frees: ReadonlySet<string>
  #guards: WasmGuards | undefined

  constructor(signatures: readonly Signature[]) {
    this.#frees = freesOf(signatures)
  }

  /** The guards of a new instance. */
  guard(instance: Instance): WasmGuards {
    this.#guards = new WasmGuards(this.calls, this.#frees, instance)
    return this.#guards
  }

  /** Takes down a callback that somebody has to dispose of. */
  opened(callback: Callback): void {
    const call = new Call('library.callback', this.opened)
    this.calls.within(call, () => this.callbacks.add(callback, 'a callback: dispose of it'))
  }

  /**
   * The last look, before the instance is given up.
   *
   * @throws {@link FramegateError} `LEAKED`, `WRITE_AFTER_RELEASE`, `FRAME_OVERRUN`
   */
  close(): void {
    const guards = this.#guards?.isOver ? undefined : this.#guards
    const leaks = [...(guards?.ledger.takeLeaks() ?? []), ...this.callbacks.takeLeaks()]
    finish(leaks, () => this.calls.run(new Call('library.close', this.close), () => guards?.lookAtAll()))
  }
}

/** Debug mode of one instance. */
export class WasmGuards implements InstanceGuards, Territory {
  readonly calls: Calls
  readonly ledger: Ledger
  readonly checks: AddressChecks
  readonly ground: Ground = {
    bytes: (address, size) => this.#memory().subarray(address, address + size),
    write: (address, bytes) => this.#memory().set(bytes, address),
  }
  readonly #frees: ReadonlySet<string>
  readonly #instance: Instance
  readonly #quarantine: Quarantine
  readonly #guardedFree: GuardedFree
  #stack: GuardedFrameStack | undefined

  constructor(calls: Calls, frees: ReadonlySet<string>, instance: Instance) {
    this.calls = calls
    this.#frees = frees
    this.#instance = instance
    this.ledger = new Ledger(calls)
    this.#quarantine = new Quarantine(calls)
    this.checks = new AddressChecks(calls, this, this.#quarantine, this.ledger)
    this.#guardedFree = new GuardedFree(calls, this, this.#quarantine, this.ledger)
  }

  get isOver(): boolean {
    return this.#instance.retired
  }

  // ---- in place of the plain parts

  stack(linear: WebAssembly.Memory, allocator: Allocator, at?: number): GuardedFrameStack {
    const guarded = {
      allocate: (size: number) => this.#allocate(allocator, size),
      free: (address: number, size: number) => this.#rest(allocator, address, size),
    }
    this.#stack = new GuardedFrameStack(this, linear, guarded, at)
    return this.#stack
  }

  callbacks(...parameters: ConstructorParameters<typeof CallbackTable>): CallbackTable {
    return new UnsharedCallbackTable(this.calls, ...parameters)
  }

  target(signature: Signature, guest: Export): Export {
    const { symbol } = signature
    if (!this.#frees.has(symbol)) return this.#watched(signature, guest)
    if (isDelayable(signature)) return this.free(symbol, guest)
    const watched = this.#watched(signature, guest)
    return (...machine) => {
      const isRefused = this.#guardedFree.accept(symbol, addressFrom(machine[0])) === REFUSED
      return isRefused ? 0 : watched(...machine)
    }
  }

  free(symbol: string, guest: Export): Export {
    if (!this.#frees.has(symbol)) return guest
    return (...machine) => {
      const address = addressFrom(machine[0])
      if (address === 0) return guest(...machine)
      this.#guardedFree.take(symbol, address, () => {
        if (!this.isOver) this.#instance.run(symbol, () => guest(...machine))
      })
      return undefined
    }
  }

  during(symbol: string, call: () => void): void {
    this.calls.run(new Call(symbol, this.during), call)
  }

  /** Looks at everything that was released. */
  lookAtAll(): void {
    this.#stack?.inspect()
    this.#stack?.inspectReleased()
    this.#quarantine.close()
  }

  // ---- what the checks ask

  isInOwnFrame(address: number): boolean {
    const { current } = this.calls
    return current !== undefined && this.#frames.isInFrameOf(current, address)
  }

  isFrame(address: number): boolean {
    return this.#frames.contains(address)
  }

  formerOwner(address: number): Call | undefined {
    return this.#frames.formerOwner(address)
  }

  textSize(address: number): number {
    return Math.max(0, this.#memory().indexOf(0, address) + 1 - address)
  }

  get #frames(): GuardedFrameStack {
    return this.#stack as GuardedFrameStack
  }

  #memory(): Uint8Array {
    this.#frames.settle()
    return this.#frames.memory.u8
  }

  // ---- calls

  #watched(signature: Signature, guest: Export): Export {
    const { name } = signature
    const returned = addressesOf(signature)
    const places = signature.parameters.map(({ type, argument, place }, index) => {
      if (argument >= 0) return place
      return pointee(type) === undefined ? undefined : `parameter ${index + 1} of ${name}`
    })
    // The address of a returned struct comes before C's parameters.
    const shift = returnsThroughMemory(signature) ? 1 : 0
    return (...machine) => {
      machine.forEach((value, index) => {
        const place = index < shift ? `the result of ${name}` : places[index - shift]
        if (typeof value === 'number' && place !== undefined) this.#frames.give(value >>> 0, place)
      })
      let result: ReturnType<Export>
      try {
        result = guest(...machine)
      } finally {
        this.#frames.inspect()
      }
      this.checks.check(returned, this.#outcome(signature, machine.slice(shift), result))
      return result
    }
  }

  #outcome({ parameters }: Signature, machine: readonly Machine[], result: Machine | undefined): Outcome {
    const { data } = this.#frames
    return {
      addressIn: (slot) => (slot === undefined ? addressFrom(result) : data.getUint32(Number(machine[slot]), true)),
      sizeOf: (extent) => {
        if ('type' in extent) return layoutOf(extent.type).size
        if (typeof extent.length === 'number') return extent.length
        const index = extent.length.parameter
        const type = parameters[index]?.type
        const inner = type === undefined ? undefined : pointee(type)
        if (inner === undefined) return Number(machine[index])
        return Number(layoutOf(inner as 'usize').read(this.#frames, Number(machine[index]), ''))
      },
    }
  }

  // ---- blocks of frames that are too large for the region

  /** A guest with little memory gets back what rests before it is given up. */
  #allocate(allocator: Allocator, size: number): number {
    try {
      return allocator.allocate(size)
    } catch (error) {
      if (!(error instanceof FramegateError) || error.code !== 'GUEST_MEMORY_EXHAUSTED') throw error
      this.#quarantine.drain()
      return allocator.allocate(size)
    }
  }

  #rest(allocator: Allocator, address: number, size: number): void {
    const call = this.#frames.releasing as Call
    const end = () => allocator.free(address, size)
    this.#quarantine.hold({ address, size, what: 'the frame of', free: undefined, call, ground: this.ground, end })
  }
}

function returnsThroughMemory({ result }: Signature): boolean {
  const isStruct = typeof result === 'object' && 'type' in result && result.type === 'struct'
  return isStruct && singleScalar(result) === undefined
}

function addressFrom(value: Machine | undefined): number {
  return Number(value ?? 0) >>> 0
}
