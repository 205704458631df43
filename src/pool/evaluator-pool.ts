// Evaluation on several threads, for throughput: a hop to another thread is paid once per batch.

import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { type Evaluator, FramegateError, type LoadReport, type SpecsSource, type User } from '../evaluator/index.ts'
import { createEvaluator, type NodeOptions } from '../node.ts'
import {
  type Answers,
  type AskedNames,
  checkNames,
  type EvaluationResult,
  type EvaluationTask,
  gateRows,
} from './answers.ts'
import type { AttachOptions } from './attach.ts'
import { BatchError, type BatchOptions, BatchPool, type BatchStats } from './batch-pool.ts'
import type { EvaluatorWorkerData } from './evaluator-worker.ts'
import { inOrder } from './in-order.ts'
import { type SharedEvaluator, share } from './share.ts'
import { type UserBatch, userBatches } from './user-batches.ts'

/** How an {@link EvaluatorPool} is made: with options of `createEvaluator`, or with an evaluator. */
export type EvaluatorPoolOptions = PoolOptions &
  ((Omit<NodeOptions, 'backend' | 'library' | 'now' | 'seed'> & { readonly evaluator?: never }) | OwnedElsewhere)

interface OwnedElsewhere {
  /** Shared, and not disposed of with the pool. */
  readonly evaluator: Evaluator
  readonly onFault?: AttachOptions['onFault']
}

/** What a pool itself can be told. */
export interface PoolOptions {
  /** Default: as many as the machine runs at a time. */
  readonly threads?: number
  /** Users to a batch. Default 500. */
  readonly batchSize?: number
  /** Milliseconds that a batch may take from its start in a thread, unless a call says otherwise. Default: no limit. */
  readonly deadlineMs?: number
  /** How often a batch whose thread was lost is done again. Default 2. */
  readonly retries?: number
  /** Of Node's workers, such as `{ maxOldGenerationSizeMb: 256 }`: for JavaScript alone. Memory of WebAssembly has `limits`. */
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number }
  /** Of {@link share}. */
  readonly maxBytes?: number
}

/** Options of a call. */
export interface EvaluateOptions {
  /** Ends the work when it aborts, with the threads that are at it; the promise rejects with its reason. */
  readonly signal?: AbortSignal
  /** Milliseconds that a batch may take from its start in a thread. */
  readonly deadlineMs?: number
}

/** An error about one of the users that were passed. */
export class UserError extends FramegateError {
  /** The user's number in what was passed, from 0. */
  readonly user: number

  /** @internal */
  constructor(user: number, { code, message }: FramegateError, cause: unknown) {
    super(code, `user ${user}: ${message}`, { cause })
    this.user = user
  }
}

/** One batch in work and one waiting per thread; a third covers the first in line being slower than those behind it. */
const BATCHES_PER_THREAD = 3

/**
 * Evaluates many users on several threads, by one evaluator's specs.
 *
 * Every user is answered exactly once and in order, or the promise rejects, once. The batch of a thread that crashed or was
 * killed is done again elsewhere. Updates of the evaluator reach the threads at their next question, also in the middle of
 * a batch.
 *
 * @example
 * ```
 * await using pool = await EvaluatorPool.create({ specs, threads: 2 })
 * const open = await pool.evaluateMany(users, ['new_checkout', 'dark_mode']) // open[user][gate]
 * for await (const { experiments } of pool.evaluateEach(stream, { experiments: ['ranking'] })) {
 *   console.log(experiments.ranking.groupName)
 * }
 * ```
 */
export class EvaluatorPool implements AsyncDisposable {
  /** The owner of the specs; it answers in this thread. */
  readonly evaluator: Evaluator
  readonly #ownsEvaluator: boolean
  readonly #shared: SharedEvaluator
  readonly #batches: BatchPool<EvaluationTask, EvaluationResult>
  readonly #batchSize: number
  readonly #inFlight: number
  readonly #deadlineMs: number | undefined

