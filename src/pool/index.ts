// framegate/pool: one payload, many threads. `framegate/pool/threads` is the part without Node's.

export type { Answers, AskedNames } from './answers.ts'
export type { BatchStats } from './batch-pool.ts'
export {
  type EvaluateOptions,
  EvaluatorPool,
  type EvaluatorPoolOptions,
  type PoolOptions,
  UserError,
} from './evaluator-pool.ts'
export * from './threads.ts'
