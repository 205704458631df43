// Many tenants in one process. Each has an instance, a memory and limits of its own; the warm ones are kept by how recently
// they were asked, within a budget of bytes, the others are snapshots in a store.

import { LRUCache } from 'lru-cache'
import {
  engineGuest,
  LoaderThread,
  type LoadReport,
  loadedSnapshot,
  loadInput,
  readLoaded,
  type SpecsSource,
} from '../evaluator/index.ts'
import { type ErrorCode, FramegateError, Snapshot, Spares } from '../ffi/index.ts'
import { MemoryStore, type SnapshotStore } from './store.ts'
import { readOptions, Tenant, type TenantKeeper } from './tenant.ts'
import { checkOperators, TenantOperators } from './tenant-operators.ts'
import type { HostStats, TenantEvent, TenantHostOptions, TenantLimits, TenantOptions } from './types.ts'

const MiB = 1024 * 1024

/** Limits of tenants unless somebody says otherwise. */
const LIMITS: TenantLimits = { maxBytes: 16 * MiB, fuel: 10_000_000, recoveriesPerSecond: 5 }
const MAX_WARM_BYTES = 256 * MiB
/** Instances that wait for another tenant: a wake lets one go, so that there is one for the next. */
const SPARES = 4

/**
 * A host of tenants.
 *
 * @example
 * ```
 * const host = new TenantHost({ module: meteredEngineModule(), maxWarmBytes: 512 << 20 })
 * await host.put('acme', specs, { limits: { maxBytes: 8 << 20, fuel: 5_000_000 } })
 * host.tenant('acme').checkGate({ userID: 'u-1' }, 'new_checkout')
 * ```
 */
export class TenantHost implements Disposable {
  readonly #module: WebAssembly.Module
  readonly #limits: TenantLimits
  readonly #options: TenantHostOptions
  readonly #store: SnapshotStore
  readonly #loader: LoaderThread | undefined
  readonly #tenants = new Map<string, Tenant>()
  /** The latest change asked for, by tenant, so that one which takes longer does not undo a later one. */
  readonly #latest = new Map<string, number>()
  #changes = 0
  /** The store's last change of each tenant that is under way: a slow one must not land on a later one. */
  readonly #writing = new Map<string, Promise<unknown>>()
  readonly #warm: LRUCache<string, Tenant>
  readonly #keeper: TenantKeeper
  #isDisposed = false

  /** @throws {@link FramegateError} `ARGUMENT_INVALID` for limits that no tenant could have */
  constructor(options: TenantHostOptions) {
    const { module, limits, maxWarmBytes = MAX_WARM_BYTES, store, countryTable, worker } = options
    this.#module = module
    this.#limits = { ...LIMITS, ...limits }
    this.#options = options
    this.#store = store ?? new MemoryStore()
    this.#loader = worker && new LoaderThread(worker, module)
    engineGuest(module, this.#limits)
    if (!(maxWarmBytes >= 1)) {
      throw new FramegateError('ARGUMENT_INVALID', `maxWarmBytes is ${maxWarmBytes}; pass a number of bytes`)
    }
    this.#warm = new LRUCache({
      maxSize: maxWarmBytes,
      dispose: (tenant, id, reason) => {
        if (reason === 'evict') this.#evict(id, tenant)
      },
    })
    this.#keeper = {
      module,
      countryTable,
      limitsOf: ({ limits: own }) => ({ ...this.#limits, ...own }),
      snapshotOf: (tenant) => this.#snapshotOf(tenant.id),
      spares: new Spares(SPARES),
      isStoreInMemory: this.#store instanceof MemoryStore,
      touch: (tenant, warmBytes) => this.#touch(tenant, warmBytes),
      tell: (event) => this.#tell(event),
    }
  }

