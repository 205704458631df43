// framegate/deno: the evaluator on Deno, which reads the engine's module from the package.

import { createEvaluator as create, type Evaluator, type ModuleOptions } from './index.ts'

export * from './evaluator/index.ts'

declare const Deno: { readFileSync(path: URL): Uint8Array<ArrayBuffer> }

const compiled = new Map<string, WebAssembly.Module>()

/** The engine's module, compiled once per thread. */
export function engineModule(): WebAssembly.Module {
  return compiledOnce('engine.wasm')
}

/** The module of the engine's metered build, for evaluators with limits and for tenants. */
export function meteredEngineModule(): WebAssembly.Module {
  return compiledOnce('engine.metered.wasm')
}

/** Makes an evaluator, synchronously. */
export function createEvaluator(
  options: Omit<ModuleOptions, 'module'> & Partial<Pick<ModuleOptions, 'module'>>,
): Evaluator {
  return create({ ...options, module: options.module ?? (options.limits ? meteredEngineModule() : engineModule()) })
}

function compiledOnce(name: string): WebAssembly.Module {
  let module = compiled.get(name)
  if (module === undefined) {
    module = new WebAssembly.Module(Deno.readFileSync(new URL(`./${name}`, import.meta.url)))
    compiled.set(name, module)
  }
  return module
}
