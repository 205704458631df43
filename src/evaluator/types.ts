// The shapes that the evaluator takes and gives.

import type { ErrorCode, FfiWorker, FramegateError, Snapshot } from '../ffi/index.ts'
import type { Evaluator } from './evaluator.ts'

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue }

/**
 * A user as Statsig describes it. All fields are optional; only those that the asked spec reads are looked at.
 *
 * A lone surrogate in a text counts as U+FFFD, as in UTF-8. Values that are no JSON (functions, symbols, bigints) are
 * refused with `USER_INVALID` when a spec reads them; `NaN` and the infinities count as null.
 */
export interface User {
  readonly userID?: string | number | null | undefined
  readonly customIDs?: Readonly<Record<string, string | number | null>> | null | undefined
  readonly email?: JsonValue | undefined
  readonly ip?: JsonValue | undefined
  readonly userAgent?: JsonValue | undefined
  readonly country?: JsonValue | undefined
  readonly locale?: JsonValue | undefined
  readonly appVersion?: JsonValue | undefined
  /** Any JSON values. */
  readonly custom?: Readonly<Record<string, unknown>> | null | undefined
  /** Evaluated like `custom`, never part of anything that is logged. */
  readonly privateAttributes?: Readonly<Record<string, unknown>> | null | undefined
  readonly statsigEnvironment?: Readonly<Record<string, string>> | null | undefined
}

/**
 * A download-config-specs payload, v1 or v2: JSON text, its UTF-8 bytes, or the parsed object; the evaluator copies it, so
 * it may be changed afterwards. Or a snapshot of specs that an evaluator has loaded: its ID lists and app id are in it, so
 * that {@link LoadOptions.idLists} and {@link LoadOptions.appId} count for later payloads only. The country table is not.
 */
export type SpecsSource = string | Uint8Array | ArrayBuffer | object | Snapshot

/**
 * Compares a value of the user's with a condition's target. It must answer at once and by its arguments alone: it is asked
 * while the user is read, once or several times for a question, and a bound user keeps its answer.
 *
 * @param value - the field as the user has it; `undefined` when there is none
 * @param target - the condition's `targetValue`, deeply frozen; `null` when it has none
 */
export type Operator = (value: JsonValue | undefined, target: JsonValue) => boolean

/** How specs are loaded and read. */
export interface LoadOptions {
  /** ID lists by name: lines of `+<8 characters>` to add and `-<8 characters>` to remove. */
  readonly idLists?: Readonly<Record<string, string | Uint8Array>>
  /** The environment's tier, where the user brings none; without it, the payload's default. */
  readonly environment?: string
  /** What `target_app` conditions compare with, instead of the payload's app id. */
  readonly appId?: string
  /** Fields looked up after the user's `custom` ones. */
  readonly globalCustomFields?: Readonly<Record<string, JsonValue>>
  /**
   * Operators by name, for conditions on a user field, a unit or an environment field whose `operator` is `custom:<name>`.
   * Experimental, and framegate's own: Statsig has no such thing.
   *
   * A condition whose operator is not here is unsupported, as any unknown operator. One that throws, or answers with
   * anything but true and false, does not match, and the result's reason is `CustomOperatorFailed:Recognized`.
   *
   * @example
   * ```
   * createEvaluator({ specs, operators: { even: (value) => Number(value) % 2 === 0 } })
   * ```
   */
  readonly operators?: Readonly<Record<string, Operator>>
  /** The first part of every reason. Default `Bootstrap`. */
  readonly source?: string
}

/** How questions are answered. */
export interface AnswerOptions {
  /** Milliseconds since 1970; asked only by specs that depend on time. Default `Date.now`. */
  readonly now?: () => number
  /** A 32-bit number for random choices; asked only by bandits. */
  readonly seed?: () => number
  /**
   * What a question gives when the engine has a fault (a trap, fuel or memory used up, a storm of these): `throw` its typed
   * error, the default, or `default`: `false`, an empty value, or what the caller names as fallback, with the reason
   * `Error:<code>`. Mistakes of the caller always throw, but in a storm, which ends before a user is looked at.
   */
  readonly onFault?: 'throw' | 'default'
}

