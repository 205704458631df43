// Specs loaded on another thread. What crosses:
//
//     evaluator                                          worker
//     { framegate: 'open', module }              ->  once, before everything else; it has no answer
//     { framegate: 'call', id, input, limits }   ->  what to load
//                                                <-  { framegate: 'loaded', id, snapshot: ArrayBuffer }
//                                                <-  { framegate: 'threw', id, error }

import { type FfiWorker, FramegateError, type PostedError, postedError, RunningWorker, Snapshot } from '../ffi/index.ts'
import { engineGuest } from './guest.ts'
import { type LoadInput, loadedSnapshot } from './load.ts'
import type { EngineLimits } from './types.ts'

interface OpenMessage {
  readonly framegate: 'open'
  readonly module: WebAssembly.Module
}

interface LoadMessage {
  readonly framegate: 'call'
  readonly id: number
  readonly input: LoadInput
  readonly limits: EngineLimits | undefined
}

interface LoadedMessage {
  readonly framegate: 'loaded'
  readonly id: number
  readonly snapshot: ArrayBuffer
}

type Reply = LoadedMessage | { readonly framegate: 'threw'; readonly id: number; readonly error: PostedError }

/**
 * The side of who wants specs loaded: a worker that is started by the first load, and anew after it has died.
 *
 * @internal
 */
export class LoaderThread {
  readonly #start: () => FfiWorker
  readonly #module: WebAssembly.Module
  #running: RunningWorker<LoadedMessage> | undefined

  constructor(start: () => FfiWorker, module: WebAssembly.Module) {
    this.#start = start
    this.#module = module
  }

  /**
   * Loads specs. The payload's bytes are moved.
   *
   * @throws FramegateError as `loadedSnapshot`, `WORKER_MISSING`, `GUEST_INTERRUPTED` where the worker died
   */
  async load(input: LoadInput, limits: EngineLimits | undefined): Promise<Snapshot> {
    const worker = this.#worker()
    const moved = [input.specs.buffer as ArrayBuffer]
    const { snapshot } = await worker.ask('loading specs', { input, limits }, moved)
    return Snapshot.trusted(snapshot)
  }

  /** Ends the worker, also in the middle of a load. */
  end(): void {
    this.#running?.end(() => new FramegateError('DISPOSED', 'it was disposed of while specs were loading'))
  }

  #worker(): RunningWorker<LoadedMessage> {
    const opening: OpenMessage = { framegate: 'open', module: this.#module }
    this.#running ??= new RunningWorker(this.#start, opening, () => {
      this.#running = undefined
    })
    return this.#running
  }
}

/** The worker's side; the scripts of workers hand it their messages. */
export class LoaderServer {
  readonly #answer: (reply: Reply, moved: ArrayBuffer[]) => void
  #opening: OpenMessage | undefined

  constructor(answer: (reply: Reply, moved: ArrayBuffer[]) => void) {
    this.#answer = answer
  }

  receive(message: OpenMessage | LoadMessage): void {
    if (message.framegate === 'open') this.#opening = message
    else if (message.framegate === 'call') this.#load(message)
  }

  #load({ id, input, limits }: LoadMessage): void {
    const { module } = this.#opening as OpenMessage
    try {
      const { bytes } = loadedSnapshot(engineGuest(module, limits), input, limits?.loadFuel)
      const snapshot = bytes.buffer as ArrayBuffer
      this.#answer({ framegate: 'loaded', id, snapshot }, [snapshot])
    } catch (error) {
      this.#answer({ framegate: 'threw', id, error: postedError(error) }, [])
    }
  }
}
