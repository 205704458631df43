// framegate/browser: the module is fetched once, then evaluators are made of it as on every other runtime.

export * from './index.ts'

/**
 * Fetches and compiles the engine's module.
 *
 * @param url - where `engine.wasm` is served; default beside this file, where bundlers find it too
 */
export async function loadEngine(
  url: URL | string = new URL('./engine.wasm', import.meta.url),
): Promise<WebAssembly.Module> {
  return await WebAssembly.compileStreaming(fetch(url))
}