  private constructor(
    evaluator: Evaluator,
    ownsEvaluator: boolean,
    shared: SharedEvaluator,
    batches: BatchPool<EvaluationTask, EvaluationResult>,
    { batchSize, threads, deadlineMs }: { batchSize: number; threads: number; deadlineMs: number | undefined },
  ) {
    this.evaluator = evaluator
    this.#ownsEvaluator = ownsEvaluator
    this.#shared = shared
    this.#batches = batches
    this.#batchSize = batchSize
    this.#inFlight = BATCHES_PER_THREAD * threads
    this.#deadlineMs = deadlineMs
  }

  /**
   * Loads the specs once, shares them, and starts the threads.
   *
   * @throws {@link FramegateError} as `createEvaluator` and {@link share}; `ARGUMENT_INVALID`
   */
  static async create(options: EvaluatorPoolOptions): Promise<EvaluatorPool> {
    const {
      threads = availableParallelism(),
      batchSize = 500,
      deadlineMs,
      retries = 2,
      resourceLimits,
      maxBytes,
      ...given
    } = options
    positive({ threads, batchSize })
    checkDeadline(deadlineMs)
    if (!(Number.isSafeInteger(retries) && retries >= 0)) throw invalid('retries', retries, 'a whole number, or 0')
    const isGiven = given.evaluator !== undefined
    const evaluator = isGiven ? given.evaluator : createEvaluator(given as NodeOptions)
    try {
      const handle = share(evaluator, maxBytes === undefined ? {} : { maxBytes })
      const { onFault, recoveriesPerSecond } = given as AttachOptions
      const workerData: EvaluatorWorkerData = {
        handle,
        options: {
          ...(onFault !== undefined && { onFault }),
          ...(recoveriesPerSecond !== undefined && { recoveriesPerSecond }),
        },
      }
      const batches = await BatchPool.create<EvaluationTask, EvaluationResult>({
        filename: workerScript(),
        threads,
        retries,
        workerData,
        ...(resourceLimits && { resourceLimits }),
      })
      return new EvaluatorPool(evaluator, !isGiven, handle, batches, { batchSize, threads, deadlineMs })
    } catch (error) {
      if (!isGiven) evaluator.dispose()
      throw error
    }
  }

  /** The threads, for what a pool does not offer; they may be ended at any time. */
  get threads(): readonly Worker[] {
    return this.#batches.threads
  }

  /** Counters since the pool was made. */
  get stats(): BatchStats {
    return this.#batches.stats
  }

  /**
   * Evaluates every user, who must not be changed until the promise settles.
   *
   * @param names - of gates, for their values in this order; or names by kind, for whole answers
   * @throws {@link FramegateError} rejects with a {@link UserError} that says which user (`USER_INVALID`, or a fault of the
   * engine), `DEADLINE_EXCEEDED`, `WORKER_LOST` for a batch whose thread was lost more often than `retries`, `DISPOSED`;
   * with the signal's reason when it aborts
   */
  evaluateMany(users: readonly User[], names: readonly string[], options?: EvaluateOptions): Promise<boolean[][]>
  evaluateMany(users: readonly User[], names: AskedNames, options?: EvaluateOptions): Promise<Answers[]>
  async evaluateMany(
    users: readonly User[],
    names: readonly string[] | AskedNames,
    options: EvaluateOptions = {},
  ): Promise<unknown[]> {
    if (!Array.isArray(users)) throw invalid('users', typeof users, 'an array; evaluateEach takes other sources')
    const results: unknown[] = []
    for await (const batch of this.#evaluate(users, names, options)) {
      for (const result of batch) results.push(result)
    }
    return results
  }