/** What one instance of the engine may take; these need `engine.metered.wasm` as the module. */
export interface EngineLimits {
  /** Bytes of its memory, in steps of 64 KiB. A payload or user that needs more is refused with `GUEST_MEMORY_EXHAUSTED`. */
  readonly maxBytes?: number
  /** Fuel of a question: about one unit for each function and each turn of a loop. Beyond it, `FUEL_EXHAUSTED`. */
  readonly fuel?: number
  /** Fuel of loading a payload; ordinary ones take some 10 units a byte. */
  readonly loadFuel?: number
}

/** How an {@link Evaluator} is made. */
export interface EvaluatorOptions extends LoadOptions, AnswerOptions {
  readonly specs: SpecsSource
  /** How many earlier specs {@link Evaluator.rollback} can go back to, each kept as a snapshot. Default 1. */
  readonly history?: number
  readonly limits?: EngineLimits
  /** As of `open` in `framegate/ffi`: abrupt ends a second that are followed by a new instance. Default 200. */
  readonly recoveriesPerSecond?: number
  /** Told of each abrupt end of an instance. It must neither throw nor ask the evaluator. */
  readonly onEnd?: (error: FramegateError) => void
  /**
   * Starts the thread that {@link Evaluator.updateAsync} loads specs on: a web worker of `framegate/evaluator/worker`. On
   * Node and Bun the default is a thread; elsewhere specs are loaded in the evaluator's own.
   */
  readonly worker?: () => FfiWorker
}

/** What has become of an evaluator. */
export interface EvaluatorStats {
  /** As {@link Evaluator.generation}. */
  readonly generation: number
  /** Specs replaced, by updates and rollbacks. */
  readonly updates: number
  /** How many instances ended abruptly, by the code of the error. */
  readonly ends: Readonly<Partial<Record<ErrorCode, number>>>
  /** Bytes of the instance's memory now, and the most that one instance had. */
  readonly memoryBytes: number
  readonly peakBytes: number
  /** Bytes of the snapshot that instances start from. */
  readonly snapshotBytes: number
}

/** A gate that was evaluated on the way. */
export interface SecondaryExposure {
  readonly gate: string
  readonly gateValue: 'true' | 'false'
  readonly ruleID: string
}

/** How a result came about. */
export interface EvaluationDetails {
  /**
   * `<source>:Recognized`, `:Unrecognized` or `:Unsupported`, or `Error:<message>`; `CountryLookupNotLoaded:Recognized` and
   * `CustomOperatorFailed:Recognized` where a condition did not match for want of an answer.
   */
  readonly reason: string
  /** When the specs were last changed, in milliseconds. */
  readonly lcut?: number
  /** When the specs were loaded, in milliseconds. */
  readonly receivedAt?: number
  readonly version?: number
}

/** What can be asked for, by name. */
export interface SpecList {
  readonly gates: readonly string[]
  readonly segments: readonly string[]
  readonly holdouts: readonly string[]
  readonly dynamicConfigs: readonly string[]
  readonly experiments: readonly string[]
  /** Contextual bandits, asked for as experiments. */
  readonly autotunes: readonly string[]
  readonly layers: readonly string[]
}

/** What loading a payload had to say. */
export interface LoadReport {
  readonly format: 'v1' | 'v2'
  /** The payload's time, in milliseconds. */
  readonly time: number | null
  /** Size of the payload. */
  readonly bytes: number
  readonly counts: { readonly [Kind in keyof SpecList]: number } & {
    readonly conditions: number
    readonly idLists: number
  }
  /** Specs that did not parse. */
  readonly dropped: readonly { readonly kind: string; readonly name: string; readonly reason: string }[]
  /** Conditions that end in `Unsupported` when a user reaches them. */
  readonly unsupported: readonly {
    readonly kind: string
    readonly name: string
    readonly rule: string
    readonly reason: string
  }[]
  /** Every user field that some spec reads. */
  readonly fields: readonly string[]
  /** The ID lists that conditions ask for; one that is not given is empty. */
  readonly idLists: readonly string[]
  readonly needsCountryTable: boolean
}
