// Questions about users, whoever has the engine that answers them: an evaluator, a tenant, a thread that follows another.
// A call finds its entity by name, takes a frame, writes the fields that the entity's plan names, enters the engine and
// reads the outcome. Nothing of a call outlives it.

import { type Frame, FramegateError } from '../ffi/index.ts'
import { BoundUser } from './bound.ts'
import type { Entity } from './catalog.ts'
import type { Engine } from './engine.ts'
import { FLAG, HEAD, KIND } from './layout.ts'
import { describe } from './lookup.ts'
import { Outcome } from './outcome.ts'
import { DynamicConfig, Experiment, FeatureGate, Layer } from './results.ts'
import type { AnswerOptions, LoadReport, SpecList, User } from './types.ts'
import { type FieldSource, FreshUser } from './user.ts'

/**
 * What can be asked about users, synchronously and in this thread: of an {@link Evaluator}, of a tenant of
 * `framegate/tenants`, and of what `attach` of `framegate/pool` gives. Code that only asks takes this type.
 *
 * Names that the specs do not define give `Unrecognized` results, never errors.
 */
export abstract class Questions {
  readonly #now: () => number
  readonly #seed: () => number
  readonly #givesDefaults: boolean

  /**
   * @throws {@link FramegateError} `ARGUMENT_INVALID`
   * @internal
   */
  constructor({ now, seed, onFault = 'throw' }: AnswerOptions) {
    for (const [name, given] of Object.entries({ now, seed })) {
      if (given === undefined || typeof given === 'function') continue
      throw new FramegateError('ARGUMENT_INVALID', `the option ${name} is ${typeof given}; pass a function`)
    }
    if (onFault !== 'throw' && onFault !== 'default') {
      throw new FramegateError('ARGUMENT_INVALID', `onFault is ${String(onFault)}; use 'throw' or 'default'`)
    }
    this.#now = now ?? Date.now
    this.#seed = seed ?? (() => (Math.random() * 0x1_0000_0000) >>> 0)
    this.#givesDefaults = onFault === 'default'
  }

  /**
   * The engine that answers, for what is no question about a user.
   *
   * @internal
   */
  protected abstract engine(): Engine

  /**
   * The engine that answers the next question.
   *
   * @internal
   */
  protected admitted(): Engine {
    return this.engine()
  }

  /** The names that can be asked for. */
  get list(): SpecList {
    return this.engine().catalog.list
  }

  /** What loading the specs had to say. */
  get report(): LoadReport {
    return this.engine().catalog.report
  }

  /** Bytes of the instance's memory; 0 on the native backend, and after an abrupt end until the next question. */
  get memoryBytes(): number {
    return this.engine().library.memoryBytes
  }

  /**
   * Whether a gate is open for a user; `false` for an unknown gate.
   *
   * @throws {@link FramegateError} `USER_INVALID`, `DISPOSED`; unless the option `onFault` is `default`, `GUEST_TRAPPED`,
   * `GUEST_STACK_EXHAUSTED`, `GUEST_MEMORY_EXHAUSTED`, `FUEL_EXHAUSTED`, `ENGINE_UNSTABLE`; so do all questions
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

  /** What the payload calls a spec: `feature_gate`, `segment`, `experiment`, `autotune`, …; `null` where there is none. */
  entityOf(name: string, kind: 'gate' | 'config' | 'layer'): string | null {
    return this.engine().catalog.of(KIND[kind]).get(name)?.entity ?? null
  }

  /**
   * The user fields that a spec reads, over all that it nests; empty for an unknown name.
   *
   * @param kind - where to look; without it, gates come before configs before layers
   */
  fieldsFor(name: string, kind?: 'gate' | 'config' | 'layer'): string[] {
    const { catalog } = this.engine()
    const places = new Map(Object.entries({ gate: catalog.gates, config: catalog.configs, layer: catalog.layers }))
    if (kind !== undefined && !places.has(kind)) {
      throw new FramegateError('ARGUMENT_INVALID', `there is no kind ${String(kind)}; use gate, config or layer`)
    }
    const searched = [...places].filter(([place]) => kind === undefined || place === kind).map(([, place]) => place)
    const plan = searched.map((place) => place.get(name)?.plan).find((found) => found !== undefined)
    return [...new Set((plan?.fields ?? []).map(({ name }) => describe(name)))].sort()
  }

