// Nonblocking calls of a shared object. koffi hands each to libuv's thread pool, and throws when it has handed over too many
// (256, counting everybody's); here calls wait for their turn instead.
//
// Only as many are handed over as keep the pool's threads busy. What libuv has been given cannot be taken back: a process
// that exits waits for all of it. And koffi keeps memory for eight calls: handing over 128 instead halves the throughput.

import { FramegateError } from '../errors.ts'
import type { KoffiFunction } from './types.ts'

/** What libuv has unless the environment says otherwise. */
const POOL_THREADS = 4
const POOL_VARIABLE = 'UV_THREADPOOL_SIZE'

/** A call whose promise is not settled. */
export interface QueuedCall {
  readonly name: string
  readonly call: KoffiFunction
  /** What koffi gets. It is kept until the call has ended: koffi remembers only addresses of the bytes among it. */
  readonly native: readonly unknown[]
  /** Copies what was returned out of the guest's memory and frees what is the caller's to free. */
  lift(returned: unknown): unknown
  /** Gives the caller what is not part of the value: buffers. Not called once the library is closed. */
  deliver(): void
}

interface Waiting extends QueuedCall {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** The calls of one library, first come, first served. */
export class CallQueue {
  readonly #waiting = new Set<Waiting>()
  readonly #running = new Set<Waiting>()
  readonly #limit = 2 * poolThreads()
  #retry: unknown
  #onDrained: (() => void) | undefined

  run(call: QueuedCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ ...call, resolve, reject })
      this.#advance()
    })
  }

  /**
   * Rejects all promises. Calls that are running go on, and what they return is freed.
   *
   * @param onDrained - told when the last of them has ended; at once if none runs
   */
  close(onDrained: () => void): void {
    this.#onDrained = onDrained
    for (const each of [...this.#waiting, ...this.#running]) {
      const message = `the library was closed while ${each.name} was under way`
      each.reject(new FramegateError('DISPOSED', message))
    }
    this.#waiting.clear()
    if (this.#running.size === 0) onDrained()
  }

  #advance(): void {
    for (const next of this.#waiting) {
      if (this.#running.size >= this.#limit) return
      this.#waiting.delete(next)
      this.#running.add(next)
      try {
        next.call.async(...next.native, (error: unknown, returned: unknown) => this.#ended(next, error, returned))
      } catch (error) {
        this.#running.delete(next)
        if (isBusy(error)) {
          this.#defer(next)
          return
        }
        next.reject(refused(next, error))
      }
    }
  }

  /** Others fill koffi's queue: the call stays the first, until one of ours ends or, if none runs, for a moment. */
  #defer(next: Waiting): void {
    const others = [...this.#waiting]
    this.#waiting.clear()
    for (const each of [next, ...others]) this.#waiting.add(each)
    if (this.#running.size > 0 || this.#retry !== undefined) return
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#advance()
    }, 1)
  }

  /**
   * Called by koffi in the caller's thread. The value is taken at once: it may lie in the arguments' memory, which koffi
   * takes back when this returns.
   */
  #ended(ended: Waiting, error: unknown, returned: unknown): void {
    this.#running.delete(ended)
    try {
      if (error) throw refused(ended, error)
      const value = ended.lift(returned)
      if (this.#onDrained === undefined) ended.deliver()
      ended.resolve(value)
    } catch (failure) {
      ended.reject(failure)
    }
    if (this.#onDrained === undefined) this.#advance()
    else if (this.#running.size === 0) this.#onDrained()
  }
}

/** koffi's errors have no codes. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && /too many asynchronous calls/i.test(error.message)
}

function refused({ name }: QueuedCall, cause: unknown): FramegateError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new FramegateError('ARGUMENT_INVALID', `koffi does not take the arguments of ${name}: ${message}`, { cause })
}

function poolThreads(): number {
  const { process: host } = globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } }
  return Number(host?.env?.[POOL_VARIABLE]) || POOL_THREADS
}
