// How often something may happen: a bucket that holds a second's worth and fills up as time passes.

/** @internal */
export class TokenBucket {
  readonly #perSecond: number
  readonly #capacity: number
  #tokens: number
  #filledAt = performance.now()

  /** @param capacity - how many may happen at once; default a second's worth, and at least one */
  constructor(perSecond: number, capacity = Math.max(1, perSecond)) {
    this.#perSecond = perSecond
    this.#capacity = capacity
    this.#tokens = capacity
  }

  /** Takes `cost` tokens, if there is one; what is missing then is owed. */
  take(cost = 1): boolean {
    if (this.#tokens < 1) this.#fill()
    if (this.#tokens < 1) return false
    this.#tokens -= cost
    return true
  }

  /** Milliseconds until there is a token. */
  get wait(): number {
    return Math.ceil((Math.max(0, 1 - this.#tokens) / this.#perSecond) * 1000)
  }

  #fill(): void {
    const now = performance.now()
    const passed = Math.max(0, now - this.#filledAt)
    this.#tokens = Math.min(this.#capacity, this.#tokens + (passed / 1000) * this.#perSecond)
    this.#filledAt = now
  }
}
