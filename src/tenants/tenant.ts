// One tenant: its engine while it is warm, and what makes one when it is asked while it is cold.

import {
  type AnswerOptions,
  type CountryTable,
  Engine,
  engineGuest,
  Questions,
  type RunOptions,
  Succession,
} from '../evaluator/index.ts'
import { FramegateError, refusal, Snapshot, type Spares, TokenBucket } from '../ffi/index.ts'
import { TenantOperators } from './tenant-operators.ts'
import type { TenantEvent, TenantLimits, TenantOptions, TenantStats } from './types.ts'

/** What a tenant needs of its host. */
export interface TenantKeeper {
  readonly module: WebAssembly.Module
  readonly countryTable: CountryTable | undefined
  /** The host's limits, with the tenant's laid over them. */
  limitsOf(options: TenantOptions): TenantLimits
  /** The snapshot of a cold tenant, which must be there at once. */
  snapshotOf(tenant: Tenant): Uint8Array
  /** Where the instances of tenants that are let go wait for others. */
  readonly spares: Spares
  /** Then it costs nothing that warm tenants keep their snapshots. */
  readonly isStoreInMemory: boolean
  /** Counts a warm tenant as just asked, and weighs it. */
  touch(tenant: Tenant, warmBytes: number): void
  tell(event: TenantEvent): void
}

/** What an instance takes besides the memory that its snapshot fills: the module's own data, and V8's part. */
const INSTANCE_BYTES = 224 * 1024

/**
 * A tenant's questions, by {@link TenantHost.tenant}. It may be kept: it goes on answering through updates, evictions and
 * faults, until the tenant is removed.
 *
 * Questions throw, besides what {@link Questions} says: `RATE_LIMITED`, `TENANT_UNKNOWN` once the tenant was removed, and
 * `TENANT_COLD` where its snapshot is in a store that answers later.
 */
export class Tenant extends Questions {
  readonly id: string
  readonly #keeper: TenantKeeper
  #options: TenantOptions
  #running: RunOptions
  #bucket: TokenBucket | undefined
  #engine: Engine | undefined
  #operators: TenantOperators | undefined
  #isRemoved = false
  /** Whether the store answers at once: then a warm tenant need not keep its snapshot for the instance after an end. */
  #storeAnswersAtOnce = false
  /** What the snapshot takes while the tenant is warm, and the memory that starts from it. */
  #snapshotBytes = 0
  #startBytes = 0
  #weighedBytes = 0
  #calls = 0
  #rateLimited = 0
  #operatorFailures = 0
  #wakes = 0
  #evictions = 0
  readonly #succession = new Succession()

  /** @internal */
  constructor(id: string, keeper: TenantKeeper, options: TenantOptions, answers: AnswerOptions) {
    super(answers)
    this.id = id
    this.#keeper = keeper
    this.#options = options
    this.#running = this.#runOptions()
    this.#limitRate()
  }

  get isWarm(): boolean {
    return this.#engine !== undefined
  }

  /** Counters since the tenant was put for the first time. Asking for them wakes nobody. */
  get stats(): TenantStats {
    return {
      ...this.#succession.stats(this.#engine),
      isWarm: this.isWarm,
      calls: this.#calls,
      rateLimited: this.#rateLimited,
      operatorFailures: this.#operatorFailures,
      wakes: this.#wakes,
      evictions: this.#evictions,
      warmBytes: this.#engine === undefined ? 0 : this.#warmBytes(this.#engine),
    }
  }

  /** @internal */
  protected override engine(): Engine {
    return this.#engine ?? this.#wake()
  }

