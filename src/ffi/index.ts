// framegate/ffi: typed calls into a native library, compiled to WebAssembly or as a shared object, where every call
// owns its argument frame.

import type { Definitions } from './definitions.ts'
import type { Library, Start } from './library.ts'
import { type NativeGuest, openNative } from './native.ts'
import { openWasm, type WasmGuest } from './wasm.ts'

export type { Callable, Definitions, ParameterType, ResultType, SymbolDefinition, Symbols } from './definitions.ts'
export { type ErrorCode, FramegateError } from './errors.ts'
export type { Frame, Memory } from './frame.ts'
export type { Library, Start } from './library.ts'
export type { Koffi, NativeGuest } from './native.ts'
export type { WasmGuest } from './wasm.ts'

/** How a library is reached. */
export type Guest = WasmGuest | NativeGuest

/**
 * Opens a guest with the functions that `definitions` name.
 *
 * @param guest - a module with the names of its allocator, or the path of a shared object with koffi
 * @param definitions - parameters and result of each function, as a literal
 * @param start - called with every new instance before it answers calls
 * @throws {@link FramegateError} `GUEST_INCOMPATIBLE`, `LIBRARY_NOT_LOADED`, `SYMBOL_NOT_FOUND`
 *
 * @example
 * ```
 * const library = open({ module, allocator: { alloc: 'alloc', free: 'free' } }, {
 *   sum: { parameters: ['frame', 'usize'], result: 'f64' },
 * })
 * const frame = library.frame(16)
 * try {
 *   frame.memory.f64.set([1, 2], frame.base / 8)
 *   library.symbols.sum(frame, 2) // 3
 * } finally {
 *   frame.release()
 * }
 * ```
 */
export function open<const Defined extends Definitions>(
  guest: Guest,
  definitions: Defined,
  start?: Start<Defined>,
): Library<Defined> {
  return 'module' in guest ? openWasm(guest, definitions, start) : openNative(guest, definitions, start)
}
