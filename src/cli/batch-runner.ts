/**
 * Who evaluates the batches: this thread, or a pool of worker threads. Results come in input order either way.
 */
import type { Piscina } from 'piscina'
import type { Evaluator } from '../node.ts'
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
export function inThisThread(evaluator: Evaluator, seed: UserSeed, setup: WorkerSetup): BatchRunner {
  const batchEvaluator = new BatchEvaluator(evaluator, seed, setup.selection, setup.format)
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

/** Evaluates on `threads` worker threads, each of which gets the setup once. */
export async function onWorkerThreads(threads: number, setup: WorkerSetup): Promise<BatchRunner> {
  const { Piscina: WorkerPool } = await import('piscina')
  const pool: Piscina<UserBatch, BatchResult> = new WorkerPool({
    filename: new URL('./eval-worker.js', import.meta.url).href,
    // A worker is started when there is a batch for it: few users need few workers.
    minThreads: 1,
    maxThreads: threads,
    workerData: setup,
  })
  return {
    async *run(batches) {
      const source = batches[Symbol.asyncIterator]()
      const inFlight: Promise<BatchResult>[] = []
      let reading: Promise<IteratorResult<UserBatch>> | undefined = quietly(source.next())
      while (reading !== undefined || inFlight.length > 0) {
        const oldest = inFlight[0]
        const mayRead = reading !== undefined && inFlight.length < threads * batchesPerThread
        // Whichever comes first: a result must not wait for a batch that a slow or idle input may never complete.
        const event = await Promise.race([
          ...(mayRead && reading !== undefined ? [reading] : []),
          ...(oldest !== undefined ? [oldest.then(() => undefined)] : []),
        ])
        if (event === undefined) {
          inFlight.shift()
          if (oldest !== undefined) yield await oldest
        } else if (event.done) {
          reading = undefined
        } else {
          reading = quietly(source.next())
          inFlight.push(quietly(evaluate(pool, event.value)))
        }
      }
    },
    async close() {
      await pool.destroy()
    },
  }
}

function evaluate(pool: Piscina<UserBatch, BatchResult>, batch: UserBatch): Promise<BatchResult> {
  // The batch is a view of the reader's chunk, which other batches share: what is moved must be a copy. (A Node Buffer's
  // own `slice` would be another view.)
  const bytes = new Uint8Array(batch.bytes)
  return pool.run({ ...batch, bytes }, { transferList: [bytes.buffer] }).catch((error) => {
    const message = `a worker thread failed: ${errorMessage(error)}; run again with fewer --threads`
    throw new CommandError('WORKER_FAILED', message, { cause: error })
  })
}

/** A failure is met when its turn comes; until then, and when the run is left early, it must not count as unhandled. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
