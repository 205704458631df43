// A worker from its start to its end, and the calls that it has not answered. Web workers and Node's threads differ in how
// they are listened to and in what they tell; here they are made alike.

import { FramegateError } from '../errors.ts'
import type { FfiWorker } from '../library.ts'
import { isOurs, receivedError, type ThrewMessage } from './worker-messages.ts'

interface Waiting<Answer> {
  readonly name: string
  resolve(answer: Answer): void
  reject(error: FramegateError): void
}

/** What the two kinds have beyond {@link FfiWorker}. */
interface Worker extends FfiWorker {
  /** Node's threads. */
  on?(event: string, listener: (value: unknown) => void): void
  /** Web workers. */
  addEventListener?(event: string, listener: (event: never) => void): void
  /** Whether the process waits for it; Node and Bun have these. */
  ref?(): void
  unref?(): void
}

/**
 * A worker that answers what it is asked, each question by its number.
 *
 * @internal
 */
export class RunningWorker<Answer extends { readonly id: number }> {
  readonly #worker: Worker
  readonly #onEnd: () => void
  readonly #waiting = new Map<number, Waiting<Answer>>()
  #calls = 0
  #ended = false

  /**
   * @param opening - posted before everything else
   * @param onEnd - told when the worker takes no more questions
   */
  constructor(start: () => FfiWorker, opening: object, onEnd: () => void) {
    this.#onEnd = onEnd
    this.#worker = started(start)
    this.#listen()
    this.#worker.unref?.()
    try {
      this.#worker.postMessage(opening, [])
    } catch (cause) {
      this.#worker.terminate()
      throw missing(`the guest cannot be posted to it: ${textOf(cause)}`, cause)
    }
  }

  /** @param name - what errors call the question */
  ask(name: string, question: object, moved: ArrayBuffer[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = this.#calls++
      this.#worker.postMessage({ framegate: 'call', id, ...question }, moved)
      // An idle worker does not keep the process alive, a call under way does.
      if (this.#waiting.size === 0) this.#worker.ref?.()
      this.#waiting.set(id, { name, resolve, reject })
    })
  }

  /** Ends the worker, whatever it does, and the calls that it has not answered. */
  end(error: (name: string) => FramegateError): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    this.#worker.terminate()
    for (const { name, reject } of this.#waiting.values()) reject(error(name))
    this.#waiting.clear()
  }

  #listen(): void {
    const worker = this.#worker
    const onDeath = (reason: string, cause?: unknown) => this.#died(reason, cause)
    if (worker.on) {
      worker.on('message', (message) => this.#receive(message))
      worker.on('messageerror', (error) => onDeath(`answered what cannot be read: ${textOf(error)}`, error))
      worker.on('error', (error) => onDeath(`failed: ${textOf(error)}`, error))
      worker.on('exit', (code) => onDeath(`exited with code ${code}`))
      return
    }
    worker.addEventListener?.('message', ({ data }: MessageEvent) => this.#receive(data))
    worker.addEventListener?.('messageerror', () => onDeath('answered what cannot be read'))
    worker.addEventListener?.('error', (event: ErrorEvent) => {
      // It is reported to the callers; Deno would end the process for it.
      event.preventDefault?.()
      onDeath(`failed: ${event.message}`, event.error ?? undefined)
    })
    // Bun tells of a worker that has closed itself; the standard has nothing for it.
    worker.addEventListener?.('close', () => onDeath('closed'))
  }

  #receive(message: unknown): void {
    if (!isOurs(message)) return
    const reply = message as unknown as Answer | ThrewMessage
    const waiting = this.#waiting.get(reply.id)
    if (!waiting) return
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0) this.#worker.unref?.()
    if ('error' in reply) waiting.reject(receivedError(waiting.name, reply.error))
    else waiting.resolve(reply)
  }

  #died(reason: string, cause: unknown): void {
    this.end(
      (name) =>
        new FramegateError(
          'GUEST_INTERRUPTED',
          `the worker ${reason}, before it had answered the call of ${name}; the next call starts another`,
          { cause },
        ),
    )
  }
}

function started(start: () => FfiWorker): Worker {
  let worker: unknown
  try {
    worker = start()
  } catch (cause) {
    throw missing(`options.worker failed: ${textOf(cause)}`, cause)
  }
  if (typeof (worker as Worker | undefined)?.postMessage === 'function') return worker as Worker
  throw missing('options.worker returned no worker')
}

function missing(reason: string, cause?: unknown): FramegateError {
  return new FramegateError('WORKER_MISSING', `there is no worker: ${reason}`, { cause })
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
