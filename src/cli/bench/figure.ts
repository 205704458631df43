/** What several runs of one measurement gave. */
export interface Figure {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export function figure(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)]!, lowest: sorted[0]!, highest: sorted.at(-1)! }
}