  /**
   * Adds a tenant, or replaces its specs, options and limits; what it has in force stays so until the new specs are loaded,
   * and for good when they are refused. Of several that overlap, the one that was asked for last counts.
   *
   * @param specs - a payload, or a snapshot that an evaluator of the same module has made
   * @throws {@link FramegateError} what `createEvaluator` throws, and within the tenant's limits `FUEL_EXHAUSTED` and
   * `GUEST_MEMORY_EXHAUSTED`; `OPERATOR_INVALID`; and whatever the store throws
   */
  async put(tenantID: string, specs: SpecsSource, options: TenantOptions = {}): Promise<LoadReport> {
    this.#checkAlive()
    const limits = this.#keeper.limitsOf(options)
    checkOperators(options.customOperators)
    const change = this.#begin(tenantID)
    const snapshot = specs instanceof Snapshot ? specs : await this.#load(specs, options, limits)
    const operators = new TenantOperators(options.customOperators ?? {}, () => {})
    const { report } = readLoaded(snapshot, readOptions(options, operators, this.#keeper)).catalog
    const isLatest = () => this.#latest.get(tenantID) === change
    await this.#inTurn(tenantID, () => (isLatest() ? this.#store.put(tenantID, snapshot.bytes) : undefined))
    if (!isLatest()) return report
    this.#install(tenantID, options, snapshot.bytes)
    this.#tell({ type: 'put', tenantID })
    return report
  }

  /**
   * Adds a tenant whose snapshot is in the store already, from an earlier process perhaps. It is read when the tenant wakes.
   *
   * @param options - as they were when it was put: the snapshot holds the loaded specs alone
   */
  adopt(tenantID: string, options: TenantOptions = {}): Tenant {
    this.#checkAlive()
    checkOperators(options.customOperators)
    this.#begin(tenantID)
    const known = this.#tenants.get(tenantID)
    if (known) this.#rest(tenantID, known)
    return this.#install(tenantID, options, undefined)
  }

  /**
   * A tenant's questions. It need not be warm: its first question wakes it, where the store answers at once.
   *
   * @throws {@link FramegateError} `TENANT_UNKNOWN`, `DISPOSED`
   */
  tenant(tenantID: string): Tenant {
    this.#checkAlive()
    const tenant = this.#tenants.get(tenantID)
    if (tenant) return tenant
    throw unknown(tenantID)
  }

  /** Whether there is such a tenant, warm or cold. */
  has(tenantID: string): boolean {
    return this.#tenants.has(tenantID)
  }

  /**
   * A tenant's questions, once it is warm: for stores that answer later.
   *
   * @throws {@link FramegateError} `TENANT_UNKNOWN`, also when the store has nothing of it; `SNAPSHOT_INVALID`,
   * `SNAPSHOT_MISMATCH` for what the store has; and whatever the store throws
   */
  async wake(tenantID: string): Promise<Tenant> {
    const tenant = this.tenant(tenantID)
    if (tenant.isWarm) return tenant
    const change = this.#latest.get(tenantID)
    const found = this.#store.get(tenantID)
    const bytes = await found
    // Whoever put it meanwhile has put other bytes.
    if (this.#latest.get(tenantID) !== change) return await this.wake(tenantID)
    if (bytes === undefined) throw missing(tenantID)
    tenant.wakeFrom(bytes, found === bytes)
    return tenant
  }

  /** Lets a tenant's instance go; its next question wakes it. Whether it was warm. */
  evict(tenantID: string): boolean {
    const tenant = this.tenant(tenantID)
    const wasWarm = tenant.isWarm
    if (wasWarm) {
      this.#warm.delete(tenantID)
      this.#evict(tenantID, tenant)
    }
    return wasWarm
  }

  /** Removes a tenant and what the store has of it. Whether there was one. */
  async remove(tenantID: string): Promise<boolean> {
    this.#checkAlive()
    this.#latest.delete(tenantID)
    const tenant = this.#tenants.get(tenantID)
    if (tenant) {
      this.#tenants.delete(tenantID)
      this.#rest(tenantID, tenant)
      tenant.remove()
    }
    // Also of one that is being put just now, or that is in the store alone.
    await this.#inTurn(tenantID, () => this.#store.delete(tenantID))
    if (tenant) this.#tell({ type: 'removed', tenantID })
    return tenant !== undefined
  }

  /** The ids of all tenants. */
  tenantIDs(): IterableIterator<string> {
    return this.#tenants.keys()
  }

  /** Counters over all tenants there are. */
  get stats(): HostStats {
    const sum = { calls: 0, wakes: 0, evictions: 0 }
    const ends: Partial<Record<ErrorCode, number>> = {}
    for (const { stats } of this.#tenants.values()) {
      sum.calls += stats.calls
      sum.wakes += stats.wakes
      sum.evictions += stats.evictions
      for (const [code, count] of Object.entries(stats.ends)) {
        ends[code as ErrorCode] = (ends[code as ErrorCode] ?? 0) + count
      }
    }
    return { tenants: this.#tenants.size, warm: this.#warm.size, warmBytes: this.#warm.calculatedSize, ...sum, ends }
  }

  /** Lets all tenants go; their snapshots stay in the store. */
  dispose(): void {
    this.#isDisposed = true
    this.#latest.clear()
    this.#loader?.end()
    this.#warm.clear()
    for (const tenant of this.#tenants.values()) tenant.remove()
    this.#tenants.clear()
  }

  /** As `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  async #load(specs: SpecsSource, options: TenantOptions, limits: TenantLimits): Promise<Snapshot> {
    const input = loadInput(specs, options)
    const engineLimits = pickEngineLimits(limits)
    if (this.#loader) return await this.#loader.load(input, engineLimits)
    return loadedSnapshot(engineGuest(this.#module, engineLimits), input, limits.loadFuel)
  }

  async #inTurn(tenantID: string, write: () => unknown): Promise<void> {
    const before = this.#writing.get(tenantID)
    const writing = before === undefined ? Promise.resolve(write()) : before.then(write)
    const settled = writing.catch(() => {})
    this.#writing.set(tenantID, settled)
    try {
      await writing
    } finally {
      if (this.#writing.get(tenantID) === settled) this.#writing.delete(tenantID)
    }
  }

  #install(tenantID: string, options: TenantOptions, bytes: Uint8Array | undefined): Tenant {
    let tenant = this.#tenants.get(tenantID)
    if (tenant === undefined) {
      tenant = new Tenant(tenantID, this.#keeper, options, this.#options)
      this.#tenants.set(tenantID, tenant)
    } else {
      tenant.replace(options, bytes)
    }
    return tenant
  }

  #begin(tenantID: string): number {
    this.#latest.set(tenantID, ++this.#changes)
    return this.#changes
  }

  #checkAlive(): void {
    if (this.#isDisposed) throw new FramegateError('DISPOSED', 'the host was disposed of; make a new one')
  }

  #snapshotOf(tenantID: string): Uint8Array {
    const bytes = this.#store.get(tenantID)
    if (bytes instanceof Uint8Array) return bytes
    if (bytes === undefined) throw missing(tenantID)
    // Nobody waits for it.
    bytes.catch(() => {})
    throw new FramegateError(
      'TENANT_COLD',
      `the tenant ${tenantID} is cold, and its store answers later; await host.wake('${tenantID}') first`,
    )
  }

  /**
   * A tenant that is larger than the whole budget is warm alone.
   *
   * @param warmBytes - 0 when they are as before
   */
  #touch(tenant: Tenant, warmBytes: number): void {
    if (warmBytes === 0) {
      this.#warm.get(tenant.id)
      return
    }
    // The cache takes a new size with a new value only.
    this.#warm.delete(tenant.id)
    this.#warm.set(tenant.id, tenant, { size: Math.min(warmBytes, this.#warm.maxSize) })
  }

  #evict(tenantID: string, tenant: Tenant): void {
    tenant.evict()
    this.#tell({ type: 'evicted', tenantID })
  }

  #rest(tenantID: string, tenant: Tenant): void {
    this.#warm.delete(tenantID)
    tenant.evict()
  }

  #tell(event: TenantEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch (error) {
      // Not into the call of whichever tenant happens to be asked.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function pickEngineLimits({ maxBytes, fuel, loadFuel }: TenantLimits) {
  return {
    ...(maxBytes !== undefined && { maxBytes }),
    ...(fuel !== undefined && { fuel }),
    ...(loadFuel !== undefined && { loadFuel }),
  }
}

function unknown(tenantID: string): FramegateError {
  return new FramegateError('TENANT_UNKNOWN', `there is no tenant ${tenantID}; put it first`)
}

function missing(tenantID: string): FramegateError {
  return new FramegateError('TENANT_UNKNOWN', `the store has no snapshot of the tenant ${tenantID}; put it again`)
}
