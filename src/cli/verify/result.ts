/** What is known of one run of a row at one number of workers (a cell of the matrix), while it runs and when it is over. */
import type { RowId } from './rows.ts'

/**
 * What a wrong reply was, told by its value: a value made for another call, no value at all, what some call passed in, or
 * nothing that any call of the run could have passed or got.
 */
export type WrongKind = 'another' | 'nothing' | 'argument' | 'unknown'

export const wrongKinds: readonly WrongKind[] = ['another', 'nothing', 'argument', 'unknown']

/** A run of a row. */
export interface Cell {
  readonly row: RowId
  readonly workers: number
  readonly seconds: number
}

/** The counts of a cell, summed over its threads. */
export interface Counts {
  readonly operations: number
  readonly wrong: Readonly<Record<WrongKind, number>>
  /** Seconds from the start of the run to the first wrong reply. */
  readonly firstWrong: number | null
}

/** One wrong reply, as text. */
export interface WrongReply {
  readonly kind: WrongKind
  readonly worker: number
  readonly asked: string
  readonly got: string
}

/** The outcome of a cell. */
export interface CellResult extends Counts {
  readonly row: RowId
  readonly workers: number
  /** How long it ran; a process that crashed had no more to say after its last sign of life. */
  readonly seconds: number
  /** Why the process did not end as it should; `null` when it did. */
  readonly crash: string | null
  /** The first few wrong replies of each kind. */
  readonly examples: readonly WrongReply[]
}

/** All kinds together. */
export function wrongTotal({ wrong }: Pick<Counts, 'wrong'>): number {
  return wrongKinds.reduce((sum, kind) => sum + wrong[kind], 0)
}

/** Counts of nothing done. */
export function noCounts(): Counts {
  return { operations: 0, wrong: { another: 0, nothing: 0, argument: 0, unknown: 0 }, firstWrong: null }
}
