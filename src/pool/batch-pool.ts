// Batches of work on threads of a piscina. It adds what piscina does not know: a lost thread loses no batch, deadlines
// count from the moment a batch starts, and every promise settles exactly once, whatever happens to threads.
//
//     run() ---> waiting ---> handed to piscina, as many as there are threads ---> settled
//                                   ^                      |
//                                   +---- thread lost -----+   up to `retries` times
//
// Piscina's own queue holds no more than one batch per thread, because a batch in it is forgotten when the thread that
// was started for it dies before it is ready. Such a death is answered by an empty task, for which piscina starts a
// thread again.

import type { Piscina } from 'piscina'
import { type ErrorCode, FramegateError } from '../evaluator/index.ts'
import { type BatchOutcome, type PostedBatch, processTime, type ThrownError } from './batch-task.ts'

/** How a {@link BatchPool} is made. */
export interface BatchPoolOptions<Task> {
  /** The worker's script: its default export is made by `batchTask`. */
  readonly filename: string
  readonly threads: number
  /** Threads that are there from the beginning, the others come with the work. */
  readonly minThreads?: number
  readonly workerData: unknown
  /** How often a batch whose thread was lost is done again. Default 2. */
  readonly retries?: number
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number }
  /** What is posted for a batch, anew for every attempt; default the task itself, copied. */
  readonly post?: (task: Task) => { readonly value: unknown; readonly moved: ArrayBuffer[] }
}

/** How a batch is run. */
export interface BatchOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that a batch may take once it has started. Then its thread is ended. */
  readonly deadlineMs?: number | undefined
}

/** What has become of batches and threads. */
export interface BatchStats {
  /** Batches in threads' hands, and those that wait. */
  readonly running: number
  readonly waiting: number
  readonly completed: number
  /** Batches that were done again because their thread was lost. */
  readonly retried: number
  /** Threads that ended while batches were running, by themselves or by somebody's hand. */
  readonly lost: number
  /** Threads that were ended for a deadline or a signal. */
  readonly ended: number
}

/** One batch from `run` to its end. */
interface Job<Task> {
  readonly task: Task
  readonly deadlineMs: number | undefined
  attempts: number
  /** Ends the thread that the batch is in. */
  ending: AbortController | undefined
  timer: ReturnType<typeof setTimeout> | undefined
  settled: boolean
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

/** An error that a batch threw, with the number of the user in the batch if it is about one. */
export class BatchError extends FramegateError {
  readonly user: number | undefined

  constructor({ code, message, stack, user }: ThrownError) {
    const cause = new Error(message)
    if (stack !== undefined) cause.stack = stack
    super((code as ErrorCode | undefined) ?? 'GUEST_INTERRUPTED', message, { cause })
    this.user = user
  }
}

/** Runs batches on worker threads. */
export class BatchPool<Task, Result> implements AsyncDisposable {
  readonly #piscina: Piscina
  readonly #threads: number
  readonly #retries: number
  readonly #post: NonNullable<BatchPoolOptions<Task>['post']>
  readonly #waiting: Job<Task>[] = []
  readonly #running = new Set<Job<Task>>()
  readonly #counts = { completed: 0, retried: 0, lost: 0, ended: 0 }
  #lastFailure: unknown
  /** Threads lost since a batch was last done: where none is ever done, threads are not started forever. */
  #fruitless = 0
  #destroyed = false
  /** Whether the thread that goes now goes by this pool's will. */
  #isEnding = false

