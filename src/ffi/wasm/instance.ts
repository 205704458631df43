// One instantiation of a guest: its functions, its memory, its frames, its callbacks; and what happens when a call does
// not return. Nothing here outlives a call except the instance.

import { FramegateError } from '../errors.ts'
import { exhausted } from '../frame.ts'
import type { HandleLedger, HandleOwner } from '../handle.ts'
import { freeOf, type Signature } from '../signature.ts'
import { CallbackTable } from './callback-table.ts'
import { FrameStack } from './frame-stack.ts'
import { type Instantiated, instantiate, required, type WasmGuest } from './guest.ts'

/** A function of the guest, as WebAssembly calls it. */
export type Export = (...parameters: (number | bigint)[]) => number | bigint | undefined

/** What an instance tells the library that it belongs to. */
export interface InstanceOwner {
  /** An abrupt end: the next call runs on another instance. */
  onRetired(instance: Instance): void
  /** Debug mode's guards, if it is on. */
  readonly debug: DebugGuards | undefined
}

/** What debug mode puts in place of the plain parts. */
export interface DebugGuards {
  readonly ledger: HandleLedger
  received(address: number, symbol: string, free: string): void
  stack(...parameters: ConstructorParameters<typeof FrameStack>): FrameStack
}

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
  readonly #panicAddress: number
  /** The functions that end what the signatures return. */
  readonly #frees: readonly (Export | undefined)[]

  constructor(guest: WasmGuest, signatures: readonly Signature[], generation: number, owner: InstanceOwner) {
    this.#generation = generation
    this.#owner = owner
    const made = instantiate(guest, {
      run: (symbol, call) => this.run(symbol, call),
      isRetired: () => this.retired,
    })
    this.#made = made
    this.toolchain = made.toolchain
    this.glue = made.glue
    this.managed = made.managed
    this.targets = signatures.map(({ symbol }) => this.target(symbol))
    this.#frees = signatures.map(({ result }) => {
      const free = freeOf(result)
      return free === undefined ? undefined : this.target(free)
    })
    this.#panicAddress = guest.panicMessage
      ? Number(this.run(guest.panicMessage, this.target(guest.panicMessage))) >>> 0
      : 0
    const allocator = {
      allocate: (size: number) => this.#allocate(size),
      free: (address: number, size: number) => this.#free(address, size),
    }
    this.stack = owner.debug?.stack(made.memory, allocator) ?? new FrameStack(made.memory, allocator)
    this.callbacks = new CallbackTable(made.table, guest.callbacks, this)
  }

  /** @throws {@link FramegateError} `SYMBOL_NOT_FOUND` */
  target(symbol: string): Export {
    return required(this.#made.lookup, symbol) as Export
  }

  // ---- handles

  get lives(): boolean {
    return !this.retired
  }

  get traces(): boolean {
    return this.#owner.debug !== undefined
  }

  get ledger(): HandleLedger | undefined {
    return this.#owner.debug?.ledger
  }

  /** Takes note of something that the caller owns from now on. */
  received(address: number, symbol: string, free: string): void {
    this.#owner.debug?.received(address, symbol, free)
  }

  /** Gives what the call of signature `index` returned back to the guest. */
  giveBack(index: number, address: number, length?: number): void {
    const free = this.#frees[index] as Export
    try {
      if (length === undefined) free(address)
      else free(address, length)
    } catch (error) {
      throw this.ended('the function that frees it', error)
    }
  }

  end(address: number, free: string): void {
    if (this.managed) this.managed.unpin(address)
    else this.run(free, () => this.target(free)(address))
  }

  // ---- ends

  /** Enters the guest. A call that does not return retires the instance. */
  run<Result>(symbol: string, call: () => Result): Result {
    try {
      return call()
    } catch (error) {
      throw this.ended(symbol, error)
    }
  }

  /** Retires the instance, whose call to `symbol` did not return, and says why in the caller's terms. */
  ended(symbol: string, cause: unknown): FramegateError {
    const next = `the instance was retired, the next call runs on generation ${this.#generation + 1}`
    const message = cause instanceof Error ? cause.message : String(cause)
    const reason = (cause instanceof WebAssembly.RuntimeError && this.#panicMessage()) || message
    if (!this.retired) {
      this.retired = true
      this.#owner.onRetired(this)
    }
    if (cause instanceof WebAssembly.RuntimeError) {
      return new FramegateError('GUEST_TRAPPED', `${symbol} trapped: ${reason}; ${next}`, { cause })
    }
    // Firefox has an InternalError of its own for a stack that is full.
    if (cause instanceof RangeError || (cause instanceof Error && cause.name === 'InternalError')) {
      return new FramegateError('GUEST_STACK_EXHAUSTED', `${symbol} ran out of stack: ${message}; ${next}`, { cause })
    }
    return new FramegateError('GUEST_INTERRUPTED', `an exception went through ${symbol}: ${message}; ${next}`, {
      cause,
    })
  }

  #allocate(size: number): number {
    const address = this.run('the allocator', () => this.#made.alloc(size)) >>> 0
    if (address === 0) throw exhausted(size)
    return address
  }

  #free(address: number, size: number): void {
    if (!this.retired) this.run('the allocator', () => this.#made.free(address, size))
  }

  /** What the guest said before it trapped; reading it does not enter the guest. */
  #panicMessage(): string {
    const at = this.#panicAddress
    const { buffer } = this.#made.memory
    if (at === 0 || at + 4 > buffer.byteLength) return ''
    const length = Math.min(new DataView(buffer).getUint32(at, true), buffer.byteLength - at - 4)
    return new TextDecoder().decode(new Uint8Array(buffer, at + 4, length))
  }
}
