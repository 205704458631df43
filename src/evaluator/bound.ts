// A user that is asked about many times. Each field is encoded when the first spec needs it, into an image of a frame's
// input part that is kept here; a call gets a copy of that image in its own frame.

import type { Plan } from './catalog.ts'
import { heapBound, OVERFLOW, type Target } from './encode.ts'
import type { Engine } from './engine.ts'
import { checkedUser, type Evaluator, type FieldSource, writeField } from './evaluator.ts'
import { HEAD_SIZE } from './layout.ts'
import type { DynamicConfig, Experiment, FeatureGate, Layer } from './results.ts'
import type { User } from './types.ts'

const FIRST_HEAP = 512

/** Questions about one user; made by {@link Evaluator.bind}. */
export class BoundUser {
  readonly #evaluator: Evaluator
  readonly #image: Image

  /** @internal */
  constructor(evaluator: Evaluator, user: User) {
    this.#evaluator = evaluator
    this.#image = new Image(checkedUser(user))
  }

  checkGate(name: string): boolean {
    return this.#evaluator.gateValue(this.#image, name)
  }

  /** The gates' values in the order of `names`. */
  checkGates(names: readonly string[]): boolean[] {
    return names.map((name) => this.#evaluator.gateValue(this.#image, name))
  }

  getFeatureGate(name: string): FeatureGate {
    return this.#evaluator.featureGate(this.#image, name)
  }

  getDynamicConfig(name: string): DynamicConfig {
    return this.#evaluator.dynamicConfig(this.#image, name)
  }

  getExperiment(name: string): Experiment {
    return this.#evaluator.experiment(this.#image, name)
  }

  getLayer(name: string): Layer {
    return this.#evaluator.layer(this.#image, name)
  }
}

/** The encoded fields of a user, for the specs that were asked about so far. */
class Image implements FieldSource {
  readonly #user: User
  #engine: Engine | undefined
  #target: Target = target(0)
  /** What calls copy: everything behind the head, up to the end of the heap. */
  #copied: Uint8Array = new Uint8Array(0)
  #end = 0
  #hasField: Uint8Array = new Uint8Array(0)
  #hasPlan: boolean[] = []

  constructor(user: User) {
    this.#user = user
  }

  heapRoom(engine: Engine, plan: Plan): number {
    if (this.#engine !== engine) this.#start(engine)
    if (this.#hasPlan[plan.number] !== true) this.#add(engine, plan)
    return this.#end - engine.heapStart
  }

  write(_engine: Engine, _plan: Plan, into: Target): number {
    if (this.#end > into.limit) return OVERFLOW
    into.memory.u8.set(this.#copied, into.base + HEAD_SIZE)
    return this.#end
  }

  heapBound(engine: Engine): number {
    return this.#end - engine.heapStart
  }

  /** Other specs number their fields differently. */
  #start(engine: Engine): void {
    this.#engine = engine
    this.#target = target(engine.heapStart + FIRST_HEAP)
    this.#end = engine.heapStart
    this.#hasField = new Uint8Array(engine.catalog.fields.length)
    this.#hasPlan = []
  }

  #add({ catalog, heapStart }: Engine, plan: Plan): void {
    for (const field of plan.fields) {
      if (this.#hasField[field] === 1) continue
      let end = writeField(catalog, field, this.#target, this.#end, this.#user)
      if (end === OVERFLOW) {
        this.#grow(heapBound(catalog.readers[field]?.(this.#user)))
        end = writeField(catalog, field, this.#target, this.#end, this.#user)
      }
      this.#end = end
      this.#hasField[field] = 1
    }
    this.#hasPlan[plan.number] = true
    this.#copied = this.#target.memory.u8.subarray(HEAD_SIZE, Math.max(this.#end, heapStart))
  }

  #grow(bytes: number): void {
    const old = this.#target.memory.u8
    this.#target = target(2 * this.#end + bytes + 8)
    this.#target.memory.u8.set(old.subarray(0, this.#end))
  }
}

function target(size: number): Target {
  const buffer = new ArrayBuffer((size + 7) & ~7)
  const memory = { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
  return { memory, base: 0, limit: buffer.byteLength }
}
