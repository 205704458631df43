// An evaluator's specs, for other threads to answer from as well.

import { type EngineLimits, Evaluator, FramegateError, type LoadOptions, type Snapshot } from '../evaluator/index.ts'
import { type BoardMemory, BoardWriter } from './board.ts'

/** What goes to other threads, through `workerData` or `postMessage`: plain data and shared memory. */
export interface SharedHandle extends BoardMemory {
  readonly framegate: 'shared'
  /** The engine. */
  readonly module: WebAssembly.Module
  /** The owner's, by which the threads answer as it does. */
  readonly options: Pick<LoadOptions, 'environment' | 'globalCustomFields' | 'source'> & {
    readonly limits?: EngineLimits
    /** Once in shared memory, for all threads. */
    readonly countryTable?: Uint8Array
  }
}

/** Options of {@link share}. */
export interface ShareOptions {
  /**
   * Bytes of shared address space to reserve for snapshots; what is not used takes no memory. Three times the largest
   * snapshot is enough. Default 256 MiB, or eight times the first snapshot if that is more.
   */
  readonly maxBytes?: number
}

/** A {@link SharedHandle} in the owner's thread, where it follows the evaluator. Made by {@link share}. */
export class SharedEvaluator implements SharedHandle, Disposable {
  readonly framegate = 'shared'
  readonly module: WebAssembly.Module
  readonly board: SharedArrayBuffer
  readonly control: SharedArrayBuffer
  readonly options: SharedHandle['options']
  readonly #writer: BoardWriter
  readonly #unsubscribe: () => void

  /** @internal */
  constructor(evaluator: Evaluator, module: WebAssembly.Module, maxBytes: number | undefined) {
    this.#writer = new BoardWriter(evaluator.snapshot, maxBytes)
    this.module = module
    const { options, countryTable } = evaluator.origin
    this.options = { ...options, ...(countryTable && { countryTable: inSharedMemory(countryTable) }) }
    this.board = this.#writer.board
    this.control = this.#writer.control
    this.#unsubscribe = evaluator.onUpdate((snapshot) => this.#post(snapshot))
  }

  /** The number of specs that were shared so far; attached evaluators tell theirs. */
  get version(): number {
    return this.#writer.version
  }

  /** Ends following the evaluator; threads go on with the specs that they have. */
  stop(): void {
    this.#unsubscribe()
    this.#writer.end()
  }

  /** As `stop`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.stop()
  }

  #post(snapshot: Snapshot): void {
    try {
      this.#writer.post(snapshot)
    } catch (cause) {
      if (!(cause instanceof FramegateError)) throw cause
      const message = `${cause.message}. The update is in force in this thread, the others go on with the specs before it`
      throw new FramegateError(cause.code, message, { cause })
    }
  }
}

/**
 * Shares an evaluator's specs with other threads of the process. The handle goes to any number of them, whoever started
 * them: a pool's, `worker_threads`, web workers; they may pass it on. There, `attach` makes an evaluator of it.
 *
 * Updates and rollbacks of the evaluator reach every attached thread at its next call. When the shared memory has no room for one, `update`
 * throws `SHARED_MEMORY_EXHAUSTED`, though it is in force in the owner. The evaluator may be disposed of; threads go on
 * with what was shared last.
 *
 * @throws {@link FramegateError} `SHARING_REFUSED` on the native backend, for what is no `Evaluator`, and where threads share
 * no memory; `SHARED_MEMORY_EXHAUSTED`, `ARGUMENT_INVALID`, `DISPOSED`
 *
 * @example
 * ```
 * const evaluator = createEvaluator({ specs })
 * const pool = new Piscina({ filename, workerData: share(evaluator) })
 * // in the worker:
 * const evaluator = attach(Piscina.workerData)
 * export default (user) => evaluator.checkGate(user, 'new_checkout')
 * ```
 */
export function share(evaluator: Evaluator, { maxBytes }: ShareOptions = {}): SharedEvaluator {
  if (!(evaluator instanceof Evaluator)) {
    throw new FramegateError(
      'SHARING_REFUSED',
      'only an Evaluator can be shared; an attached thread passes on the handle that it was given',
    )
  }
  if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
    throw new FramegateError('ARGUMENT_INVALID', `maxBytes is ${maxBytes}; pass a positive whole number of bytes`)
  }
  const { module } = evaluator.origin
  if (module === undefined) {
    throw new FramegateError(
      'SHARING_REFUSED',
      'the native backend has no snapshots to share; use the wasm backend, or make an evaluator in each thread',
    )
  }
  return new SharedEvaluator(evaluator, module, maxBytes)
}

function inSharedMemory(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}
