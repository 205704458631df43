// A thread's own evaluator of specs that another thread owns.

import {
  type AnswerOptions,
  Engine,
  type EvaluatorOptions,
  type EvaluatorStats,
  engineGuest,
  FramegateError,
  Questions,
  Snapshot,
  Succession,
} from '../evaluator/index.ts'
import { BoardReader } from './board.ts'
import type { SharedHandle } from './share.ts'

/** Options of {@link attach}: how this thread answers. Functions do not cross, so it brings its own `operators`. */
export type AttachOptions = AnswerOptions & Pick<EvaluatorOptions, 'recoveriesPerSecond' | 'onEnd' | 'operators'>

/**
 * Answers in this thread, synchronously and on an instance of its own, by the specs that another thread shares. Made by
 * {@link attach}.
 *
 * Before each question it looks whether there are newer specs and starts a new instance of them; a call in flight finishes
 * on the old one, and bound users go on. When the newer ones do not start, the question that met them throws why, and later
 * ones are answered by the specs before, until there are newer ones again.
 */
export class AttachedEvaluator extends Questions implements Disposable {
  readonly #board: BoardReader
  readonly #start: (bytes: Uint8Array) => Engine
  readonly #succession = new Succession()
  #engine: Engine | undefined
  #version = 0
  /** The latest that was tried, whether or not it started. */
  #met = 0
  #updates = -1

  /** @internal */
  constructor(handle: SharedHandle, { recoveriesPerSecond, onEnd, operators, ...answers }: AttachOptions) {
    super(answers)
    const { module, options } = handle
    const { limits, ...shared } = options
    const reading = { ...shared, ...(operators && { operators }) }
    const guest = engineGuest(module, limits)
    const running = this.#succession.running({ limits, recoveriesPerSecond, onEnd })
    this.#start = (bytes) => Engine.start(guest, Snapshot.trusted(bytes), reading, running)
    this.#board = new BoardReader(handle)
    this.#follow()
  }

  /** The number of the specs that answer, as the owner counts them. */
  get version(): number {
    this.engine()
    return this.#version
  }

  /** Whether the owner still shares updates. */
  get isFollowing(): boolean {
    return !this.#board.ended
  }

  /** The number of the instance that answers; it rises when an instance was retired or the specs were replaced. */
  get generation(): number {
    return this.#succession.generation(this.engine())
  }

  /** Counters since the evaluator was attached. */
  get stats(): EvaluatorStats {
    const engine = this.engine()
    const updates = this.#updates
    return { ...this.#succession.stats(engine), updates, snapshotBytes: engine.snapshot?.size ?? 0 }
  }

  /** Frees the instance; the evaluator answers no more questions. Others of the same handle go on. */
  dispose(): void {
    this.#engine?.dispose()
    this.#engine = undefined
  }

  /** As `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** @internal */
  protected override engine(): Engine {
    if (this.#engine === undefined) {
      throw new FramegateError('DISPOSED', 'the attached evaluator was disposed; attach the handle again')
    }
    if (this.#board.version !== this.#met) this.#follow()
    return this.#engine
  }

  #follow(): void {
    const { version, bytes } = this.#board.read()
    this.#met = version
    const next = this.#started(version, bytes)
    const old = this.#engine
    if (old) this.#succession.add(old)
    this.#engine = next
    this.#version = version
    this.#updates++
    old?.dispose()
  }

  #started(version: number, bytes: Uint8Array): Engine {
    try {
      return this.#start(bytes)
    } catch (cause) {
      if (this.#engine === undefined || !(cause instanceof FramegateError)) throw cause
      const message = `version ${version} of the shared specs does not start in this thread: ${cause.message}. Version ${this.#version} stays in force here`
      throw new FramegateError(cause.code, message, { cause })
    }
  }
}

/**
 * Makes an evaluator of a handle that {@link share} made, in this thread or another. Do it once per thread, not per task:
 * it starts an instance. It keeps up with the owner by itself, also in a thread that never returns to its event loop.
 *
 * @param handle - as it arrived in `workerData` or a message
 * @throws {@link FramegateError} `ARGUMENT_INVALID` for what is no handle, `GUEST_MEMORY_EXHAUSTED`
 *
 * @example
 * ```
 * import { workerData } from 'node:worker_threads'
 * import { attach } from 'framegate/pool'
 *
 * const evaluator = attach(workerData)
 * evaluator.checkGate({ userID: 'u-1' }, 'new_checkout')
 * ```
 */
export function attach(handle: SharedHandle, options: AttachOptions = {}): AttachedEvaluator {
  if (typeof handle === 'object' && handle !== null && handle.framegate === 'shared') {
    return new AttachedEvaluator(handle, options)
  }
  throw new FramegateError(
    'ARGUMENT_INVALID',
    `this is no handle but ${handle === null ? 'null' : typeof handle}; pass what share returned, as it arrived in workerData or a message`,
  )
}
