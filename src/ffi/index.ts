// framegate/ffi: typed calls into a native library, compiled to WebAssembly or as a shared object, where every call
// owns its argument frame.

import type { Definitions } from './definitions.ts'
import type { Library, OpenOptions } from './library.ts'
import { type NativeGuest, openNative } from './native/library.ts'
import type { Snapshot } from './snapshot.ts'
import type { WasmGuest } from './wasm/guest.ts'
import { openWasm, openWasmInSlices } from './wasm/library.ts'

export { Callback } from './callback.ts'
export type {
  ArrayType,
  BytesType,
  Callable,
  CallbackFunction,
  CallbackParameterType,
  CallbackType,
  Definitions,
  FieldType,
  HandleType,
  InOutParameter,
  InParameter,
  Input,
  LengthParameter,
  OutParameter,
  Output,
  OwnedPointerType,
  OwnedStringType,
  ParameterType,
  Pointer,
  PointerToType,
  ResultType,
  ScalarType,
  StructType,
  SymbolDefinition,
  Symbols,
  TypedArrayType,
} from './definitions.ts'
export { type ErrorCode, FramegateError, messageOf, refusal } from './errors.ts'
export type { Frame, Memory } from './frame.ts'
export { Handle } from './handle.ts'
export type { FfiWorker, Library, LibraryStats, OpenOptions, Start, Toolchain } from './library.ts'
export type { Koffi, NativeGuest } from './native/library.ts'
export { moduleID, Snapshot } from './snapshot.ts'
export { TokenBucket } from './token-bucket.ts'
export type { ManagedLoader } from './wasm/assemblyscript.ts'
export { callbackModule } from './wasm/callback-module.ts'
export { type EmscriptenFactory, PreparedFactory, prepareFactory } from './wasm/emscripten.ts'
export type { WasmGuest } from './wasm/guest.ts'
export { RunningWorker } from './wasm/running-worker.ts'
export { Spares } from './wasm/spares.ts'
export { type PostedError, postedError } from './wasm/worker-messages.ts'

/** How a library is reached. */
export type Guest<Glue = unknown> = WasmGuest<Glue> | NativeGuest

/**
 * Opens a guest with the functions that `definitions` name.
 *
 * @param guest - a module, with what its toolchain's JavaScript needs; or the path of a shared object, with koffi
 * @param definitions - parameters and result of each function, as a literal
 * @throws {@link FramegateError} `DEFINITION_INVALID`, `GUEST_INCOMPATIBLE`, `LIBRARY_NOT_LOADED`, `SYMBOL_NOT_FOUND`
 *
 * @example
 * ```
 * const library = open({ module }, {
 *   add: { parameters: ['i32', 'i32'], result: 'i32' },
 *   alloc: { parameters: ['u64'], result: { type: 'cstring', free: 'probe_free' } },
 * })
 * library.symbols.add(1, 2) // 3
 * library.symbols.alloc(7n) // a string; what the guest allocated has been freed
 * ```
 */
export function open<const Defined extends Definitions, Glue = undefined>(
  guest: Guest<Glue>,
  definitions: Defined,
  options: OpenOptions<Defined> = {},
): Library<Defined, Glue> {
  return 'module' in guest
    ? openWasm(guest, definitions, options)
    : (openNative(guest, definitions, options) as Library<Defined, never>)
}

/**
 * As {@link open} from a snapshot, but the memory is copied in slices of half a megabyte, between which the event loop
 * goes on: a large guest is replaced without a pause that its callers notice.
 *
 * @param pause - how the event loop goes on; default a timer of 0 ms
 * @throws {@link FramegateError} as {@link open}
 *
 * @example
 * ```
 * const next = await openInSlices(guest, definitions, { snapshot })
 * ```
 */
export async function openInSlices<const Defined extends Definitions, Glue = undefined>(
  guest: WasmGuest<Glue>,
  definitions: Defined,
  options: OpenOptions<Defined> & { readonly snapshot: Snapshot },
  pause: () => Promise<void> = () => new Promise((resolve) => setTimeout(resolve)),
): Promise<Library<Defined, Glue>> {
  return await openWasmInSlices(guest, definitions, options, pause)
}