  /** @internal */
  protected override admitted(): Engine {
    this.#calls++
    if (this.#bucket !== undefined && !this.#bucket.take()) throw this.#limited(this.#bucket)
    const engine = this.#engine ?? this.#wake()
    // What the last question made it grow by counts before the next one is answered.
    this.#keeper.touch(this, engine.library.memoryBytes === this.#weighedBytes ? 0 : this.#weigh(engine))
    return engine
  }

  /**
   * New specs or limits are in force: a warm tenant starts from them now, a cold one when it is asked.
   *
   * @internal
   */
  replace(options: TenantOptions, bytes: Uint8Array | undefined): void {
    this.#options = options
    this.#running = this.#runOptions()
    this.#limitRate()
    if (this.#engine === undefined) return
    this.#rest()
    if (bytes) this.#start(bytes)
  }

  /**
   * Makes the instance of a tenant whose snapshot was fetched.
   *
   * @internal
   */
  wakeFrom(bytes: Uint8Array, storeAnswersAtOnce: boolean): void {
    this.#storeAnswersAtOnce = storeAnswersAtOnce
    if (this.#engine === undefined) this.#start(bytes)
  }

  /**
   * Lets the instance go. A call in flight finishes on it.
   *
   * @internal
   */
  evict(): void {
    if (this.#engine === undefined) return
    this.#rest()
    this.#evictions++
  }

  /**
   * Answers no more.
   *
   * @internal
   */
  remove(): void {
    this.#rest()
    this.#isRemoved = true
  }

  #wake(): Engine {
    if (this.#isRemoved) {
      throw new FramegateError('TENANT_UNKNOWN', `the tenant ${this.id} was removed; put it again`)
    }
    const bytes = this.#keeper.snapshotOf(this)
    this.#storeAnswersAtOnce = true
    return this.#start(bytes)
  }

  #start(bytes: Uint8Array): Engine {
    const guest = engineGuest(this.#keeper.module, this.#keeper.limitsOf(this.#options))
    const operators = new TenantOperators(this.#options.customOperators ?? {}, (operator, error) => {
      this.#operatorFailures++
      this.#keeper.tell({ type: 'operator-failed', tenantID: this.id, operator, error })
    })
    const snapshot = Snapshot.from(bytes)
    const options = readOptions(this.#options, operators, this.#keeper)
    const fetchesAgain = this.#storeAnswersAtOnce && !this.#keeper.isStoreInMemory
    const again = fetchesAgain ? () => Snapshot.from(this.#keeper.snapshotOf(this)) : undefined
    const engine = Engine.start(guest, snapshot, options, this.#running, again)
    // It counts as it was copied into the instance, and as it is kept for the next one.
    this.#snapshotBytes = (again ? 1 : 2) * bytes.length
    this.#startBytes = snapshot.memoryBytes
    this.#operators = operators
    this.#engine = engine
    this.#wakes++
    this.#keeper.touch(this, this.#weigh(engine))
    this.#keeper.tell({ type: 'woken', tenantID: this.id })
    return engine
  }

  #rest(): void {
    const engine = this.#engine
    if (engine === undefined) return
    this.#succession.add(engine)
    this.#engine = undefined
    engine.dispose()
    this.#operators?.close()
    this.#operators = undefined
  }

  #weigh(engine: Engine): number {
    this.#weighedBytes = engine.library.memoryBytes
    return this.#warmBytes(engine)
  }

  #warmBytes({ library }: Engine): number {
    const grown = Math.max(0, library.memoryBytes - this.#startBytes)
    return INSTANCE_BYTES + this.#snapshotBytes + grown + (this.#operators?.memoryBytes ?? 0)
  }

  #runOptions(): RunOptions {
    const limits = this.#keeper.limitsOf(this.#options)
    const { recoveriesPerSecond } = limits
    const onEnd = (error: FramegateError) => this.#keeper.tell({ type: 'ended', tenantID: this.id, error })
    return { ...this.#succession.running({ limits, recoveriesPerSecond, onEnd }), spares: this.#keeper.spares }
  }

  #limitRate(): void {
    const { callsPerSecond } = this.#keeper.limitsOf(this.#options)
    this.#bucket = callsPerSecond === undefined ? undefined : new TokenBucket(callsPerSecond)
  }

  #limited({ wait }: TokenBucket): FramegateError {
    this.#rateLimited++
    const { callsPerSecond } = this.#keeper.limitsOf(this.#options)
    return refusal(
      'RATE_LIMITED',
      `the tenant ${this.id} has asked more than ${callsPerSecond} questions a second; ask again in ${wait} ms, or raise its limit`,
    )
  }
}

/** How a tenant's specs are read: with its own operators over the host's, and the table that all tenants share. */
export function readOptions(
  options: TenantOptions,
  { functions }: TenantOperators,
  { countryTable }: Pick<TenantKeeper, 'countryTable'>,
) {
  return { ...options, operators: { ...options.operators, ...functions }, countryTable }
}
