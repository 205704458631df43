// The definition language: an object literal names a guest's functions with their parameters and result, and the types
// of the callable functions follow from it, as in `Deno.dlopen`. Types only; signature.ts checks them when a guest is
// opened. docs/ffi.md has the table of types.

import type { Callback } from './callback.ts'
import type { Frame } from './frame.ts'
import type { Handle } from './handle.ts'

declare const address: unique symbol

/** An address in a guest's memory. It is a number that only a guest can have given; `null` is the null pointer. */
export type Pointer = number & { readonly [address]: true }

interface ScalarValues {
  i8: number
  u8: number
  i16: number
  u16: number
  i32: number
  u32: number
  i64: bigint
  u64: bigint
  isize: number
  usize: number
  f32: number
  f64: number
  bool: boolean
  pointer: Pointer | null
}

/**
 * Types of one machine value. `i64` and `u64` are `bigint`s; `isize` and `usize` (C's `ssize_t`, `size_t`, `long`) are
 * numbers, 32 bits wide in WebAssembly and exact up to 2^53 in a native library.
 */
export type ScalarType = keyof ScalarValues

/** A C struct: its fields in order, with C's padding. */
export interface StructType {
  readonly type: 'struct'
  readonly fields: Readonly<Record<string, FieldType>>
}

/** An array of fixed length within a struct, or behind a pointer. */
export interface ArrayType {
  readonly type: 'array'
  readonly of: FieldType
  readonly length: number
}

/** What a struct can hold. */
export type FieldType = ScalarType | 'cstring' | StructType | ArrayType

/**
 * What a guest can pass to a callback: what a symbol takes, seen from the other side. A value behind `in` is copied out of the
 * guest's memory, one behind `inout` is written back when the callback has returned.
 */
export type CallbackParameterType =
  | ScalarType
  | 'cstring'
  | StructType
  | HandleType
  | BytesType
  | InParameter
  | { readonly inout: FieldType }

/** A function of the host that the guest calls. It is valid during the call; {@link Callback} is one that stays. */
export interface CallbackType {
  readonly type: 'callback'
  readonly parameters: readonly CallbackParameterType[]
  readonly result: ScalarType | StructType | 'void'
}

/** An opaque object of the guest, told apart from others by its name. `free` names the function that ends it. */
export interface HandleType<Name extends string = string> {
  readonly type: 'handle'
  readonly name: Name
  readonly free?: string
}

interface ElementArrays {
  i8: Int8Array
  u8: Uint8Array
  i16: Int16Array
  u16: Uint16Array
  i32: Int32Array
  u32: Uint32Array
  i64: BigInt64Array
  u64: BigUint64Array
  f32: Float32Array
  f64: Float64Array
}

/** A typed array of AssemblyScript; `id` names the exported global that holds the class's id (`idof<Float64Array>()`). */
export interface TypedArrayType {
  readonly type: 'typedarray'
  readonly of: keyof ElementArrays
  readonly id: string
}

/** The length in bytes of the buffer or C string at parameter `lengthOf`; the caller does not pass it. */
export interface LengthParameter {
  readonly lengthOf: number
  readonly as?: 'i32' | 'u32' | 'isize' | 'usize'
}

/** A pointer to a value that the guest reads. */
export interface InParameter {
  readonly in: FieldType
}

/** A pointer to a slot that the guest fills: returned, not passed. A buffer is passed, and filled. */
export interface OutParameter {
  readonly out: FieldType | HandleType | OwnedStringType | 'buffer'
  readonly name?: string
}

/** A pointer to a value that the guest reads and changes: passed and returned. A buffer is changed in place. */
export interface InOutParameter {
  readonly inout: FieldType | 'buffer'
  readonly name?: string
}

/**
 * Types of parameters.
 *
 * - scalars; a struct by value
 * - `cstring`: a string, passed as NUL-terminated UTF-8
 * - `buffer`: bytes that the guest reads
 * - `frame`: the address of a frame that the caller took with `library.frame`
 * - `string`: a string of AssemblyScript
 */
