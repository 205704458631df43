// How a call that did not return is told to its caller: which of the codes, and in which words.

import { type ErrorCode, LONGEST_MESSAGE } from '../errors.ts'

/** The code of an abrupt end. */
export type AbruptEnd = Extract<
  ErrorCode,
  'FUEL_EXHAUSTED' | 'GUEST_INTERRUPTED' | 'GUEST_MEMORY_EXHAUSTED' | 'GUEST_STACK_EXHAUSTED' | 'GUEST_TRAPPED'
>

/** What Rust's library says, and a guest may leave as its panic's text, when it traps for want of memory. */
const WITHOUT_MEMORY = /^memory allocation of \d+ bytes failed/

/** What an exception that came out of a guest was. */
export function abruptEnd(cause: unknown): AbruptEnd {
  if (cause instanceof WebAssembly.RuntimeError) return 'GUEST_TRAPPED'
  return isFullStack(cause) ? 'GUEST_STACK_EXHAUSTED' : 'GUEST_INTERRUPTED'
}

/** A RangeError that says so; Firefox has an InternalError of its own. Others come from the host's own code. */
function isFullStack(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  return cause.name === 'InternalError' || (cause instanceof RangeError && /stack|recursion/i.test(cause.message))
}

/** The code of a trap, by the text that the guest left. */
export function trapCode(panic: string): AbruptEnd {
  return WITHOUT_MEMORY.test(panic) ? 'GUEST_MEMORY_EXHAUSTED' : 'GUEST_TRAPPED'
}

/** The text that a guest left at an address: a 32-bit length, then UTF-8; '' where there is none. */
export function panicText(buffer: ArrayBuffer, at: number): string {
  if (at === 0 || at + 4 > buffer.byteLength) return ''
  const length = Math.min(new DataView(buffer).getUint32(at, true), buffer.byteLength - at - 4, LONGEST_MESSAGE)
  return new TextDecoder().decode(new Uint8Array(buffer, at + 4, length))
}

const VERBS: Readonly<Record<AbruptEnd, (symbol: string, reason: string) => string>> = {
  FUEL_EXHAUSTED: (symbol, reason) => `${symbol} used up its fuel: ${reason}`,
  GUEST_MEMORY_EXHAUSTED: (symbol, reason) => `${symbol} ran out of memory: ${reason}`,
  GUEST_TRAPPED: (symbol, reason) => `${symbol} trapped: ${reason}`,
  GUEST_STACK_EXHAUSTED: (symbol, reason) => `${symbol} ran out of stack: ${reason}`,
  GUEST_INTERRUPTED: (symbol, reason) => `an exception went through ${symbol}: ${reason}`,
}

/** The sentence for an end, without what follows from it. */
export function told(code: AbruptEnd, symbol: string, reason: string): string {
  return VERBS[code](symbol, reason)
}
