// The definition language: an object literal names a guest's functions with their parameters and result, and the
// types of the callable functions follow from it, as in `Deno.dlopen`.

import type { Frame } from './frame.ts'

/**
 * Types that cross the boundary.
 *
 * - `i32`, `u32`: 32-bit integers
 * - `usize`: a size, an address or a handle; a number, exact up to 2^53
 * - `f64`: a double
 * - `frame`: the address of a frame that the call owns; `null` is the null pointer
 */
export type ParameterType = 'i32' | 'u32' | 'usize' | 'f64' | 'frame'

/** Types that a function can return. */
export type ResultType = 'i32' | 'u32' | 'usize' | 'f64' | 'void'

/** One function of a guest. */
export interface SymbolDefinition {
  readonly parameters: readonly ParameterType[]
  readonly result: ResultType
}

/** The functions of a guest by their exported names. */
export type Definitions = Readonly<Record<string, SymbolDefinition>>

interface ParameterValues {
  i32: number
  u32: number
  usize: number
  f64: number
  frame: Frame | null
}

interface ResultValues {
  i32: number
  u32: number
  usize: number
  f64: number
  // biome-ignore lint/suspicious/noConfusingVoidType: a function without a result returns void
  void: void
}

type Arguments<Parameters extends readonly ParameterType[]> = {
  -readonly [Index in keyof Parameters]: ParameterValues[Parameters[Index]]
}

/** A defined function as it is called. */
export type Callable<Definition extends SymbolDefinition> = (
  ...parameters: Arguments<Definition['parameters']>
) => ResultValues[Definition['result']]

/** All functions of a definition. */
export type Symbols<Defined extends Definitions> = {
  readonly [Name in keyof Defined]: Callable<Defined[Name]>
}
