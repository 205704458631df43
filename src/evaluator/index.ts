// framegate/evaluator: the typed binding of the engine.

export { type ErrorCode, type FfiWorker, FramegateError, Snapshot } from '../ffi/index.ts'
export type { BoundUser } from './bound.ts'
export { Engine } from './engine.ts'
export { type EngineSource, Evaluator } from './evaluator.ts'
export { engineGuest } from './guest.ts'
export type { CountryTable } from './load.ts'
export { Questions } from './questions.ts'
export { DynamicConfig, Experiment, FeatureGate, Layer } from './results.ts'
export type {
  AnswerOptions,
  EngineLimits,
  EvaluationDetails,
  EvaluatorOptions,
  EvaluatorStats,
  JsonObject,
  JsonValue,
  LoadOptions,
  LoadReport,
  SecondaryExposure,
  SpecList,
  SpecsSource,
  User,
} from './types.ts'