  private constructor(piscina: Piscina, { threads, retries = 2, post }: BatchPoolOptions<Task>) {
    this.#piscina = piscina
    this.#threads = threads
    this.#retries = retries
    this.#post = post ?? ((value) => ({ value, moved: [] }))
    piscina.on('error', (error) => {
      this.#lastFailure = error
    })
    piscina.on('workerDestroy', () => this.#threadGone())
  }

  /** Loads piscina, which threads that only attach never do. */
  static async create<Task, Result>(options: BatchPoolOptions<Task>): Promise<BatchPool<Task, Result>> {
    const { Piscina: ThreadPool } = await import('piscina')
    const { filename, threads, minThreads = threads, workerData, resourceLimits } = options
    const piscina = new ThreadPool({
      filename,
      minThreads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData,
      execArgv: threadOptions(),
      recordTiming: false,
      ...(resourceLimits && { resourceLimits }),
    })
    return new BatchPool(piscina, options)
  }

  /** The threads that are there now. */
  get threads(): Piscina['threads'] {
    return this.#piscina.threads
  }

  get stats(): BatchStats {
    return { running: this.#running.size, waiting: this.#waiting.length, ...this.#counts }
  }

  /**
   * Runs a batch.
   *
   * @throws {@link FramegateError} rejects with `DEADLINE_EXCEEDED`, `WORKER_LOST`, `DISPOSED`, the reason of the signal, or
   * a {@link BatchError}
   */
  run(task: Task, { signal, deadlineMs }: BatchOptions = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#destroyed) throw disposed()
      signal?.throwIfAborted()
      const onAbort = () => this.#end(job, signal?.reason)
      const job: Job<Task> = {
        task,
        deadlineMs,
        attempts: 0,
        ending: undefined,
        timer: undefined,
        settled: false,
        resolve: (result) => {
          signal?.removeEventListener('abort', onAbort)
          resolve(result)
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort)
      this.#waiting.push(job)
      this.#handOut()
    })
  }

  /** Ends all threads; batches that are not done reject with `DISPOSED`. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    this.#failAll(disposed())
    await this.#piscina.destroy()
  }

  /** As `destroy`, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy()
  }

  #handOut(): void {
    while (this.#running.size < this.#threads) {
      const job = this.#waiting.shift()
      if (job === undefined) return
      if (this.#running.size === 0) this.#fruitless = 0
      this.#running.add(job)
      this.#attempt(job)
    }
  }

  #attempt(job: Job<Task>): void {
    job.attempts++
    const ending = new AbortController()
    job.ending = ending
    let clock: SharedArrayBuffer | undefined
    if (job.deadlineMs !== undefined) {
      clock = new SharedArrayBuffer(8)
      this.#watch(job, new Float64Array(clock), job.deadlineMs)
    }
    const { value, moved } = this.#post(job.task)
    const batch: PostedBatch<unknown> = { task: value, clock }
    const attempt: Promise<BatchOutcome<Result>> = this.#piscina.run(batch, {
      signal: ending.signal,
      transferList: moved,
    })
    attempt.then(
      (outcome) => {
        if (job.settled) return
        this.#fruitless = 0
        this.#counts.completed++
        this.#settle(job)
        if ('result' in outcome) job.resolve(outcome.result as never)
        else job.reject(new BatchError(outcome.threw))
      },
      (error) => this.#failed(job, error),
    )
  }

  /** An attempt came to nothing: the batch cannot be posted, or its thread is lost. */
  #failed(job: Job<Task>, error: unknown): void {
    if (job.settled) return
    clearTimeout(job.timer)
    if (error instanceof Error && error.name === 'DataCloneError') {
      this.#settle(job)
      job.reject(error)
    } else if (job.attempts <= this.#retries) {
      this.#counts.retried++
      this.#attempt(job)
    } else {
      this.#settle(job)
      const message = `a batch lost its worker thread ${job.attempts} times: ${textOf(error)}; look for what ends threads, or use smaller batches`
      job.reject(new FramegateError('WORKER_LOST', message, { cause: error }))
    }
  }

  /** Ends the thread of a batch that takes too long. It looks once per deadline until the batch has started. */
  #watch(job: Job<Task>, clock: Float64Array, milliseconds: number): void {
    const deadline = job.deadlineMs as number
    job.timer = setTimeout(() => {
      const started = clock[0] as number
      const left = started === 0 ? deadline : started + deadline - processTime()
      if (left > 0) this.#watch(job, clock, left)
      else {
        const message = `a batch ran for more than its deadline of ${deadline} ms and its thread was ended; use smaller batches or a later deadline`
        this.#end(job, new FramegateError('DEADLINE_EXCEEDED', message))
      }
    }, Math.ceil(milliseconds))
  }

  /** Ends a batch from outside, and the thread that it is in. */
  #end(job: Job<Task>, reason: unknown): void {
    if (job.settled) return
    const { ending } = job
    const isRunning = this.#running.has(job)
    this.#settle(job)
    job.reject(reason)
    if (!isRunning) return
    this.#counts.ended++
    this.#isEnding = true
    ending?.abort()
    this.#isEnding = false
  }

  #settle(job: Job<Task>): void {
    job.settled = true
    clearTimeout(job.timer)
    if (this.#running.delete(job)) queueMicrotask(() => this.#handOut())
    else {
      const place = this.#waiting.indexOf(job)
      if (place >= 0) this.#waiting.splice(place, 1)
    }
  }

  #threadGone(): void {
    if (this.#destroyed || this.#running.size === 0) return
    if (!this.#isEnding) this.#counts.lost++
    if (!this.#isEnding && ++this.#fruitless > 10 * this.#threads + 10) {
      const message = `worker threads end before they have done anything: ${textOf(this.#lastFailure)}; look for what ends them`
      this.#failAll(new FramegateError('WORKER_LOST', message, { cause: this.#lastFailure }))
      return
    }
    // Piscina still counts the thread that is gone.
    queueMicrotask(() => {
      if (!this.#destroyed) this.#piscina.run(undefined).catch(() => {})
    })
  }

  #failAll(error: FramegateError): void {
    for (const job of [...this.#running, ...this.#waiting]) this.#end(job, error)
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : error === undefined ? 'no reason is known' : String(error)
}

function disposed(): FramegateError {
  return new FramegateError('DISPOSED', 'the pool was destroyed; make a new one')
}

/**
 * Options of the process may be for its own program alone: `--input-type` ends a thread. Piscina tries `require` before
 * `import`, and Node 20 aborts the process when a thread is ended while it requires an ES module.
 */
function threadOptions(): string[] {
  const noRequire = '--no-experimental-require-module'
  return process.allowedNodeEnvironmentFlags?.has(noRequire) ? [noRequire] : []
}
