// What a library and its worker say to each other. Bytes are moved, not copied: nobody else has them.
//
//     library                                              worker
//     { framegate: 'open', guest, definitions, debug }  ->  once, before everything else; it has no answer
//     { framegate: 'call', id, name, values }           ->  an argument that a call in the library's own thread takes
//                                                      <-  { framegate: 'returned', id, value, buffers }
//                                                      <-  { framegate: 'threw', id, error }
//
// Calls run, and are answered, in the order in which they were posted. A message without `framegate` is somebody else's.

import type { Definitions } from '../definitions.ts'
import { type ErrorCode, FramegateError } from '../errors.ts'
import type { WasmGuest } from './guest.ts'

/** Opens a guest in the worker. */
export interface OpenMessage {
  readonly framegate: 'open'
  readonly guest: Pick<WasmGuest, 'module' | 'imports' | 'allocator' | 'panicMessage'>
  /** The nonblocking symbols alone; in the worker they are called like any other. */
  readonly definitions: Definitions
  readonly debug: boolean
}

/** Calls a symbol. */
export interface CallMessage {
  readonly framegate: 'call'
  readonly id: number
  readonly name: string
  readonly values: readonly unknown[]
}

/** What a call came to. */
export type Reply = ReturnedMessage | ThrewMessage

export interface ReturnedMessage {
  readonly framegate: 'returned'
  readonly id: number
  readonly value: unknown
  /** The arguments that the guest filled or changed, in their order. */
  readonly buffers: readonly (Uint8Array | null)[]
}

export interface ThrewMessage {
  readonly framegate: 'threw'
  readonly id: number
  readonly error: PostedError
}

/**
 * An error without its class and stack, which do not cross.
 *
 * @internal
 */
export interface PostedError {
  /** Undefined for an error that is none of ours. */
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly cause: { readonly name: string; readonly message: string } | undefined
}

/** Whether a message is one of these. */
export function isOurs(message: unknown): message is OpenMessage | CallMessage | Reply {
  return typeof message === 'object' && message !== null && 'framegate' in message
}

/** @internal */
export function postedError(error: unknown): PostedError {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return {
    code: error instanceof FramegateError ? error.code : undefined,
    message,
    cause: cause instanceof Error ? { name: cause.name, message: cause.message } : undefined,
  }
}

export function receivedError(name: string, { code, message, cause }: PostedError): FramegateError {
  if (code === undefined) {
    const failed = new Error(message)
    return new FramegateError('GUEST_INTERRUPTED', `the worker failed in ${name}: ${message}`, { cause: failed })
  }
  if (cause === undefined) return new FramegateError(code, message)
  const received = new Error(cause.message)
  received.name = cause.name
  return new FramegateError(code, message, { cause: received })
}
