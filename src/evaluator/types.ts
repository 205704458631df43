// The shapes that the evaluator takes and gives.

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
 * A download-config-specs payload, v1 or v2: JSON text, its UTF-8 bytes, or the parsed object. The evaluator copies it,
 * so it may be changed afterwards.
 */
export type SpecsSource = string | Uint8Array | ArrayBuffer | object

/** How an {@link Evaluator} is made. */
export interface EvaluatorOptions {
  readonly specs: SpecsSource
  /** ID lists by name: lines of `+<8 characters>` to add and `-<8 characters>` to remove. */
  readonly idLists?: Readonly<Record<string, string | Uint8Array>>
  /** The environment's tier, where the user brings none; without it, the payload's default. */
  readonly environment?: string
  /** What `target_app` conditions compare with, instead of the payload's app id. */
  readonly appId?: string
  /** Fields looked up after the user's `custom` ones. */
  readonly globalCustomFields?: Readonly<Record<string, JsonValue>>
  /** Milliseconds since 1970; asked only by specs that depend on time. Default `Date.now`. */
  readonly now?: () => number
  /** A 32-bit number for random choices; asked only by bandits. */
  readonly seed?: () => number
  /** The first part of every reason. Default `Bootstrap`. */
  readonly source?: string
}

/** A gate that was evaluated on the way. */
export interface SecondaryExposure {
  readonly gate: string
  readonly gateValue: 'true' | 'false'
  readonly ruleID: string
}

/** How a result came about. */
export interface EvaluationDetails {
  /** `<source>:Recognized`, `:Unrecognized` or `:Unsupported`, or `Error:<message>`. */
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
