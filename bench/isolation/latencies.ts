/**
 * A histogram of durations in the manner of HdrHistogram: 128 buckets between each power of two and the next, so that a
 * percentile is off by less than 1 %. It takes 45 kB however many it counts, and recording allocates nothing: a list of
 * ten million durations would be collected in the middle of what it measures.
 */
const PER_OCTAVE = 128
const SHIFT = 7
/** The longest, 2^42 ns, is more than an hour. */
const OCTAVES = 36

export class Latencies {
  readonly #buckets = new Float64Array(PER_OCTAVE * OCTAVES)
  #count = 0
  #highest = 0

  /** @param milliseconds - as two readings of `performance.now()` are apart */
  record(milliseconds: number): void {
    const nanoseconds = milliseconds * 1e6
    this.#count++
    if (milliseconds > this.#highest) this.#highest = milliseconds
    this.#buckets[bucketOf(nanoseconds)]!++
  }

  get count(): number {
    return this.#count
  }

  /** In milliseconds. */
  get highest(): number {
    return this.#highest
  }

  /** In milliseconds: the middle of the bucket that so many percent of all do not exceed. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.#count))
    let seen = 0
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      seen += this.#buckets[bucket]!
      if (seen >= wanted) return Math.min(middleOf(bucket) / 1e6, this.#highest)
    }
    return this.#highest
  }
}

function bucketOf(nanoseconds: number): number {
  if (nanoseconds < PER_OCTAVE) return Math.max(0, Math.floor(nanoseconds))
  const octave = Math.min(Math.floor(Math.log2(nanoseconds)), SHIFT + OCTAVES - 2)
  const within = Math.min(Math.floor(nanoseconds / 2 ** (octave - SHIFT)) - PER_OCTAVE, PER_OCTAVE - 1)
  return (octave - SHIFT + 1) * PER_OCTAVE + within
}

function middleOf(bucket: number): number {
  const octave = Math.floor(bucket / PER_OCTAVE)
  const within = bucket % PER_OCTAVE
  return octave === 0 ? within + 0.5 : (PER_OCTAVE + within + 0.5) * 2 ** (octave - 1)
}
