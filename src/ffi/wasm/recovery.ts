// Bounded recovery: how often instances that ended abruptly are followed by others. Without a bound, an input that traps
// would cost its sender one call and the host a new instance each time.

import { FramegateError } from '../errors.ts'

/** A bucket that holds a second's worth of recoveries. */
export class Recovery {
  readonly #perSecond: number
  #left: number
  #filledAt = 0
  #lastEnd: FramegateError | undefined

  /** @throws FramegateError `ARGUMENT_INVALID` */
  constructor(perSecond: number) {
    if (!(perSecond > 0)) {
      throw new FramegateError('ARGUMENT_INVALID', `recoveriesPerSecond is ${perSecond}; pass a number above 0`)
    }
    this.#perSecond = perSecond
    this.#left = Math.max(1, perSecond)
  }

  ended(error: FramegateError): void {
    this.#lastEnd = error
  }

  /**
   * Takes one recovery, if an instance has ended abruptly since the last.
   *
   * @throws FramegateError `ENGINE_UNSTABLE` where there is none left
   */
  take(): void {
    const end = this.#lastEnd
    if (end === undefined || this.#perSecond === Number.POSITIVE_INFINITY) return
    const now = performance.now()
    const filled = this.#filledAt === 0 ? 0 : ((now - this.#filledAt) / 1000) * this.#perSecond
    this.#filledAt = now
    this.#left = Math.min(Math.max(1, this.#perSecond), this.#left + filled)
    if (this.#left < 1) throw this.#unstable(end)
    this.#left--
    this.#lastEnd = undefined
  }

  #unstable(cause: FramegateError): FramegateError {
    const wait = Math.ceil(((1 - this.#left) / this.#perSecond) * 1000)
    return new FramegateError(
      'ENGINE_UNSTABLE',
      `more than ${this.#perSecond} instances a second ended abruptly, the last because ${cause.message}; calls are ` +
        `answered again in ${wait} ms; find the input that ends them, or raise recoveriesPerSecond`,
      { cause },
    )
  }
}
