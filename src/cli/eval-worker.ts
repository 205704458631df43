/**
 * A worker thread of `framegate eval --threads N`: its own instance, started from the snapshot that the main thread shares.
 * Batches come in as bytes and results go back as bytes; both are moved, not copied.
 */
import { workerData } from 'node:worker_threads'
import { createEvaluator } from '../node.ts'
import { attach } from '../pool/attach.ts'
import { batchTask } from '../pool/batch-task.ts'
import type { SharedHandle } from '../pool/share.ts'
import type { Selection } from './selection.ts'
import type { EvaluatorSource } from './specs-file.ts'
import { BatchEvaluator, type BatchResult, type OutputFormat, UserSeed } from './user-batch.ts'
import type { UserBatch } from './user-lines.ts'

/** What the main thread hands to each worker once. */
export interface WorkerSetup {
  /** The specs as they were loaded, or what each thread loads itself: the native backend has no snapshots. */
  readonly specs: SharedHandle | EvaluatorSource
  readonly now: number
  readonly selection: Selection
  readonly format: OutputFormat
}

const { specs, now, selection, format } = workerData as WorkerSetup
const seed = new UserSeed()
const answering = { now: () => now, seed: seed.next }
const evaluator = 'framegate' in specs ? attach(specs, answering) : createEvaluator({ ...specs, ...answering })
const batches = new BatchEvaluator(evaluator, seed, selection, format)

export default batchTask<UserBatch, BatchResult>(
  (batch) => batches.evaluate(batch),
  ({ text }) => text.map((piece) => piece.buffer),
)
