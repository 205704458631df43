// What the measurements use of Bun's FFI.

declare module 'bun:ffi' {
  interface Definition {
    readonly args: readonly string[]
    readonly returns: string
  }
  export function dlopen<const Names extends string>(
    path: string,
    symbols: Readonly<Record<Names, Definition>>,
  ): { readonly symbols: Readonly<Record<Names, (...values: never[]) => unknown>> }
  export function ptr(bytes: Uint8Array): number
  export class CString {
    constructor(address: number)
    toString(): string
  }
  export class JSCallback {
    constructor(call: (value: number) => number, definition: Definition)
    readonly ptr: number
  }
}
