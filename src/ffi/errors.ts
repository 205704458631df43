// Errors that callers can tell apart: one class, a stable code, the cause kept. A message names what was wrong, where,
// and what to do about it.

/** What went wrong, for programs. The set only grows. */
export type ErrorCode =
  | 'ARGUMENT_INVALID'
  | 'ARGUMENT_OUT_OF_RANGE'
  | 'CALLBACK_STALE'
  | 'COUNTRY_TABLE_INVALID'
  | 'DEADLINE_EXCEEDED'
  | 'DEFINITION_INVALID'
  | 'DISPOSED'
  | 'DOUBLE_FREE'
  | 'ENGINE_UNSTABLE'
  | 'FRAME_OVERRUN'
  | 'FRAME_STALE'
  | 'FUEL_EXHAUSTED'
  | 'GUEST_INCOMPATIBLE'
  | 'GUEST_INTERRUPTED'
  | 'GUEST_MEMORY_EXHAUSTED'
  | 'GUEST_NOT_READY'
  | 'GUEST_STACK_EXHAUSTED'
  | 'GUEST_TRAPPED'
  | 'HANDLE_DISPOSED'
  | 'HANDLE_STALE'
  | 'ID_LIST_INVALID'
  | 'LEAKED'
  | 'LIBRARY_NOT_FOUND'
  | 'LIBRARY_NOT_LOADED'
  | 'MODULE_NOT_FOUND'
  | 'OPERATOR_INVALID'
  | 'RATE_LIMITED'
  | 'READ_AFTER_RELEASE'
  | 'RESULT_INVALID'
  | 'SHARED_MEMORY_EXHAUSTED'
  | 'SHARING_REFUSED'
  | 'SNAPSHOT_INVALID'
  | 'SNAPSHOT_MISMATCH'
  | 'SNAPSHOT_MISSING'
  | 'SNAPSHOT_REFUSED'
  | 'SPECS_INVALID'
  | 'SPECS_UNCHANGED'
  | 'STRING_INVALID'
  | 'SYMBOL_NOT_FOUND'
  | 'TENANT_COLD'
  | 'TENANT_UNKNOWN'
  | 'USER_INVALID'
  | 'WORKER_LOST'
  | 'WORKER_MISSING'
  | 'WRITE_AFTER_RELEASE'

const brand = Symbol.for('framegate.error')

/**
 * Every error that the library throws.
 *
 * `instanceof` also recognises errors of another copy of the package in the same process.
 */
export class FramegateError extends Error {
  override readonly name = 'FramegateError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  get [brand](): true {
    return true
  }

  /** Whether `value` is such an error, of this copy of the package or of another. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** On V8 each error has a hidden `stack`; JavaScriptCore gives it none here, and assigning would show it in JSON. */
function setStack(error: Error, value: string): void {
  if (Object.hasOwn(error, 'stack')) error.stack = value
  else Object.defineProperty(error, 'stack', { value, writable: true, configurable: true })
}

/**
 * The error of a call that was refused before anything ran. It has no stack of its own, where the runtime lets it have none: whoever
 * floods a host would otherwise take ten times as long to be refused, and leave as much more to collect.
 *
 * @internal
 */
export function refusal(code: ErrorCode, message: string, options?: ErrorOptions): FramegateError {
  const limit: unknown = Reflect.get(Error, 'stackTraceLimit')
  // With a limit of 0 V8 looks at the stack all the same, for 0.3 µs.
  const isLimited = typeof limit === 'number' && Reflect.set(Error, 'stackTraceLimit', undefined)
  try {
    const error = new FramegateError(code, message, options)
    if (isLimited) setStack(error, `${error.name}: ${message}`)
    return error
  } finally {
    if (isLimited) Reflect.set(Error, 'stackTraceLimit', limit)
  }
}

/** More of a message helps nobody: what a guest says may be the whole of its memory. */
export const LONGEST_MESSAGE = 4096

/**
 * What was thrown, in words; a guest or a caller may have thrown anything.
 *
 * @internal
 */
export function messageOf(cause: unknown): string {
  try {
    return (cause instanceof Error ? String(cause.message) : String(cause)).slice(0, LONGEST_MESSAGE)
  } catch {
    return 'what was thrown cannot be put in words'
  }
}
