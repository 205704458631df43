// The worker's side of nonblocking calls: a library of its own, and an answer for every call. The two entries that
// listen to messages, for web workers and for Node's threads, are worker.ts and node-worker.ts.

import type { Definitions } from '../definitions.ts'
import type { Library } from '../library.ts'
import { pointee, signaturesOf } from '../signature.ts'
import { openWasm } from './library.ts'
import { type CallMessage, isOurs, type OpenMessage, postedError, type Reply } from './worker-messages.ts'

/** Posts an answer; the buffers are moved. */
type Answer = (reply: Reply, moved: ArrayBuffer[]) => void

type AnyLibrary = Library<Definitions, unknown>

export class CallServer {
  readonly #answer: Answer
  #opening: OpenMessage | undefined
  /** Opened by the first call: if that fails, the call says why, and the next one tries again. */
  #library: AnyLibrary | undefined
  /** By symbol, which arguments are buffers that the guest fills. */
  readonly #filled = new Map<string, readonly number[]>()

  constructor(answer: Answer) {
    this.#answer = answer
  }

  receive(message: unknown): void {
    if (!isOurs(message)) return
    if (message.framegate === 'open') this.#opening = message
    else if (message.framegate === 'call') this.#run(message)
  }

  #run({ id, name, values }: CallMessage): void {
    try {
      const library = this.#opened()
      const call = library.symbols[name] as (...values: readonly unknown[]) => unknown
      const value = call(...values)
      const buffers = this.#filled.get(name)?.map((argument) => values[argument] as Uint8Array | null) ?? []
      this.#answer({ framegate: 'returned', id, value, buffers }, buffersWithin([value, ...buffers]))
    } catch (error) {
      this.#answer({ framegate: 'threw', id, error: postedError(error) }, [])
    }
  }

  #opened(): AnyLibrary {
    if (this.#library) return this.#library
    const { guest, definitions, debug } = this.#opening as OpenMessage
    const library = openWasm(guest, definitions, { debug })
    for (const { name, parameters } of signaturesOf(definitions)) {
      const filled = parameters.filter(({ type, argument }) => argument >= 0 && pointee(type) === 'buffer')
      this.#filled.set(
        name,
        filled.map(({ argument }) => argument),
      )
    }
    this.#library = library
    return library
  }
}

/** The memory of bytes that are returned, on their own or among others. All of it was made for the call. */
function buffersWithin(values: readonly unknown[]): ArrayBuffer[] {
  const found = values.flatMap((value) =>
    value instanceof Uint8Array || typeof value !== 'object' || value === null ? [value] : Object.values(value),
  )
  return found.flatMap((value) => (value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []))
}
