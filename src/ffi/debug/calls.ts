// The calls under way in debug mode, each with the stack of who made it. What a check finds during a call is kept until
// the call has ended and given back its frame; then it is thrown, from the call.

import { FramegateError } from '../errors.ts'

type AnyFunction = (...parameters: never[]) => unknown

/** V8's way, also of newer JavaScriptCore, to start a stack at the caller of a function. */
const { captureStackTrace } = Error as { captureStackTrace?: (error: Error, below: AnyFunction) => void }

/** One call of a symbol, or of the library itself. */
export class Call {
  readonly symbol: string
  /** Carries the caller's stack. */
  readonly origin: Error
  /** What was found first. */
  fault: FramegateError | undefined
  /** What is done once the call's values have been copied out. */
  readonly endings: (() => void)[] = []
  readonly #below: AnyFunction

  /** @param below - the function that the caller called: the stack starts at the caller */
  constructor(symbol: string, below: AnyFunction) {
    this.symbol = symbol
    this.#below = below
    this.origin = this.traced(new Error(`${symbol} was called here`))
  }

  /** Lets an error's stack start at the caller. */
  traced<Kind extends Error>(error: Kind): Kind {
    captureStackTrace?.(error, this.#below)
    return error
  }

  /** @throws what was found during the call */
  raise(): void {
    if (this.fault) throw this.fault
  }

  /** The error of a call that threw: what was found explains it. */
  failed(error: unknown): unknown {
    const { fault } = this
    if (fault === undefined || fault === error) return error
    const outcome = error instanceof FramegateError ? `${error.code}: ${error.message}` : String(error)
    const message = `${fault.message}; the call itself ended with ${outcome}`
    return this.traced(new FramegateError(fault.code, message, { cause: fault.cause }))
  }
}

/** The calls of one library. */
export class Calls {
  readonly #running: Call[] = []

  /** The innermost call under way. */
  get current(): Call | undefined {
    return this.#running.at(-1)
  }

  /** The same function, its calls taken down and what is found during them thrown. */
  guarded<Values extends unknown[], Result>(
    symbol: string,
    call: (...values: Values) => Result,
  ): (...values: Values) => Result {
    const guarded = (...values: Values): Result => {
      const record = new Call(symbol, guarded as AnyFunction)
      const result = this.run(record, () => call(...values))
      return result instanceof Promise ? (settled(record, result) as Result) : result
    }
    return guarded
  }

  /** @throws what `body` throws, and what was found meanwhile */
  run<Result>(call: Call, body: () => Result): Result {
    let result: Result
    try {
      result = this.within(call, () => ended(call, body))
    } catch (error) {
      throw call.failed(error)
    }
    call.raise()
    return result
  }

  /** Runs `body` as a part of the call. */
  within<Result>(call: Call, body: () => Result): Result {
    this.#running.push(call)
    try {
      return body()
    } finally {
      this.#running.pop()
    }
  }

  /** Keeps a fault for the end of the call that runs; outside of calls it is thrown. */
  report(fault: FramegateError): void {
    const { current } = this
    if (current === undefined) throw fault
    current.fault ??= current.traced(fault)
  }
}

function ended<Result>({ endings }: Call, body: () => Result): Result {
  try {
    return body()
  } finally {
    for (const end of endings.splice(0)) end()
  }
}

async function settled<Result>(call: Call, result: Promise<Result>): Promise<Result> {
  let value: Result
  try {
    value = await result
  } catch (error) {
    throw call.failed(error)
  }
  call.raise()
  return value
}
