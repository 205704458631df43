/**
 * What bindgen finds out about a library, before it is written as TypeScript or JSON: definitions as `open` takes them,
 * with what a person should know about each, and what was left out and why.
 */
import type { CallbackType, StructType, SymbolDefinition } from '../../ffi/index.ts'

/** One function that was defined. */
export interface FunctionBinding {
  readonly name: string
  readonly definition: SymbolDefinition
  /** Lines of its documentation in the library. */
  readonly documentation: readonly string[]
  /** How the library declares it, where it says so. */
  readonly prototype: string | undefined
  /** What the declaration leaves open and was guessed, one sentence each. */
  readonly notes: readonly string[]
}

/** One function that was not defined. */
export interface LeftOut {
  readonly name: string
  /** Goes on from the name: `takes a variable number of arguments`. */
  readonly reason: string
}

/** Functions and what was left out, in the library's order. */
export type Binding = FunctionBinding | LeftOut

/** A type that has a name in the library; definitions that use it hold the same object. */
export interface NamedType {
  readonly name: string
  readonly type: StructType | CallbackType
}

/** All that is known of a library. */
export interface Bindings {
  /** Imports and the call of `open` that fit the library, with `DEFINITIONS` for the name of the definitions. */
  readonly opening: readonly string[]
  /** What holds for all definitions. */
  readonly remarks: readonly string[]
  /** In an order in which each names only earlier ones. */
  readonly types: readonly NamedType[]
  readonly functions: readonly Binding[]
}

export function isLeftOut(binding: Binding): binding is LeftOut {
  return 'reason' in binding
}
