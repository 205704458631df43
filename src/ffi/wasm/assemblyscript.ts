// AssemblyScript: strings and arrays are objects of the guest's garbage collector.

import type { TypedArrayType } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import type { Guard, Instantiated, WasmGuest } from './guest.ts'

/** The part of `@assemblyscript/loader` that is used; the caller loads it, so that this module needs no package. */
export interface ManagedLoader {
  instantiateSync(module: WebAssembly.Module, imports?: WebAssembly.Imports): { exports: Record<string, unknown> }
}

/** Values of the guest's garbage collector, pinned while a call needs them. */
export interface ManagedValues {
  /** Makes a pinned object of the guest from a value; the caller unpins it. */
  lower(type: 'string' | TypedArrayType, value: unknown, place: string): number
  /** Copies an object of the guest out. */
  lift(type: 'string' | TypedArrayType, address: number, place: string): unknown
  pin(address: number): void
  unpin(address: number): void
}

export function instantiateManaged(_guest: WasmGuest, _loader: ManagedLoader, _guard: Guard): Instantiated {
  throw new FramegateError('GUEST_INCOMPATIBLE', 'not yet')
}
