// wasm-bindgen's glue.

import { FramegateError } from '../errors.ts'
import type { Guard, Instantiated, WasmGuest } from './guest.ts'

/** The part of the glue of `--target bundler` that is used. */
export interface BindgenGlue {
  __wbg_set_wasm(exports: unknown): void
}

export function instantiateBindgen(_guest: WasmGuest, _glue: BindgenGlue, _guard: Guard): Instantiated {
  throw new FramegateError('GUEST_INCOMPATIBLE', 'not yet')
}
