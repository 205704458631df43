// The wasm backend: a module, and the instance that answers now. Instances are made when they are needed: at the start,
// and after each one that was retired.

import { Callback } from '../callback.ts'
import { isDebugging } from '../debug/environment.ts'
import { WasmDebug } from '../debug/wasm-guards.ts'
import type { CallbackFunction, CallbackType, Definitions, Pointer, Symbols } from '../definitions.ts'
import { FramegateError } from '../errors.ts'
import type { Frame } from '../frame.ts'
import type { Library, LibraryStats, OpenOptions, Toolchain } from '../library.ts'
import { checkCallback, type Signature, signaturesOf } from '../signature.ts'
import type { Snapshot } from '../snapshot.ts'
import { answering, type Binding, bindCall, type CallOwner } from './call.ts'
import type { AbruptEnd } from './ends.ts'
import type { WasmGuest } from './guest.ts'
import { Instance } from './instance.ts'
import { Origin } from './origin.ts'
import { Recovery } from './recovery.ts'
import { Spares } from './spares.ts'
import { WorkerCalls } from './worker-calls.ts'

/** Opens a module. */
export function openWasm<Defined extends Definitions, Glue>(
  guest: WasmGuest<Glue>,
  definitions: Defined,
  options: OpenOptions<Defined>,
): Library<Defined, Glue> {
  return new WasmLibrary(guest, definitions, options)
}

/** Opens a module from a snapshot, whose memory is copied in slices with pauses between them. */
export async function openWasmInSlices<Defined extends Definitions, Glue>(
  guest: WasmGuest<Glue>,
  definitions: Defined,
  options: OpenOptions<Defined> & { readonly snapshot: Snapshot },
  pause: () => Promise<void>,
): Promise<Library<Defined, Glue>> {
  const origin = new Origin(guest, options.snapshot)
  while (origin.advance()) await pause()
  return new WasmLibrary(guest, definitions, options, origin)
}

/** Recoveries a second unless the caller says otherwise: a tenth of a second's work for an instance of some megabytes. */
const RECOVERIES = 200

class WasmLibrary<Defined extends Definitions, Glue> implements Library<Defined, Glue>, CallOwner {
  readonly backend = 'wasm'
  readonly symbols: Symbols<Defined>
  /** The instance that answers; undefined after it was retired, until the next call. */
  current: Instance | undefined
  readonly debug: WasmDebug | undefined
  readonly #guest: WasmGuest
  readonly #signatures: readonly Signature[]
  readonly #options: OpenOptions<Defined>
  readonly #worker: WorkerCalls
  readonly #bindings: Binding[] = []
  readonly #recovery: Recovery
  readonly #ends: Partial<Record<AbruptEnd, number>> = {}
  readonly #spares: Spares
  /** What ended last, until the next one begins. */
  #ended: Instance | undefined
  /** What the next instance starts from. */
  #snapshot: Snapshot | (() => Snapshot) | undefined
  /** Complete already, for the first instance. */
  #origin: Origin | undefined
  #peakBytes = 0
  /** What the memory of the current instance had when it began. */
  #startBytes = 0
  #grownBytes = 0
  #generation = 0
  #closed = false
  #isStarting = false

