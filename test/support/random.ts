/** Random choices that a seed repeats exactly, on any machine. */

/**
 * The seed of this run: `FRAMEGATE_SEED` to repeat one, otherwise new each time. Print it. In CI it is always the same: the
 * native engine that the tests compare with ends the whole process on some inputs, and not all of them are known.
 */
export function runSeed(): number {
  const given = process.env.FRAMEGATE_SEED ?? (process.env.CI === undefined ? undefined : '20261123')
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
}

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** In [0, 1); the mulberry32 generator. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!
  }

  /** Up to `most` of the values, repeats allowed. */
  some<Value>(values: readonly Value[], most: number): Value[] {
    return Array.from({ length: this.below(most + 1) }, () => this.pick(values))
  }
}
