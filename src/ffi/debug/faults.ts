// The errors of debug mode. Each names the symbol, the place and the remedy, and carries the stack of the call that the
// memory belonged to; where two calls are at fault, or many, the message has the stacks.

import { FramegateError } from '../errors.ts'
import type { Call } from './calls.ts'

/** The error of a write beyond what the guest may use. `running` is the call that ended just before it was noticed. */
export function overrun(
  offset: number,
  size: number,
  place: string | undefined,
  owner: Call,
  running: Call | undefined,
): FramegateError {
  const where = offset < 0 ? 'before the start' : 'past the end'
  const piece = place ?? `the frame of ${owner.symbol}`
  return new FramegateError(
    'FRAME_OVERRUN',
    `${(running ?? owner).symbol} wrote ${where} of ${piece}: at offset ${offset} of ${size} bytes; ` +
      'give it the length that there is, or more room',
    { cause: (running ?? owner).origin },
  )
}

/** The error of a write that no call's memory can explain. */
export function strayWrite(address: number, running: Call | undefined): FramegateError {
  return new FramegateError(
    'FRAME_OVERRUN',
    `before this call of ${running?.symbol ?? 'the library'} something wrote at address ${hex(address)}, ` +
      'far past the end of every frame; look at the calls before',
    { cause: running?.origin },
  )
}

/** The error of a write into memory after its call had released it. */
export function lateWrite(what: string, offset: number, { symbol, origin }: Call): FramegateError {
  return new FramegateError(
    'WRITE_AFTER_RELEASE',
    `the guest wrote into ${what} a call of ${symbol}, at offset ${offset}, after it was given back; ` +
      `it must not keep the address. ${stackOf(origin)}`,
    { cause: origin },
  )
}

/** The error of an address, or contents, of memory that was released: that of `owner`, or of the very call that runs. */
export function lateRead(
  place: string,
  fault: string,
  owner: Call | undefined,
  running: Call | undefined,
): FramegateError {
  const stack = owner ? `. ${stackOf(owner.origin)}` : ''
  return new FramegateError(
    'READ_AFTER_RELEASE',
    `${place} ${fault}; the guest must copy what it keeps, and return memory of its own${stack}`,
    { cause: (owner ?? running)?.origin },
  )
}

/** The error of something given back twice. */
export function doubleFree(what: string, free: string, first: Call, second: Call | undefined): FramegateError {
  const again = second ? `\n${stackOf(second.origin)}` : ''
  return new FramegateError(
    'DOUBLE_FREE',
    `${what}, which ${free} had got back in a call of ${first.symbol}; give it back once. ` +
      `First: ${stackOf(first.origin)}${again}`,
    { cause: first.origin },
  )
}

/** The error of a function pointer that a guest kept. */
export function staleCallback({ symbol, origin }: Call): FramegateError {
  return new FramegateError(
    'CALLBACK_STALE',
    `the guest called a callback of ${symbol} after that call had returned, or after it was disposed of; ` +
      'register it with library.callback, and dispose of it when the guest has forgotten it',
    { cause: origin },
  )
}

/** What was never given back. */
export interface Leak {
  /** What it is and what should have been done. */
  readonly what: string
  readonly call: Call
}

/** So many leaks are listed one by one. */
const LISTED = 10

function leaked(leaks: readonly Leak[]): FramegateError {
  const listed = leaks.slice(0, LISTED).map(({ what, call }) => `\n- ${what}. ${stackOf(call.origin)}`)
  const rest = leaks.length > LISTED ? `\nand ${leaks.length - LISTED} more` : ''
  const count = leaks.length === 1 ? '1 thing was' : `${leaks.length} things were`
  return new FramegateError('LEAKED', `${count} never given back:${listed.join('')}${rest}`, {
    cause: leaks[0]?.call.origin,
  })
}

/**
 * Ends debug mode: `lookAtAll` throws what it finds.
 *
 * @throws that, or `LEAKED`, or one error that tells both
 */
export function finish(leaks: readonly Leak[], lookAtAll: () => void): void {
  const leak = leaks.length > 0 ? leaked(leaks) : undefined
  try {
    lookAtAll()
  } catch (error) {
    if (leak === undefined || !(error instanceof FramegateError)) throw error
    throw new FramegateError(error.code, `${error.message}\nand LEAKED: ${leak.message}`, { cause: error.cause })
  }
  if (leak) throw leak
}

export function hex(address: number): string {
  return `0x${address.toString(16)}`
}

/** Where a call was made, as lines of a message. */
function stackOf({ message, stack = '' }: Error): string {
  // V8 puts the message before the frames, other engines do not.
  const frames = stack.startsWith('Error') ? stack.slice(stack.indexOf('\n') + 1) : stack
  return `${message}:\n${frames}`
}
