// Functions of the host that a guest may call after the call that handed them over has returned.

import type { CallbackFunction, CallbackType, Pointer } from './definitions.ts'
import { FramegateError } from './errors.ts'

/** Where a backend keeps registered callbacks. */
export interface CallbackOwner {
  /** The callback's address in the instance that answers now. */
  install(callback: Callback): Pointer
  /** Ends it: a guest that calls it from now on gets `CALLBACK_STALE`. */
  uninstall(callback: Callback): void
}

/**
 * A function that a guest can keep and call until it is disposed of; made by `library.callback`. Pass it where a
 * definition has a parameter of its type. It stays known when an instance is replaced, but the new instance's guest has
 * forgotten it: hand it over again.
 *
 * @example
 * ```
 * const logger = { type: 'callback', parameters: ['cstring'], result: 'void' } as const
 * using log = library.callback(logger, (line) => console.log(line))
 * library.symbols.set_logger(log)
 * ```
 */
export class Callback<Type extends CallbackType = CallbackType> implements Disposable {
  readonly type: Type
  /** @internal */
  readonly call: (...parameters: never[]) => unknown
  readonly #owner: CallbackOwner
  #disposed = false

  /** @internal */
  constructor(owner: CallbackOwner, type: Type, call: CallbackFunction<Type>) {
    this.#owner = owner
    this.type = type
    this.call = call as (...parameters: never[]) => unknown
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /**
   * Its address, for a guest that wants it in a struct.
   *
   * @throws {@link FramegateError} `CALLBACK_STALE` after {@link dispose}
   */
  get pointer(): Pointer {
    if (this.#disposed) throw staleCallback('the callback was disposed of; register it again')
    return this.#owner.install(this as unknown as Callback)
  }

  /** Ends it. The guest must have been told to forget it before. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#owner.uninstall(this as unknown as Callback)
  }

  /** As `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

export function staleCallback(message: string): FramegateError {
  return new FramegateError('CALLBACK_STALE', message)
}
