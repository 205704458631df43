// framegate/evaluator: the typed binding of the engine.

export { type ErrorCode, FramegateError, type Guest } from '../ffi/index.ts'
export type { BoundUser } from './bound.ts'
export { type CountryTable, ENGINE_MODULE } from './engine.ts'
export { Evaluator } from './evaluator.ts'
export { DynamicConfig, Experiment, FeatureGate, Layer } from './results.ts'
export type {
  EvaluationDetails,
  EvaluatorOptions,
  JsonObject,
  JsonValue,
  LoadReport,
  SecondaryExposure,
  SpecList,
  SpecsSource,
  User,
} from './types.ts'