  /**
   * Evaluates a stream of users, and yields a result for each, in order. The source is at most three batches per thread
   * ahead of the results that were taken; a batch that is not full goes off when an asynchronous source pauses for 10 ms.
   *
   * @param names - as of {@link EvaluatorPool.evaluateMany}
   * @throws {@link FramegateError} as {@link EvaluatorPool.evaluateMany}, after the results before; and what the source throws
   */
  evaluateEach(
    users: Iterable<User> | AsyncIterable<User>,
    names: readonly string[],
    options?: EvaluateOptions,
  ): AsyncGenerator<boolean[]>
  evaluateEach(
    users: Iterable<User> | AsyncIterable<User>,
    names: AskedNames,
    options?: EvaluateOptions,
  ): AsyncGenerator<Answers>
  async *evaluateEach(
    users: Iterable<User> | AsyncIterable<User>,
    names: readonly string[] | AskedNames,
    options: EvaluateOptions = {},
  ): AsyncGenerator<unknown> {
    for await (const batch of this.#evaluate(users, names, options)) yield* batch
  }

  /** As `update` of the evaluator; it reaches the threads at their next question. */
  update(specs: SpecsSource): LoadReport {
    return this.evaluator.update(specs)
  }

  /** As `updateAsync` of the evaluator. */
  async updateAsync(specs: SpecsSource): Promise<LoadReport> {
    return await this.evaluator.updateAsync(specs)
  }

  /** Ends the threads, and the evaluator if the pool made it. What is not done rejects with `DISPOSED`. */
  async destroy(): Promise<void> {
    this.#shared.stop()
    await this.#batches.destroy()
    if (this.#ownsEvaluator) this.evaluator.dispose()
  }

  /** As `destroy`, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy()
  }

  #evaluate(
    users: Iterable<User> | AsyncIterable<User>,
    names: readonly string[] | AskedNames,
    { signal, deadlineMs = this.#deadlineMs }: EvaluateOptions,
  ): AsyncGenerator<unknown[]> {
    checkNames(names)
    checkDeadline(deadlineMs)
    return inOrder(userBatches(users, this.#batchSize), this.#inFlight, (batch) =>
      this.#evaluateBatch(batch, names, { signal, deadlineMs }),
    )
  }

  async #evaluateBatch(
    { first, users }: UserBatch,
    asked: readonly string[] | AskedNames,
    options: BatchOptions,
  ): Promise<unknown[]> {
    try {
      const result = await this.#batches.run({ users, asked }, options)
      return result instanceof Uint8Array ? gateRows(result, users.length) : result
    } catch (error) {
      if (error instanceof BatchError && error.user !== undefined) {
        throw new UserError(first + error.user, error, error.cause)
      }
      if (error instanceof Error && error.name === 'DataCloneError') throw uncloneable(users, first, error)
      throw error
    }
  }
}

/** Which user of a batch cannot go to another thread. */
function uncloneable(users: readonly User[], first: number, cause: Error): FramegateError {
  const message = `${cause.message}; a user must be plain data to go to another thread`
  const error = new FramegateError('USER_INVALID', message, { cause })
  const index = users.findIndex((user) => {
    try {
      structuredClone(user)
      return false
    } catch {
      return true
    }
  })
  return index < 0 ? error : new UserError(first + index, error, cause)
}

function checkDeadline(deadlineMs: number | undefined): void {
  if (deadlineMs === undefined || (deadlineMs > 0 && deadlineMs < 2 ** 31)) return
  throw invalid('deadlineMs', deadlineMs, 'milliseconds above 0 and below 2^31')
}

function positive(numbers: Record<string, number>): void {
  for (const [name, given] of Object.entries(numbers)) {
    if (!(Number.isSafeInteger(given) && given > 0)) throw invalid(name, given, 'a whole number above 0')
  }
}

function invalid(name: string, given: unknown, wanted: string): FramegateError {
  return new FramegateError('ARGUMENT_INVALID', `${name} is ${String(given)}; pass ${wanted}`)
}

/** The script as it was built, seen from the build itself or from the sources. */
function workerScript(): string {
  const places = ['./evaluator-worker.js', '../../dist/pool/evaluator-worker.js']
  const urls = places.map((place) => new URL(place, import.meta.url))
  const found = urls.find((url) => existsSync(fileURLToPath(url)))
  if (found) return found.href
  throw new FramegateError('MODULE_NOT_FOUND', `${fileURLToPath(urls[0] as URL)} does not exist; run \`make build\``)
}
