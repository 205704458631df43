/**
 * Who evaluates the batches: this thread, or a pool of worker threads. Results come in input order either way.
 */
import type { Evaluator } from '../node.ts'
import { BatchPool } from '../pool/batch-pool.ts'
import { inOrder } from '../pool/in-order.ts'
import { CommandError, errorMessage } from './errors.ts'
import type { WorkerSetup } from './eval-worker.ts'
import { BatchEvaluator, type BatchResult, type UserSeed } from './user-batch.ts'
import type { UserBatch } from './user-lines.ts'

/** Takes batches in input order; `run` yields their results in the same order. */
export interface BatchRunner {
  run(batches: AsyncIterable<UserBatch>): AsyncGenerator<BatchResult>
  close(): Promise<void>
}

/** Evaluates in this thread, a batch at a time; closing disposes of the evaluator. */
export function inThisThread(
  evaluator: Evaluator,
  seed: UserSeed,
  { selection, format }: Pick<WorkerSetup, 'selection' | 'format'>,
): BatchRunner {
  const batchEvaluator = new BatchEvaluator(evaluator, seed, selection, format)
  return {
    async *run(batches) {
      for await (const batch of batches) yield batchEvaluator.evaluate(batch)
    },
    async close() {
      evaluator.dispose()
    },
  }
}

// One batch in work and one waiting per thread, so that no worker idles while this thread reads and writes; a third
// covers the batch at the head of the line being slower than those behind it.
const batchesPerThread = 3

/**
 * Evaluates on `threads` worker threads, each of which gets the setup once. The batch of a thread that was lost is
 * evaluated again, with the same result: seeds depend on the users' numbers alone.
 */
export async function onWorkerThreads(threads: number, setup: WorkerSetup): Promise<BatchRunner> {
  const pool = await BatchPool.create<UserBatch, BatchResult>({
    filename: new URL('./eval-worker.js', import.meta.url).href,
    threads,
    // A worker is started when there is a batch for it: few users need few workers.
    minThreads: 1,
    workerData: setup,
    post: posted,
  })
  return {
    run: (batches) => inOrder(batches, threads * batchesPerThread, (batch) => pool.run(batch).catch(failed)),
    close: () => pool.destroy(),
  }
}

/**
 * The batch is a view of the reader's chunk, which other batches share: what is moved must be a copy. (A Node Buffer's own
 * `slice` would be another view.)
 */
function posted(batch: UserBatch): { value: UserBatch; moved: ArrayBuffer[] } {
  const bytes = new Uint8Array(batch.bytes)
  return { value: { ...batch, bytes }, moved: [bytes.buffer] }
}

function failed(error: unknown): never {
  const message = `a worker thread failed: ${errorMessage(error)}; run again with fewer --threads`
  throw new CommandError('WORKER_FAILED', message, { cause: error })
}
