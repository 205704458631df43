// Nonblocking calls of a WebAssembly guest: they run one after another in a worker that has an instance of its own. Here
// they are checked, copied and posted; running-worker.ts has the worker, call-server.ts what runs in it.

import { fillBytes, wrongCount } from '../arguments.ts'
import { isDebugging } from '../debug/environment.ts'
import type { Definitions } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import type { FfiWorker, OpenOptions } from '../library.ts'
import { pointee, type Signature } from '../signature.ts'
import type { WasmGuest } from './guest.ts'
import { argumentCopier } from './posted-arguments.ts'
import { RunningWorker } from './running-worker.ts'
import type { OpenMessage, ReturnedMessage } from './worker-messages.ts'

/** The nonblocking symbols of one library. */
export class WorkerCalls {
  readonly #guest: WasmGuest
  readonly #definitions: Definitions
  readonly #options: Pick<OpenOptions<never>, 'worker' | 'debug'>
  #running: RunningWorker<ReturnedMessage> | undefined
  #closed = false

  constructor(guest: WasmGuest, definitions: Definitions, options: Pick<OpenOptions<never>, 'worker' | 'debug'>) {
    this.#guest = guest
    this.#definitions = definitions
    this.#options = options
  }

  /**
   * Binds a signature. The worker is started by the first call.
   *
   * @throws {@link FramegateError} `WORKER_MISSING`, `GUEST_INCOMPATIBLE`
   */
  bind(signature: Signature): (...values: unknown[]) => Promise<unknown> {
    const { name, arity } = signature
    const start = this.#options.worker
    if (start === undefined) throw withoutWorker(name)
    checkCloneable(name, this.#guest)
    const copyArguments = argumentCopier(signature)
    const filled = signature.parameters.filter(({ type, argument }) => argument >= 0 && pointee(type) === 'buffer')
    return async (...values) => {
      if (values.length !== arity) throw wrongCount(name, arity, values.length)
      const moved: ArrayBuffer[] = []
      const copies = copyArguments(values, moved)
      const { value, buffers } = await this.#worker(start).ask(name, { name, values: copies }, moved)
      filled.forEach(({ argument, place }, index) => {
        fillBytes(values[argument], buffers[index] as Uint8Array | null, place)
      })
      return value
    }
  }

  /** Ends the worker, also in the middle of a call that would never end. */
  end(): void {
    this.#closed = true
    this.#running?.end((name) => new FramegateError('DISPOSED', `the library was closed while ${name} was under way`))
  }

  #worker(start: () => FfiWorker): RunningWorker<ReturnedMessage> {
    if (this.#closed) throw new FramegateError('DISPOSED', 'the library was closed; open it again to call it')
    this.#running ??= new RunningWorker(start, this.#opening(), () => {
      this.#running = undefined
    })
    return this.#running
  }

  #opening(): OpenMessage {
    const { module, imports, allocator, panicMessage } = this.#guest
    const nonblocking = Object.entries(this.#definitions).filter(([, { nonblocking }]) => nonblocking)
    return {
      framegate: 'open',
      guest: {
        module,
        ...(imports && { imports }),
        ...(allocator && { allocator }),
        ...(panicMessage && { panicMessage }),
      },
      definitions: Object.fromEntries(
        nonblocking.map(([name, { nonblocking: _, ...definition }]) => [name, definition]),
      ),
      debug: isDebugging(this.#options.debug),
    }
  }
}

function withoutWorker(name: string): FramegateError {
  return new FramegateError(
    'WORKER_MISSING',
    `${name} is nonblocking, which in WebAssembly takes a worker; open the guest with { worker: ffiWorker } of ` +
      "framegate/node, or { worker: () => new Worker(…, { type: 'module' }) } of framegate/ffi/worker",
  )
}

/** Functions cannot be posted, and another thing of WebAssembly than a module would be shared or refused. */
function checkCloneable(name: string, guest: WasmGuest): void {
  const parts = ['factory', 'glue', 'loader', 'imports'] as const
  const kept = parts.find((part) =>
    part === 'imports' ? typeof guest.imports === 'function' : guest[part] !== undefined,
  )
  const imported = Object.entries(guest.imports ?? {}).flatMap(([from, values]) =>
    Object.entries(values).flatMap(([name, value]) => (isNumber(value) ? [] : [`${from}.${name}`])),
  )[0]
  const local = kept ?? (imported && `imports (${imported})`)
  if (local === undefined) return
  throw new FramegateError(
    'GUEST_INCOMPATIBLE',
    `${name} is nonblocking, but the guest's ${local} cannot be posted to a worker: only its module, numbers that it ` +
      'imports and names can; leave nonblocking out, or open the guest in a worker of your own',
  )
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}
