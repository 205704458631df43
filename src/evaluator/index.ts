// framegate/evaluator: the typed binding of the engine.

export { type ErrorCode, type FfiWorker, FramegateError, Snapshot } from '../ffi/index.ts'
export type { BoundUser } from './bound.ts'
export type { CountryTable } from './country.ts'
export { Engine, type RunOptions } from './engine.ts'
export { type EngineSource, Evaluator } from './evaluator.ts'
export { engineGuest } from './guest.ts'
export { loadedSnapshot, loadInput, readLoaded } from './load.ts'
export { LoaderThread } from './loader-thread.ts'
export { Questions } from './questions.ts'
export { DynamicConfig, Experiment, FeatureGate, Layer } from './results.ts'
export { Succession } from './succession.ts'
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
  Operator,
  SecondaryExposure,
  SpecList,
  SpecsSource,
  User,
} from './types.ts'
