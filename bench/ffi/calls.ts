// What a peer offers to be measured: the functions of calls.c, as a program that uses the peer would call them.

/** Calls that return when the function has. */
export interface Calls {
  noop(): void
  addI32(a: number, b: number): number
  sumF64(a: number, b: number, c: number, d: number): number
  addI64(a: bigint, b: bigint): bigint
  textFirst(text: string): number
  textHash(text: string): number
  text32(seed: number): string | null
  text1024(seed: number): string | null
  bytesEnds(bytes: Uint8Array): number
  bytesHash(bytes: Uint8Array): number
  /** A function passed with the call. */
  callBack(callback: Increment, value: number): number
  /** {@link increment}, made known to the library beforehand. */
  callRegistered(value: number): number
  /** `i8 u8 i16 u16 i32 f32 f64` add, `u32` is an exclusive or; in this order, with `u32` at index 5. */
  eight: readonly ((a: number, b: number) => number)[]
}

/** Calls that return promises. */
export interface PromisedCalls {
  addI32(a: number, b: number): Promise<number>
  textFirst(text: string): Promise<number>
  text32(seed: number): Promise<string | null>
}

export type Increment = (value: number) => number

/** An opened peer: each call is made when asked for, so that a process has only what it measures. */
export interface Peer {
  readonly version: string
  readonly calls: { readonly [Name in keyof Calls]: () => Calls[Name] }
  readonly promised: { readonly [Name in keyof PromisedCalls]: () => PromisedCalls[Name] }
}

/** How a peer is opened. */
export interface PeerOptions {
  /** The one of several ways to write the call. */
  readonly variant: string | undefined
  /** Folder of the compiled shim. */
  readonly shim: string
  readonly wasm: string
  readonly library: string
  readonly debug: boolean | undefined
}

/** Opens a peer. */
export type OpenPeer = (options: PeerOptions) => Promise<Peer>

/** Thrown by what a peer cannot do; the message is the reason that the table shows. */
export class Unavailable extends Error {}

export function unavailable(reason: string): () => never {
  return () => {
    throw new Unavailable(reason)
  }
}

/** Calls that a peer without promises offers. */
export function noPromises(reason: string): Peer['promised'] {
  const none = unavailable(reason)
  return { addI32: none, textFirst: none, text32: none }
}

/** Methods that Node's types leave out. */
export interface NodeBuffer extends Buffer {
  latin1Write(text: string, at: number): number
  utf8Write(text: string, at: number): number
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

export const increment: Increment = (value) => value + 1
