// Bounded recovery: how often instances that ended abruptly are followed by others. Without a bound, an input that traps
// would cost its sender one call and the host a new instance each time.

import { FramegateError, refusal } from '../errors.ts'
import { TokenBucket } from '../token-bucket.ts'

/** Growth that costs as much as a recovery. V8 marks and compacts the whole heap about every 15 MB of it, in 5 to 15 ms. */
const BYTES_PER_RECOVERY = 1024 * 1024

export class Recovery {
  readonly #perSecond: number
  readonly #bucket: TokenBucket
  #lastEnd: FramegateError | undefined
  #cost = 1

  /** @throws FramegateError `ARGUMENT_INVALID` */
  constructor(perSecond: number) {
    if (!(perSecond > 0)) {
      throw new FramegateError('ARGUMENT_INVALID', `recoveriesPerSecond is ${perSecond}; pass a number above 0`)
    }
    this.#perSecond = perSecond
    this.#bucket = new TokenBucket(perSecond)
  }

  /** @param grown - bytes that the memory of what ended had grown by: they are garbage now, to be collected in everybody's time */
  ended(error: FramegateError, grown: number): void {
    this.#lastEnd = error
    this.#cost = 1 + grown / BYTES_PER_RECOVERY
  }

  /** Takes one recovery, if an instance has ended abruptly since the last. Returns `ENGINE_UNSTABLE` where there is none left. */
  take(): FramegateError | undefined {
    const end = this.#lastEnd
    if (end === undefined) return undefined
    if (!this.#bucket.take(this.#cost)) return this.#unstable(end)
    this.#lastEnd = undefined
    return undefined
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
