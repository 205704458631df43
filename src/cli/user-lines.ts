/**
 * Users as NDJSON, read as bytes and cut into batches of whole lines without looking into them: finding line ends is
 * cheap, parsing is not and belongs to the threads that evaluate.
 *
 *     chunk   {"userID":"a"}\n{"userID":"b"}\n{"user      one read of the file
 *     batch   {"userID":"a"}\n{"userID":"b"}\n            whole lines only, at most `linesPerBatch`
 *     carry                                   {"user      waits for the next read
 *
 * Memory: one chunk, one carried line, and the batches that the consumer still holds.
 */

/** A run of whole lines, with the numbers that its first line has in the whole input. */
export interface UserBatch {
  /** The lines, each ended by a line feed (the last one of the input perhaps not); may be blank or not JSON. */
  readonly bytes: Uint8Array
  /** 1-based number of the first line, blank lines counted: what an editor shows. */
  readonly firstLine: number
  /** 0-based number of the first user, blank lines not counted: the `user` of the results. */
  readonly firstUser: number
  /** How many lines are not blank. */
  readonly users: number
  /** Set for a line over {@link longestLine}: it was read past and `bytes` is empty. */
  readonly tooLong: boolean
}

/** 64 MiB: past that a line is a file without line ends rather than a user. */
export const longestLine = 64 * 1024 * 1024

// A batch is handed over before it grows past this, so that a few users of a megabyte each do not wait for 250 more.
const fullBatchBytes = 1024 * 1024

const lineFeed = 10
const byteOrderMark = [0xef, 0xbb, 0xbf] as const
const nothing = new Uint8Array(0)

/** Cuts the input into batches, in order; a chunk's complete lines go out before the next chunk is awaited. */
export async function* userBatches(
  source: AsyncIterable<Uint8Array>,
  linesPerBatch: number,
): AsyncGenerator<UserBatch> {
  const cutter = new LineCutter(linesPerBatch)
  let carry: Uint8Array[] = []
  let carried = 0
  let skipping = false
  for await (const chunk of source) {
    let rest = chunk
    if (skipping) {
      const end = chunk.indexOf(lineFeed) + 1
      if (end === 0) continue
      skipping = false
      rest = chunk.subarray(end)
    }
    const end = rest.lastIndexOf(lineFeed) + 1
    if (end > 0) {
      yield* cutter.cut(carried > 0 ? joined([...carry, rest.subarray(0, end)]) : rest.subarray(0, end))
      carry = []
      carried = 0
      rest = rest.subarray(end)
    }
    if (rest.length === 0) continue
    carry.push(rest)
    carried += rest.length
    if (carried > longestLine) {
      yield cutter.tooLong()
      carry = []
      carried = 0
      skipping = true
    }
  }
  if (carried > 0) yield* cutter.cut(joined(carry))
}

/** Turns regions of whole lines into batches and keeps the count of lines and users. */
class LineCutter {
  #line = 1
  #user = 0
  readonly #linesPerBatch: number

  constructor(linesPerBatch: number) {
    this.#linesPerBatch = linesPerBatch
  }

  *cut(region: Uint8Array): Generator<UserBatch> {
    let start =
      this.#line === 1 && byteOrderMark.every((byte, index) => region[index] === byte) ? byteOrderMark.length : 0
    let position = start
    let lines = 0
    let users = 0
    while (position < region.length) {
      const found = region.indexOf(lineFeed, position)
      const end = found < 0 ? region.length : found + 1
      if (end - position > longestLine) {
        if (lines > 0) yield this.#batch(region.subarray(start, position), lines, users)
        yield this.tooLong()
        start = position = end
        lines = users = 0
        continue
      }
      if (!isBlank(region, position, end)) users++
      lines++
      position = end
      if (lines >= this.#linesPerBatch || position - start >= fullBatchBytes) {
        yield this.#batch(region.subarray(start, position), lines, users)
        start = position
        lines = users = 0
      }
    }
    if (lines > 0) yield this.#batch(region.subarray(start, position), lines, users)
  }

  tooLong(): UserBatch {
    return { bytes: nothing, firstLine: this.#line++, firstUser: this.#user++, users: 1, tooLong: true }
  }

  #batch(bytes: Uint8Array, lines: number, users: number): UserBatch {
    const batch = { bytes, firstLine: this.#line, firstUser: this.#user, users, tooLong: false }
    this.#line += lines
    this.#user += users
    return batch
  }
}

/** Whether nothing but JSON's own white space stands in `bytes[start, end)`. */
function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const byte = bytes[index]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false
  }
  return true
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
