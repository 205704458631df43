/**
 * A small seeded generator of pseudo-random numbers (mulberry32), so that the same seed gives the same users on
 * every machine. It is good enough to make example data and nothing else.
 */

const TWO_TO_32 = 4294967296

/** Mixes an integer into 32 well-spread bits; neighbouring inputs give unrelated outputs. */
function scramble(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

export class Random {
  #state: number

  /** Two numbers make the seed: a stream (the run's seed) and a position in it (the user's index). */
  constructor(stream: number, position: number) {
    this.#state = (scramble(stream + 0x9e3779b9) ^ scramble(position + 1)) >>> 0
  }

  /** A whole number from 0 to 2^32 - 1. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.bits() / TWO_TO_32
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.integer(0, choices.length - 1)]
    if (choice === undefined) throw new RangeError('nothing to pick from')
    return choice
  }

  /** One of the values, each as likely as its weight says; the weights need not add up to anything. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, value] of choices) {
      left -= weight
      if (left < 0) return value
    }
    const last = choices[choices.length - 1]
    if (last === undefined) throw new RangeError('nothing to pick from')
    return last[1]
  }

  /** Some of the choices, in their order, each taken with the given probability. */
  some<T>(choices: readonly T[], probability: number): T[] {
    return choices.filter(() => this.chance(probability))
  }

  /** A version-4 UUID. */
  uuid(): string {
    const hex = [this.bits(), this.bits(), this.bits(), this.bits()]
      .map((word) => word.toString(16).padStart(8, '0'))
      .join('')
    const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}
