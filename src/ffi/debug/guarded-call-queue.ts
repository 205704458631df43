// Nonblocking calls of the native backend in debug mode.

import { CallQueue, type QueuedCall } from '../native/call-queue.ts'
import type { Call, Calls } from './calls.ts'

/** Calls on other threads start and end as a part of the call that queued them. */
export class GuardedCallQueue extends CallQueue {
  readonly #calls: Calls

  constructor(calls: Calls) {
    super()
    this.#calls = calls
  }

  override run(queued: QueuedCall): Promise<unknown> {
    const record = this.#calls.current as Call
    const async = (...parameters: unknown[]) => {
      this.#calls.within(record, () => queued.call.async(...parameters))
    }
    return super.run({ ...queued, call: Object.assign(() => {}, { async }) })
  }
}
