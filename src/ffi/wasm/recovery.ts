// Bounded recovery: how often instances that ended abruptly are followed by others. Without a bound, an input that traps
// would cost its sender one call and the host a new instance each time.

import { FramegateError, refusal } from '../errors.ts'
import { TokenBucket } from '../token-bucket.ts'

export class Recovery {
  readonly #perSecond: number
  readonly #bucket: TokenBucket
  #lastEnd: FramegateError | undefined

  /** @throws FramegateError `ARGUMENT_INVALID` */
  constructor(perSecond: number) {
    if (!(perSecond > 0)) {
      throw new FramegateError('ARGUMENT_INVALID', `recoveriesPerSecond is ${perSecond}; pass a number above 0`)
    }
    this.#perSecond = perSecond
    this.#bucket = new TokenBucket(perSecond)
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
    if (end === undefined) return
    if (!this.#bucket.take()) throw this.#unstable(end)
    this.#lastEnd = undefined
  }

  #unstable(cause: FramegateError): FramegateError {
    return refusal(
      'ENGINE_UNSTABLE',
      `more than ${this.#perSecond} instances a second ended abruptly, the last because ${cause.message}; calls are ` +
        `answered again in ${this.#bucket.wait} ms; find the input that ends them, or raise recoveriesPerSecond`,
      { cause },
    )
  }
}
