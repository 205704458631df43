/** What a cell's process tells the command, and what the command gives it. */
import type { Cell, Counts, WrongReply } from './result.ts'

/** The cell to run, as JSON in the first argument of the process. */
export interface CellOrder extends Cell {
  /** Seconds that a control may take to be caught, where that is more than the cell's own. */
  readonly patience: number
}

export type CellMessage =
  | { readonly tell: 'started' }
  | { readonly tell: 'progress' | 'done'; readonly counts: Counts; readonly seconds: number }
  | { readonly tell: 'wrong'; readonly reply: WrongReply }
  | { readonly tell: 'failed'; readonly reason: string }