  /** @internal */
  gateValue(source: FieldSource, name: string): boolean {
    if (!this.#givesDefaults) return this.#gateValue(source, name)
    try {
      return this.#gateValue(source, name)
    } catch (error) {
      // Which throws what no default stands in for.
      faultOf(error)
      return false
    }
  }

  /** @internal */
  featureGate(source: FieldSource, name: string): FeatureGate {
    return new FeatureGate(name, this.#outcome(KIND.gate, source, name))
  }

  /** @internal */
  dynamicConfig(source: FieldSource, name: string): DynamicConfig {
    return new DynamicConfig(name, this.#outcome(KIND.config, source, name))
  }

  /** @internal */
  experiment(source: FieldSource, name: string): Experiment {
    return new Experiment(name, this.#outcome(KIND.experiment, source, name))
  }

  /** @internal */
  layer(source: FieldSource, name: string): Layer {
    return new Layer(name, this.#outcome(KIND.layer, source, name))
  }

  #gateValue(source: FieldSource, name: string): boolean {
    const engine = this.admitted()
    const entity = engine.catalog.gates.get(name)
    if (entity === undefined) return false
    engine.enter()
    try {
      const frame = source.frame(engine, entity.plan)
      try {
        const flags = this.#ask(engine, KIND.gate, entity, frame)
        if ((flags & FLAG.learned) !== 0) source.learn(engine, frame)
        return (flags & FLAG.value) !== 0
      } finally {
        frame.release()
      }
    } finally {
      engine.leave()
    }
  }

  #outcome(kind: number, source: FieldSource, name: string): Outcome {
    if (!this.#givesDefaults) return this.#evaluate(kind, source, name)
    try {
      return this.#evaluate(kind, source, name)
    } catch (error) {
      return Outcome.failed(faultOf(error))
    }
  }

  #evaluate(kind: number, source: FieldSource, name: string): Outcome {
    const engine = this.admitted()
    const entity = engine.catalog.of(kind).get(name)
    if (entity === undefined) return Outcome.unrecognized(engine)
    engine.enter()
    try {
      const frame = source.frame(engine, entity.plan)
      try {
        const flags = this.#ask(engine, kind, entity, frame)
        if ((flags & FLAG.learned) !== 0) source.learn(engine, frame)
        return new Outcome(engine, frame, flags)
      } finally {
        frame.release()
      }
    } finally {
      engine.leave()
    }
  }

  /** Evaluates in a frame that has the user's fields already. */
  #ask(engine: Engine, kind: number, { number, plan }: Entity, frame: Frame): number {
    const { memory, base } = frame
    const { i32 } = memory
    const head = base >>> 2
    i32[head + HEAD.kind / 4] = kind
    i32[head + HEAD.entity / 4] = number
    i32[head + HEAD.length / 4] = frame.size
    if (plan.readsTime) memory.f64[(base + HEAD.now) >>> 3] = this.#now()
    if (plan.readsSeed) i32[head + HEAD.seed / 4] = this.#seed()
    return engine.evaluate(frame)
  }
}

/** The code of a fault that the default stands in for; every other error goes to the caller. */
function faultOf(error: unknown): string {
  if (error instanceof FramegateError && FAULTS.has(error.code)) return error.code
  throw error
}

/** What a caller who wants defaults gets them for: a fault of the engine, or of who lets it answer. */
const FAULTS: ReadonlySet<string> = new Set([
  'ENGINE_UNSTABLE',
  'FUEL_EXHAUSTED',
  'GUEST_INTERRUPTED',
  'GUEST_MEMORY_EXHAUSTED',
  'GUEST_STACK_EXHAUSTED',
  'GUEST_TRAPPED',
  'RATE_LIMITED',
])