  constructor(guest: WasmGuest<Glue>, definitions: Defined, options: OpenOptions<Defined>, origin?: Origin) {
    this.#guest = guest
    this.#options = options
    this.#snapshot = options.snapshot
    this.#origin = origin
    this.#spares = options.spares ?? new Spares(1)
    this.#recovery = new Recovery(options.recoveriesPerSecond ?? RECOVERIES)
    this.#signatures = signaturesOf(definitions)
    this.#worker = new WorkerCalls(guest, definitions, options)
    this.debug = isDebugging(options.debug) ? new WasmDebug(this.#signatures) : undefined
    const symbols: Record<string, unknown> = {}
    this.#signatures.forEach((signature, index) => {
      const { name } = signature
      const call = signature.nonblocking ? this.#worker.bind(signature) : bindCall(this, signature, index)
      symbols[name] = this.debug?.calls.guarded(name, call) ?? call
    })
    this.symbols = symbols as Symbols<Defined>
    this.renew()
  }

  get toolchain(): Toolchain {
    return this.#live().toolchain
  }

  get glue(): Glue {
    return this.#live().glue as Glue
  }

  get generation(): number {
    return this.#generation
  }

  get memoryBytes(): number {
    const { current } = this
    current?.stack.settle()
    return current?.stack.memory.u8.byteLength ?? 0
  }

  get fuel(): number | undefined {
    return this.#options.fuel
  }

  get stats(): LibraryStats {
    const { generation, memoryBytes } = this
    return { generation, ends: { ...this.#ends }, memoryBytes, peakBytes: Math.max(this.#peakBytes, memoryBytes) }
  }

  snapshot(note = new Uint8Array(0)): Snapshot {
    const snapshot = this.#live().capture(note)
    this.#snapshot = snapshot
    return snapshot
  }

  ready(): FramegateError | undefined {
    if (this.current !== undefined && !this.current.retired) return undefined
    const refused = this.#refused()
    if (refused === undefined) this.#make()
    return refused
  }

  frame(size: number): Frame {
    return this.#live().stack.carve(size)
  }

  callback<const Type extends CallbackType>(type: Type, call: CallbackFunction<Type>): Callback<Type> {
    checkCallback('library.callback', type)
    const callback = new Callback(this, type, call)
    this.debug?.opened(callback as unknown as Callback)
    return callback
  }

  install(callback: Callback): Pointer {
    return this.#live().callbacks.install(callback)
  }

  uninstall(callback: Callback): void {
    this.debug?.callbacks.remove(callback)
    this.current?.callbacks.uninstall(callback)
  }

  onRetired(instance: Instance): void {
    this.#grownBytes = 0
    if (this.current !== instance) return
    const { memoryBytes } = this
    this.#peakBytes = Math.max(this.#peakBytes, memoryBytes)
    this.#grownBytes = memoryBytes - this.#startBytes
    this.#ended = instance
    this.#aim(undefined)
  }

  onEnd(error: FramegateError): void {
    const code = error.code as AbruptEnd
    this.#ends[code] = (this.#ends[code] ?? 0) + 1
    this.#recovery.ended(error, this.#grownBytes)
    this.#options.onEnd?.(error)
  }

  follow(binding: Binding): void {
    this.#bindings.push(binding)
  }

  renew(): Instance {
    const refused = this.#refused()
    if (refused !== undefined) throw refused
    return this.#make()
  }

  /** Why there is no next instance now. */
  #refused(): FramegateError | undefined {
    if (this.#closed) return disposed()
    return this.#isStarting ? retiredByStart() : this.#recovery.take()
  }

  /** Makes the next instance. */
  #make(): Instance {
    this.#spend(this.#ended)
    this.#ended = undefined
    const origin = this.#origin ?? this.#originOfSnapshot()
    this.#origin = undefined
    const instance = new Instance(this.#guest, this.#signatures, this.#generation + 1, this, origin)
    this.#generation++
    this.#aim(instance)
    this.#startBytes = this.memoryBytes
    if (origin !== undefined) return instance
    this.#isStarting = true
    try {
      this.#options.start?.(this)
    } catch (error) {
      instance.retired = true
      this.#aim(undefined)
      throw error
    } finally {
      this.#isStarting = false
    }
    if (!instance.retired) return instance
    if (this.#closed) throw disposed()
    throw retiredByStart()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#worker.end()
    const { current } = this
    this.#aim(undefined)
    try {
      this.debug?.close()
    } finally {
      if (current) current.retired = true
    }
    if (this.#options.spares) this.#spend(current ?? this.#ended)
    this.#ended = undefined
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #originOfSnapshot(): Origin | undefined {
    const snapshot = typeof this.#snapshot === 'function' ? this.#snapshot() : this.#snapshot
    return snapshot && new Origin(this.#guest, snapshot, this.#spares).complete()
  }

  /** Leaves an instance to others, unless somebody can still reach it. */
  #spend(instance: Instance | undefined): void {
    const spare = instance?.spare
    if (spare !== undefined) this.#spares.give(this.#guest, spare)
  }

  #aim(instance: Instance | undefined): void {
    this.current = instance
    for (const binding of this.#bindings) binding.aim(instance)
  }

  #live(): Instance {
    return answering(this)
  }
}

function disposed(): FramegateError {
  return new FramegateError('DISPOSED', 'the library was closed; open it again to call it')
}

function retiredByStart(): FramegateError {
  return new FramegateError(
    'GUEST_INTERRUPTED',
    'start retired the instance that it was to start; let its errors through',
  )
}