export type ParameterType =
  | ScalarType
  | 'cstring'
  | 'buffer'
  | 'frame'
  | 'string'
  | StructType
  | CallbackType
  | HandleType
  | TypedArrayType
  | LengthParameter
  | InParameter
  | OutParameter
  | InOutParameter

/** A C string that the caller owns: it is copied, then given back to the guest's function `free` exactly once. */
export interface OwnedStringType {
  readonly type: 'cstring'
  readonly free: string
  /** Whether `free` takes the length (with the NUL) as its second argument. */
  readonly sized?: boolean
}

/** Bytes that are copied out: `length` of them, or as many as parameter number `length.parameter` says after the call. */
export interface BytesType {
  readonly type: 'bytes'
  readonly length: number | { readonly parameter: number }
  readonly free?: string
  /** Whether `free` takes the length as its second argument. */
  readonly sized?: boolean
}

/** A pointer to a value that is copied out, and given back to `free` if that is named. */
export interface PointerToType {
  readonly pointer: FieldType
  readonly free?: string
}

/** An address that the caller must give to the symbol `free`; debug mode reports one that was forgotten. */
export interface OwnedPointerType {
  readonly type: 'pointer'
  readonly free: string
}

/** Types of results. */
export type ResultType =
  | ScalarType
  | 'void'
  | 'cstring'
  | 'string'
  | StructType
  | OwnedStringType
  | BytesType
  | PointerToType
  | OwnedPointerType
  | HandleType
  | TypedArrayType

/** One function of a guest. */
export interface SymbolDefinition {
  readonly parameters: readonly ParameterType[]
  readonly result: ResultType
  /** The exported name, where it is another. */
  readonly symbol?: string
  /**
   * Runs on another thread and returns a promise. Arguments are checked and copied at once; buffers that the guest fills
   * are filled when the promise resolves. Frames, callbacks, handles and pointers are refused.
   *
   * In WebAssembly the calls run one after another in a worker with an instance of its own, in which neither the other
   * symbols nor the option `start` have left anything. A shared object's calls run side by side on the threads of
   * libuv's pool, with 128 KiB of stack unless koffi's `async_stack_size` says otherwise. An endless one cannot be ended,
   * and a kept callback that throws in one ends as an uncaught exception.
   */
  readonly nonblocking?: boolean
}

/** The functions of a guest by name. */
export type Definitions = Readonly<Record<string, SymbolDefinition>>

/** A value as the caller passes it. */
export type Input<Type> = Type extends keyof ScalarValues
  ? ScalarValues[Type]
  : Type extends 'cstring'
    ? string | null
    : Type extends StructType
      ? { readonly [Field in keyof Type['fields']]: Input<Type['fields'][Field]> }
      : Type extends ArrayType
        ? ArrayLike<Input<Type['of']>>
        : never

/** A value as the caller gets it. */
export type Output<Type> = Type extends keyof ScalarValues
  ? ScalarValues[Type]
  : Type extends 'cstring'
    ? string | null
    : Type extends StructType
      ? { -readonly [Field in keyof Type['fields']]: Output<Type['fields'][Field]> }
      : Type extends ArrayType
        ? Output<Type['of']>[]
        : never

type CallbackArgument<Type> =
  Type extends HandleType<infer Name>
    ? Handle<Name> | null
    : Type extends BytesType
      ? Uint8Array | null
      : Type extends { readonly in: infer Inner }
        ? Output<Inner> | null
        : Type extends { readonly inout: infer Inner }
          ? Output<Inner> | null
          : Output<Type>

type CallbackArguments<Parameters extends readonly unknown[]> = {
  -readonly [Index in keyof Parameters]: CallbackArgument<Parameters[Index]>
}

/** The function that a callback's type stands for. */
export type CallbackFunction<Type extends CallbackType> = (
  ...parameters: CallbackArguments<Type['parameters']>
) => Type['result'] extends 'void' ? void : Input<Type['result']>

