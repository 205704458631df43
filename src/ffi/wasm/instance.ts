// One instantiation of a guest: its functions, its memory, its frames, its callbacks; and what happens when a call does
// not return. Nothing here outlives a call except the instance.

import { FramegateError, messageOf } from '../errors.ts'
import { exhausted } from '../frame.ts'
import type { HandleLedger, HandleOwner } from '../handle.ts'
import { freeOf, isOwnedOut, pointee, type Signature } from '../signature.ts'
import { CallbackTable } from './callback-table.ts'
import { abruptEnd, panicText, told } from './ends.ts'
import { FrameStack } from './frame-stack.ts'
import { type Instantiated, instantiate, required, type WasmGuest } from './guest.ts'

/** A function of the guest, as WebAssembly calls it. */
export type Export = (...parameters: (number | bigint)[]) => number | bigint | undefined

/** What an instance tells the library that it belongs to. */
export interface InstanceOwner {
  /** An abrupt end: the next call runs on another instance. */
  onRetired(instance: Instance): void
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
  /** What retired it: the calls around the one that ended say the same. */
  #reason: string | undefined
  /** What a function of the host threw last: an exception of its own is no end of the guest's. */
  #thrownByHost: unknown = NOTHING
  /** What the allocator gave and has not got back. */
  readonly #blocks: Block[] = []
  /** The functions that end what the signatures return. */
  readonly #frees: readonly (Export | undefined)[]

  constructor(guest: WasmGuest, signatures: readonly Signature[], generation: number, owner: InstanceOwner) {
    this.#generation = generation
    this.#owner = owner
    const guards = owner.debug?.guard(this)
    this.#guards = guards
    const made = instantiate(guest, {
      run: (symbol, call) => this.run(symbol, call),
      isRetired: () => this.retired,
      host: (call) => this.host(call),
    })
    this.#made = made
    this.toolchain = made.toolchain
    this.glue = made.glue
    this.managed = made.managed
    this.targets = signatures.map((signature) => {
      const target = required(made.lookup, signature.symbol) as Export
      return guards?.target(signature, target) ?? target
    })
    this.#frees = signatures.map(({ result }) => {
      const free = freeOf(result)
      return free === undefined ? undefined : this.target(free)
    })
    // What frees a value in a slot is looked up when it is needed, but missed now.
    for (const { parameters } of signatures) for (const { type } of parameters) this.#checkFree(pointee(type))
    const { panicMessage } = guest
    if (panicMessage) this.#panicAddress = Number(this.run(panicMessage, this.target(panicMessage))) >>> 0
    const allocator = {
      allocate: (size: number) => this.#allocate(size),
      free: (address: number, size: number) => this.#free(address, size),
    }
    this.stack = guards?.stack(made.memory, allocator) ?? new FrameStack(made.memory, allocator)
    this.callbacks =
      guards?.callbacks(made.table, guest.callbacks, this) ?? new CallbackTable(made.table, guest.callbacks, this)
  }

  /** @throws {@link FramegateError} `SYMBOL_NOT_FOUND` */
  target(symbol: string): Export {
    const found = required(this.#made.lookup, symbol) as Export
    return this.#guards?.free(symbol, found) ?? found
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
      return call()
    } catch (error) {
      this.retired = true
      throw this.ended(symbol, error)
    }
  }

  /** Retires the instance, whose call to `symbol` did not return, and says why in the caller's terms. */
  ended(symbol: string, cause: unknown): FramegateError {
    this.#retire()
    const isHosts = cause === this.#thrownByHost
    const end = abruptEnd(cause)
    const code = isHosts && end === 'GUEST_TRAPPED' ? 'GUEST_INTERRUPTED' : end
    const isNested = this.#reason !== undefined && cause instanceof FramegateError
    const reason = isNested
      ? this.#reason
      : (code === 'GUEST_TRAPPED' && panicText(this.#made.memory.buffer, this.#panicAddress)) || messageOf(cause)
    const message = told(code, symbol, reason as string)
    this.#reason ??= message
    return new FramegateError(code, `${message}; ${this.#next}`, { cause })
  }

  /**
   * A function of the host as the guest calls it. A nested call that ended abruptly ends the guest's own as well, whether
   * or not the function hid its error.
   */
  host<Call extends (...parameters: never[]) => unknown>(call: Call): Call {
    return ((...parameters: never[]) => {
      let returned: unknown
      try {
        returned = call(...parameters)
      } catch (error) {
        this.#thrownByHost = error
        throw error
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
