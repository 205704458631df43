// framegate/deno: the evaluator on Deno, which reads the engine's module from the package.

import { createEvaluator as create, type Evaluator, type ModuleOptions } from './index.ts'

export * from './evaluator/index.ts'

declare const Deno: { readFileSync(path: URL): Uint8Array<ArrayBuffer> }

let compiled: WebAssembly.Module | undefined

/** The engine's module, compiled once per thread. */
export function engineModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Deno.readFileSync(new URL('./engine.wasm', import.meta.url)))
  return compiled
}

/** Makes an evaluator, synchronously. */
export function createEvaluator(
  options: Omit<ModuleOptions, 'module'> & Partial<Pick<ModuleOptions, 'module'>>,
): Evaluator {
  return create({ ...options, module: options.module ?? engineModule() })
}
