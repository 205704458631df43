// Opaque objects of a guest: the host holds a handle, never the address, and the guest's function that ends the object is
// called once, by `dispose`, by the end of a `using` block, or as a last net by the garbage collector.

import { FramegateError } from './errors.ts'

/** The instance or library that objects live in. */
export interface HandleOwner {
  /** Whether its objects still exist: not once it was retired or closed. */
  readonly lives: boolean
  /** Where handles remember where they were made, so that misuse can be traced. */
  readonly traces: boolean
  /** Calls the guest's function `free` with the address. */
  end(address: number, free: string): void
  /** Told of handles that end or begin, in debug mode. */
  readonly ledger?: HandleLedger | undefined
}

/** Debug mode's list of handles that have not been disposed of. */
export interface HandleLedger {
  opened(handle: Handle, origin: Error): void
  closed(handle: Handle): void
}

interface Remains {
  readonly owner: HandleOwner
  readonly address: number
  readonly free: string
}

/** Ends objects whose handles nobody disposed of. It runs between turns of the event loop, never in synchronous code. */
const abandoned = new FinalizationRegistry<Remains>(({ owner, address, free }) => {
  try {
    if (owner.lives) owner.end(address, free)
  } catch {
    // Nobody called who could be told, and an exception here would end the process. The instance is retired by now.
  }
})

/**
 * An object of a guest. `Name` is its type's: a handle of another name is refused.
 *
 * @example
 * ```
 * using counter = library.symbols.counter_new() // Handle<'Counter'>; counter_free is called at the end of the block
 * library.symbols.counter_add(counter, 5)
 * ```
 */
export class Handle<Name extends string = string> implements Disposable {
  readonly name: Name
  readonly #address: number
  readonly #owner: HandleOwner
  readonly #free: string | undefined
  readonly #origin: Error | undefined
  #disposed = false

  /** @internal */
  constructor(name: Name, address: number, owner: HandleOwner, free: string | undefined) {
    this.name = name
    this.#address = address
    this.#owner = owner
    this.#free = free
    this.#origin = owner.traces ? new Error(`this ${name} was made here`) : undefined
    if (free === undefined) return
    abandoned.register(this, { owner, address, free }, this)
    if (this.#origin) owner.ledger?.opened(this, this.#origin)
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /** Ends the object; a second call does nothing, and an object whose instance was retired is gone already. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#free === undefined) return
    abandoned.unregister(this)
    this.#owner.ledger?.closed(this)
    if (this.#owner.lives) this.#owner.end(this.#address, this.#free)
  }

  /** As `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /**
   * The object's address, for a call of `owner`.
   *
   * @internal
   * @throws {@link FramegateError} `HANDLE_DISPOSED`, `HANDLE_STALE`, `ARGUMENT_INVALID`
   */
  addressFor(owner: HandleOwner, name: string, place: string): number {
    const cause = this.#origin
    if (this.#disposed) {
      const made = cause ? `; ${cause.stack}` : '; debug mode tells where it was made'
      throw new FramegateError('HANDLE_DISPOSED', `${place} is a ${this.name} that was disposed of${made}`, { cause })
    }
    if ((this.name as string) !== name) {
      throw new FramegateError('ARGUMENT_INVALID', `${place} is a ${this.name}; pass a ${name}`, { cause })
    }
    if (this.#owner !== owner) {
      const fault = this.#owner.lives ? 'belongs to another library' : 'went with its instance, which was retired'
      throw new FramegateError('HANDLE_STALE', `${place} is a ${this.name} that ${fault}; make a new one`, { cause })
    }
    return this.#address
  }
}
