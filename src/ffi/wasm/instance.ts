// One instantiation of a guest: its functions, its memory, its frames, its callbacks; and what happens when a call does
// not return. Nothing here outlives a call except the instance.

import { FramegateError, messageOf } from '../errors.ts'
import { exhausted } from '../frame.ts'
import type { HandleLedger, HandleOwner } from '../handle.ts'
import { freeOf, isOwnedOut, pointee, type Signature } from '../signature.ts'
import type { Snapshot } from '../snapshot.ts'
import { CallbackTable } from './callback-table.ts'
import { type AbruptEnd, abruptEnd, panicText, told, trapCode } from './ends.ts'
import { FrameStack, REGION_BYTES } from './frame-stack.ts'
import { Fuel } from './fuel.ts'
import { type Instantiated, instantiate, required, type WasmGuest } from './guest.ts'
import { capture, refused } from './image.ts'
import type { Origin } from './origin.ts'

/** A function of the guest, as WebAssembly calls it. */
export type Export = (...parameters: (number | bigint)[]) => number | bigint | undefined

/** What an instance tells the library that it belongs to. */
export interface InstanceOwner {
  /** The next call runs on another instance. */
  onRetired(instance: Instance): void
  /** Told once of each instance that ended abruptly. */
  onEnd(error: FramegateError): void
  /** Fuel of each call, for guests that count it. */
  readonly fuel: number | undefined
  /** Debug mode, if it is on. */
  readonly debug: { guard(instance: Instance): InstanceGuards } | undefined
}

/** What debug mode puts in place of an instance's plain parts. */
export interface InstanceGuards {
  readonly ledger: HandleLedger
  stack(...parameters: ConstructorParameters<typeof FrameStack>): FrameStack
  callbacks(...parameters: ConstructorParameters<typeof CallbackTable>): CallbackTable
  /** The function of a signature. */
  target(signature: Signature, guest: Export): Export
  /** A function that may be one that frees. */
  free(symbol: string, guest: Export): Export
  /** Runs what enters the guest without being a call of a symbol. */
  during(symbol: string, call: () => void): void
}

interface Block {
  readonly address: number
  readonly size: number
}

/** Not what anybody throws. */
const NOTHING = Symbol('nothing')

export class Instance implements HandleOwner {
  readonly stack: FrameStack
  readonly callbacks: CallbackTable
  readonly toolchain: Instantiated['toolchain']
  readonly glue: unknown
  readonly managed: Instantiated['managed']
  /** The functions of the signatures, in their order. */
  readonly targets: readonly Export[]
  retired = false
  readonly #made: Instantiated
  readonly #generation: number
  readonly #owner: InstanceOwner
  readonly #guards: InstanceGuards | undefined
  #panicAddress = 0
  /** Functions of the host, called by the guest, that are under way. */
  hostCalls = 0
  readonly #guest: WasmGuest
  readonly #fuel: Fuel | undefined
  /** What retired it: the calls around the one that ended say the same. */
  #reason: string | undefined
  /** What a function of the host threw last: an exception of its own is no end of the guest's. */
  #thrownByHost: unknown = NOTHING
  /** What the allocator gave and has not got back. */
  readonly #blocks: Block[] = []
  /** The functions that end what the signatures return. */
  readonly #frees: readonly (Export | undefined)[]

