/**
 * A worker thread of `framegate eval --threads N`: its own evaluator, on its own instance of the module that the main
 * thread compiled. Batches come in as bytes and results go back as bytes; both are moved, not copied.
 */
import { Piscina } from 'piscina'
import { createEvaluator } from '../node.ts'
import type { Selection } from './selection.ts'
import type { EvaluatorSource } from './specs-file.ts'
import { BatchEvaluator, type BatchResult, type OutputFormat, UserSeed } from './user-batch.ts'
import type { UserBatch } from './user-lines.ts'

/** What the main thread hands to each worker once. */
export interface WorkerSetup {
  readonly source: EvaluatorSource
  readonly now: number
  readonly selection: Selection
  readonly format: OutputFormat
}

const { source, now, selection, format } = Piscina.workerData as WorkerSetup
const seed = new UserSeed()
const evaluator = createEvaluator({ ...source, now: () => now, seed: seed.next })
const batches = new BatchEvaluator(evaluator, seed, selection, format)

export default function evaluateBatch(batch: UserBatch): BatchResult {
  const result = batches.evaluate(batch)
  const moved = {
    get [Piscina.transferableSymbol]() {
      return result.text.map((piece) => piece.buffer)
    },
    get [Piscina.valueSymbol]() {
      return result
    },
  }
  // The pool's own types name these two properties by symbols that its class gives out as plain `symbol`.
  return Piscina.move(moved as unknown as ArrayBuffer) as unknown as BatchResult
}
