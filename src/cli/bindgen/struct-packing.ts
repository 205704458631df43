/** `#pragma pack`, which changes the layout of all structs after it. */

/** At this alignment and above no field of a definition's types moves. */
const widestAlignment = 8

export class StructPacking {
  #current = widestAlignment
  readonly #pushed: number[] = []

  /** Whether structs that are defined now have another layout than C's own. */
  get isOn(): boolean {
    return this.#current < widestAlignment
  }

  /** Follows `#pragma pack(push, 1)`, `pack(pop)`, `pack(4)`, `pack()`; other lines change nothing. */
  pragma(line: string): void {
    const parameters = /#\s*pragma\s+pack\s*\(([^)]*)\)/.exec(line)?.[1]
    if (parameters === undefined) return
    const alignment = /\d+/.exec(parameters)?.[0]
    if (parameters.includes('push')) this.#pushed.push(this.#current)
    if (parameters.includes('pop')) this.#current = this.#pushed.pop() ?? widestAlignment
    else if (alignment !== undefined) this.#current = Number(alignment)
    else if (parameters.trim() === '') this.#current = widestAlignment
  }
}
