// Engines that answer one after another: for an evaluator whose specs are replaced, a tenant that is let go and wakes.

import type { ErrorCode, FramegateError } from '../ffi/index.ts'
import type { Engine, RunOptions } from './engine.ts'
import type { EngineLimits, EvaluatorStats } from './types.ts'

interface Running {
  readonly limits?: EngineLimits | undefined
  readonly recoveriesPerSecond?: number | undefined
  readonly onEnd?: ((error: FramegateError) => void) | undefined
}

/**
 * What is counted of engines that follow each other.
 *
 * @internal
 */
export class Succession {
  readonly #ends: Partial<Record<ErrorCode, number>> = {}
  /** Of the engines that are gone. */
  #generations = 0
  #peakBytes = 0

  /** How engines run whose ends are counted here and told to `onEnd`. */
  running({ limits, recoveriesPerSecond, onEnd }: Running): RunOptions {
    return {
      ...(limits?.fuel !== undefined && { fuel: limits.fuel }),
      ...(limits?.maxBytes !== undefined && { maxBytes: limits.maxBytes }),
      ...(recoveriesPerSecond !== undefined && { recoveriesPerSecond }),
      onEnd: (error: FramegateError) => {
        this.#ends[error.code] = (this.#ends[error.code] ?? 0) + 1
        onEnd?.(error)
      },
    }
  }

  /** Adds the counters of an engine that is let go. */
  add({ library }: Engine): void {
    const { generation, peakBytes } = library.stats
    this.#generations += generation
    this.#peakBytes = Math.max(this.#peakBytes, peakBytes)
  }

  /** The number of the instance that answers, over all engines. */
  generation(now: Engine | undefined): number {
    return this.#generations + (now?.library.generation ?? 0)
  }

  /** The counters with those of the engine that answers now, if one does. */
  stats(now: Engine | undefined): Omit<EvaluatorStats, 'updates' | 'snapshotBytes'> {
    const { memoryBytes, peakBytes } = now?.library.stats ?? { memoryBytes: 0, peakBytes: 0 }
    return {
      generation: this.generation(now),
      ends: { ...this.#ends },
      memoryBytes,
      peakBytes: Math.max(this.#peakBytes, peakBytes),
    }
  }
}