type Argument<Type> = Type extends 'buffer'
  ? ArrayBufferView | null
  : Type extends 'frame'
    ? Frame | null
    : Type extends 'string'
      ? string | null
      : Type extends CallbackType
        ? CallbackFunction<Type> | Callback<Type> | null
        : Type extends HandleType<infer Name>
          ? Handle<Name> | null
          : Type extends TypedArrayType
            ? ElementArrays[Type['of']] | null
            : Type extends { readonly in: infer Inner }
              ? Input<Inner> | null
              : Type extends { readonly inout: infer Inner }
                ? Inner extends 'buffer'
                  ? ArrayBufferView | null
                  : Input<Inner>
                : Input<Type>

/** What the caller passes: lengths and outs are the shim's. */
type Arguments<Parameters extends readonly unknown[]> = number extends Parameters['length']
  ? // biome-ignore lint/suspicious/noExplicitAny: definitions that are not a literal say nothing about their arguments
    any[]
  : Parameters extends readonly [infer First, ...infer Rest]
    ? First extends LengthParameter
      ? Arguments<Rest>
      : First extends { readonly out: infer Inner }
        ? Inner extends 'buffer'
          ? [ArrayBufferView | null, ...Arguments<Rest>]
          : Arguments<Rest>
        : [Argument<First>, ...Arguments<Rest>]
    : []

type OutParameters<Parameters extends readonly unknown[]> = number extends Parameters['length']
  ? []
  : Parameters extends readonly [infer First, ...infer Rest]
    ? First extends { readonly out: 'buffer' } | { readonly inout: 'buffer' }
      ? OutParameters<Rest>
      : First extends { readonly out: unknown } | { readonly inout: unknown }
        ? [First, ...OutParameters<Rest>]
        : OutParameters<Rest>
    : []

type OutValue<Type> = Type extends { readonly out: infer Inner }
  ? Inner extends HandleType | OwnedStringType
    ? Returned<Inner>
    : Output<Inner>
  : Type extends { readonly inout: infer Inner }
    ? Output<Inner>
    : never

type OutValues<Outs extends readonly unknown[]> = { [Index in keyof Outs]: OutValue<Outs[Index]> }

type NamedOuts<Outs extends readonly unknown[]> = {
  [Out in Outs[number] as Out extends { readonly name: infer Name extends string } ? Name : never]: OutValue<Out>
}

type Returned<Result> = Result extends keyof ScalarValues | 'cstring' | StructType
  ? Output<Result>
  : Result extends 'void'
    ? // biome-ignore lint/suspicious/noConfusingVoidType: a function without a result returns void
      void
    : Result extends 'string' | OwnedStringType
      ? string | null
      : Result extends BytesType
        ? Uint8Array | null
        : Result extends { readonly pointer: infer Inner }
          ? Output<Inner> | null
          : Result extends OwnedPointerType
            ? Pointer | null
            : Result extends HandleType<infer Name>
              ? Handle<Name> | null
              : Result extends TypedArrayType
                ? ElementArrays[Result['of']] | null
                : never

type Shaped<Result, Outs extends readonly unknown[]> = Outs extends readonly []
  ? Returned<Result>
  : Outs extends readonly { readonly name: string }[]
    ? (Result extends 'void' ? unknown : { result: Returned<Result> }) & NamedOuts<Outs>
    : Result extends 'void'
      ? OutValues<Outs>
      : [Returned<Result>, ...OutValues<Outs>]

/** A defined function as it is called. */
export type Callable<Definition extends SymbolDefinition> = (
  ...parameters: Arguments<Definition['parameters']>
) => Definition['nonblocking'] extends true
  ? Promise<Shaped<Definition['result'], OutParameters<Definition['parameters']>>>
  : Shaped<Definition['result'], OutParameters<Definition['parameters']>>

/** All functions of a definition. */
export type Symbols<Defined extends Definitions> = {
  readonly [Name in keyof Defined]: Callable<Defined[Name]>
}
