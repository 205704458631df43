// A user with the questions that an evaluator answers about it.

import { FramegateError } from '../ffi/index.ts'
import type { Questions } from './questions.ts'
import type { DynamicConfig, Experiment, FeatureGate, Layer } from './results.ts'
import type { User } from './types.ts'
import { UserImage } from './user.ts'

/** Questions about one user; made by {@link Questions.bind}. */
export class BoundUser {
  readonly #evaluator: Questions
  readonly #image: UserImage

  /** @internal */
  constructor(evaluator: Questions, user: User) {
    this.#evaluator = evaluator
    this.#image = new UserImage(user)
  }

  /** As {@link Questions.checkGate}. */
  checkGate(name: string): boolean {
    return this.#evaluator.gateValue(this.#image, name)
  }

  /** The gates' values in the order of `names`. */
  checkGates(names: readonly string[]): boolean[] {
    if (!Array.isArray(names)) {
      throw new FramegateError('ARGUMENT_INVALID', 'checkGates takes the names of gates as an array')
    }
    return names.map((name) => this.#evaluator.gateValue(this.#image, name))
  }

  /** As {@link Questions.getFeatureGate}. */
  getFeatureGate(name: string): FeatureGate {
    return this.#evaluator.featureGate(this.#image, name)
  }

  /** As {@link Questions.getDynamicConfig}. */
  getDynamicConfig(name: string): DynamicConfig {
    return this.#evaluator.dynamicConfig(this.#image, name)
  }

  /** As {@link Questions.getExperiment}. */
  getExperiment(name: string): Experiment {
    return this.#evaluator.experiment(this.#image, name)
  }

  /** As {@link Questions.getLayer}. */
  getLayer(name: string): Layer {
    return this.#evaluator.layer(this.#image, name)
  }
}
