// The script of an evaluator pool's threads.

import { workerData } from 'node:worker_threads'
import { type EvaluationResult, type EvaluationTask, evaluateTask } from './answers.ts'
import { type AttachOptions, attach } from './attach.ts'
import { batchTask } from './batch-task.ts'
import type { SharedHandle } from './share.ts'

/** What every thread is given. */
export interface EvaluatorWorkerData {
  readonly handle: SharedHandle
  readonly options: Pick<AttachOptions, 'onFault' | 'recoveriesPerSecond'>
}

const { handle, options } = workerData as EvaluatorWorkerData
const evaluator = attach(handle, options)

export default batchTask<EvaluationTask, EvaluationResult>(
  (task) => evaluateTask(evaluator, task),
  (result) => (result instanceof Uint8Array ? [result.buffer] : []),
)