  /** @param origin - what the instance's memory comes from, instead of its own beginning */
  constructor(
    guest: WasmGuest,
    signatures: readonly Signature[],
    generation: number,
    owner: InstanceOwner,
    origin?: Origin,
  ) {
    this.#guest = guest
    this.#generation = generation
    this.#owner = owner
    const guards = owner.debug?.guard(this)
    this.#guards = guards
    const guard = {
      run: <Result>(symbol: string, call: () => Result) => this.run(symbol, call),
      isRetired: () => this.retired,
      host: <Call extends (...parameters: never[]) => unknown>(call: Call) => this.host(call),
    }
    origin?.attach(guard)
    const made = origin?.made ?? instantiate(guest, guard)
    this.#made = made
    this.#fuel = guest.fuel === undefined ? undefined : new Fuel(guest.fuel, made.exports, owner.fuel, this)
    this.toolchain = made.toolchain
    this.glue = made.glue
    this.managed = made.managed
    this.targets = signatures.map((signature) => {
      const target = this.#exported(signature.symbol)
      return guards?.target(signature, target) ?? target
    })
    this.#frees = signatures.map(({ result }) => {
      const free = freeOf(result)
      return free === undefined ? undefined : this.target(free)
    })
    // What frees a value in a slot is looked up when it is needed, but missed now.
    for (const { parameters } of signatures) for (const { type } of parameters) this.#checkFree(pointee(type))
    const { panicMessage } = guest
    if (origin) this.#panicAddress = origin.snapshot.panicAt
    else if (panicMessage) this.#panicAddress = Number(this.run(panicMessage, this.target(panicMessage))) >>> 0
    const allocator = {
      allocate: (size: number) => this.#allocate(size),
      free: (address: number, size: number) => this.#free(address, size),
    }
    const framesAt = origin?.snapshot.framesAt
    if (framesAt !== undefined) this.#blocks.push({ address: framesAt, size: REGION_BYTES })
    this.stack = guards?.stack(made.memory, allocator, framesAt) ?? new FrameStack(made.memory, allocator, framesAt)
    this.callbacks =
      guards?.callbacks(made.table, guest.callbacks, this) ?? new CallbackTable(made.table, guest.callbacks, this)
  }

  /** @throws {@link FramegateError} `SYMBOL_NOT_FOUND` */
  target(symbol: string): Export {
    const found = this.#exported(symbol)
    return this.#guards?.free(symbol, found) ?? found
  }

  #exported(symbol: string): Export {
    const found = required(this.#made.lookup, symbol) as Export
    return this.#fuel?.filled(found) ?? found
  }

  // ---- snapshots

  /** What the instance is at rest, for others to start from. */
  capture(note: Uint8Array): Snapshot {
    if (this.hostCalls > 0 || this.stack.isInUse) {
      throw refused('a call is in flight, or a frame is held; take the snapshot when it is over')
    }
    if (this.callbacks.isUsed) {
      throw refused('the guest was given callbacks, which no snapshot holds; take it before they are registered')
    }
    const { memoryEnd: told } = this.#guest
    const memoryEnd = told === undefined ? 0 : Number(this.run(told, this.target(told))) >>> 0
    return capture(this.#guest, this.#made, { framesAt: this.stack.base, panicAt: this.#panicAddress, note, memoryEnd })
  }

  /** What other instances can begin in, once nobody can reach this one. */
  get spare(): Instantiated | undefined {
    if (this.#guest.interchangeable === undefined || this.#guards !== undefined) return undefined
    return this.hostCalls > 0 || this.stack.isInUse || this.callbacks.isUsed ? undefined : this.#made
  }

  // ---- handles

  get lives(): boolean {
    return !this.retired
  }

  get traces(): boolean {
    return this.#guards !== undefined
  }

  get ledger(): HandleLedger | undefined {
    return this.#guards?.ledger
  }

  /** Gives what the call of signature `index` returned back to the guest. */
  giveBack(index: number, address: number, length?: number): void {
    const free = this.#frees[index] as Export
    try {
      if (length === undefined) free(address)
      else free(address, length)
    } catch (error) {
      this.retired = true
      throw this.ended('the function that frees it', error)
    }
  }

  end(address: number, free: string): void {
    if (this.#guards) this.#guards.during(free, () => this.#end(address, free))
    else this.#end(address, free)
  }

  #end(address: number, free: string): void {
    if (this.managed) this.managed.unpin(address)
    else this.run(free, () => this.target(free)(address))
  }

  // ---- ends

  /** Enters the guest. A call that does not return retires the instance. */
  run<Result>(symbol: string, call: () => Result): Result {
    try {
      this.#fuel?.fill()
      return call()
    } catch (error) {
      this.retired = true
      throw this.ended(symbol, error)
    }
  }

  /** Retires the instance, whose call to `symbol` did not return, and says why in the caller's terms. */
  ended(symbol: string, cause: unknown): FramegateError {
    this.#retire()
    const isFirst = this.#reason === undefined
    const isNested = !isFirst && cause instanceof FramegateError
    const { code, reason } = this.#endOf(cause)
    const message = told(code, symbol, isNested ? (this.#reason as string) : reason)
    this.#reason ??= message
    const error = new FramegateError(code, `${message}; ${this.#next}`, { cause })
    if (isFirst) this.#owner.onEnd(error)
    return error
  }

  #endOf(cause: unknown): { code: AbruptEnd; reason: string } {
    const end = abruptEnd(cause)
    if (end !== 'GUEST_TRAPPED') return { code: end, reason: messageOf(cause) }
    if (cause === this.#thrownByHost) return { code: 'GUEST_INTERRUPTED', reason: messageOf(cause) }
    if (this.#fuel?.isExhausted) return { code: 'FUEL_EXHAUSTED', reason: `it had ${this.#fuel.limit}` }
    const panic = panicText(this.#made.memory.buffer, this.#panicAddress)
    return { code: trapCode(panic), reason: panic || messageOf(cause) }
  }

  /**
   * A function of the host as the guest calls it. A nested call that ended abruptly ends the guest's own as well, whether
   * or not the function hid its error.
   */
  host<Call extends (...parameters: never[]) => unknown>(call: Call): Call {
    return ((...parameters: never[]) => {
      let returned: unknown
      this.hostCalls++
      try {
        returned = call(...parameters)
      } catch (error) {
        this.#thrownByHost = error
        throw error
      } finally {
        this.hostCalls--
      }
      if (this.retired) throw new FramegateError('GUEST_INTERRUPTED', 'a nested call retired the instance')
      return returned
    }) as Call
  }

  get #next(): string {
    return `the instance was retired, the next call runs on generation ${this.#generation + 1}`
  }

  #retire(): void {
    this.retired = true
    this.#owner.onRetired(this)
  }

  #checkFree(inner: ReturnType<typeof pointee>): void {
    if (inner !== undefined && isOwnedOut(inner) && inner.free !== undefined) this.target(inner.free)
  }

  #allocate(size: number): number {
    const address = this.run('the allocator', () => this.#made.alloc(size) >>> 0)
    if (address === 0) throw exhausted(size)
    const fault = this.#faultAt(address, size)
    if (fault !== undefined) {
      this.#retire()
      const message = `the allocator gave ${size} bytes at address ${address}, ${fault}; ${this.#next}`
      throw new FramegateError('RESULT_INVALID', message)
    }
    this.#blocks.push({ address, size })
    return address
  }

  /** Memory that is not there, or that somebody has, would be written without anybody noticing. */
  #faultAt(address: number, size: number): string | undefined {
    const bytes = this.#made.memory.buffer.byteLength
    if (address + size > bytes) return `beyond the ${bytes} bytes of memory`
    const taken = this.#blocks.find((block) => address < block.address + block.size && block.address < address + size)
    return taken && `where it gave ${taken.size} bytes at ${taken.address} that are in use`
  }

  #free(address: number, size: number): void {
    this.#blocks.splice(
      this.#blocks.findLastIndex((block) => block.address === address),
      1,
    )
    if (!this.retired) this.run('the allocator', () => this.#made.free(address, size))
  }
}
