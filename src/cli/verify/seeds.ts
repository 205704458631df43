/**
 * The seeds of the minimal workload. Every worker counts through a range of its own, so that a text found anywhere tells
 * whose call it was made for:
 *
 *     seed = (worker + 1) * 10^10 + low        low from 10^9 to 2^31 - 1, then again from 10^9
 *
 * In decimal that is the worker's number followed by ten digits: the expected text is a fixed prefix and a small integer,
 * which costs the loop a fifth of what printing the whole number would.
 */
import type { WrongKind } from './result.ts'

const range = 10_000_000_000
const lowest = 1_000_000_000
const highest = 0x7fff_ffff

/** One worker's seeds, one after another. */
export class Seeds {
  readonly #base: number
  readonly #prefix: string
  #low = lowest

  constructor(worker: number) {
    this.#base = (worker + 1) * range
    this.#prefix = String(worker + 1)
  }

  /** Goes to the next seed. */
  next(): bigint {
    this.#low = this.#low === highest ? lowest : this.#low + 1
    return BigInt(this.#base + this.#low)
  }

  /** The current seed as the probe prints it. */
  get text(): string {
    return this.#prefix + this.#low
  }
}

/** What a text is that should have been another, in a run of so many workers. */
export function classifyText(text: string | null, workers: number): WrongKind {
  if (text === null || text === '') return 'nothing'
  const seed = /^[1-9]\d{10,15}$/.test(text) ? Number(text) : Number.NaN
  const worker = Math.floor(seed / range) - 1
  const low = seed % range
  return worker >= 0 && worker < workers && low >= lowest && low <= highest ? 'another' : 'unknown'
}
