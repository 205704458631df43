/**
 * Bytes put together piece by piece: one buffer that is written again and again, from which finished stretches are
 * copied out. Appending bytes that were encoded before costs a copy (about 30 ns for a few hundred bytes); joining
 * strings and encoding them at the end costs some 5 ns for every byte.
 */

/** A growing buffer that can take back what was appended last. */
export class ByteBuffer {
  #bytes = new Uint8Array(64 * 1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    const end = this.#length + bytes.length
    if (end > this.#bytes.length) this.#grow(end)
    this.#bytes.set(bytes, this.#length)
    this.#length = end
  }

  /** Appends a whole number in decimal digits. */
  appendNumber(number: number): void {
    const digits = String(number)
    const end = this.#length + digits.length
    if (end > this.#bytes.length) this.#grow(end)
    for (let index = 0; index < digits.length; index++) this.#bytes[this.#length + index] = digits.charCodeAt(index)
    this.#length = end
  }

  /** Takes back everything behind an earlier {@link length}. */
  truncate(length: number): void {
    this.#length = length
  }

  /** A copy of what was appended since the last call; the buffer is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return bytes
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
  }
}
