// A worker's side of a batch pool. What crosses:
//
//     pool                                worker
//     { task, clock }                 ->  once a batch; `clock` only where there is a deadline
//                                         writes into `clock` when it starts: milliseconds of the process's own clock
//                                     <-  { result }, or { threw } for an error of the batch itself
//     undefined                       ->  nothing to do: it only makes piscina start a thread
//                                     <-  undefined
//
// Whatever else a batch ends with means that its thread is lost.

import { Piscina } from 'piscina'

/** A batch as it is posted. */
export interface PostedBatch<Task> {
  readonly task: Task
  readonly clock: SharedArrayBuffer | undefined
}

/** What a worker answers. */
export type BatchOutcome<Result> = { readonly result: Result } | { readonly threw: ThrownError }

/** An error without its class, which does not cross. */
export interface ThrownError {
  readonly code: string | undefined
  readonly message: string
  readonly stack: string | undefined
  /** The number of the user in its batch, where the error is about one. */
  readonly user: number | undefined
}

/** Milliseconds on a clock that all threads of the process share, and that nobody sets. */
export function processTime(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

/**
 * Makes a worker's default export, for the pool to call.
 *
 * @param run - does a batch; it may throw an object with `code`, and with `user`, the number of a user in the batch
 * @param moved - what of a result is handed over instead of copied
 */
export function batchTask<Task, Result>(
  run: (task: Task) => Result,
  moved: (result: Result) => ArrayBuffer[] = () => [],
): (batch: PostedBatch<Task> | undefined) => unknown {
  return (batch) => {
    if (batch === undefined) return undefined
    if (batch.clock) new Float64Array(batch.clock)[0] = processTime()
    try {
      const result = run(batch.task)
      const answer = {
        [Piscina.valueSymbol]: { result } satisfies BatchOutcome<Result>,
        [Piscina.transferableSymbol]: moved(result),
      }
      // The pool's own types name these two properties by symbols that its class gives out as plain `symbol`.
      return Piscina.move(answer as unknown as ArrayBuffer)
    } catch (error) {
      return { threw: thrownError(error) } satisfies BatchOutcome<Result>
    }
  }
}

function thrownError(error: unknown): ThrownError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  const { code, user } = Object(error) as { code?: unknown; user?: unknown }
  return {
    code: typeof code === 'string' ? code : undefined,
    message,
    stack,
    user: typeof user === 'number' ? user : undefined,
  }
}
