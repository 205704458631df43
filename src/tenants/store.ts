// Where the snapshots of cold tenants are.

/**
 * A store of snapshots by tenant. Any key-value store fits behind it: what its methods return may be promises, and tenants
 * of such a store are woken by {@link TenantHost.wake}.
 *
 * @example
 * ```
 * // Workers KV
 * const store: SnapshotStore = {
 *   get: async (id) => new Uint8Array(await kv.get(id, 'arrayBuffer')),
 *   put: (id, bytes) => kv.put(id, bytes),
 *   delete: (id) => kv.delete(id),
 * }
 * ```
 */
export interface SnapshotStore {
  /** The bytes that were put last; nothing where there are none. */
  get(tenantID: string): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** Keeps bytes in the place of those that were there. They are not changed afterwards. */
  put(tenantID: string, bytes: Uint8Array): unknown
  /** Forgets the tenant's bytes, if there are any. */
  delete(tenantID: string): unknown
}

/** Snapshots in this process's memory, where waking a tenant takes no turn of the event loop. */
export class MemoryStore implements SnapshotStore {
  readonly #snapshots = new Map<string, Uint8Array>()

  /** The bytes that were put last. */
  get(tenantID: string): Uint8Array | undefined {
    return this.#snapshots.get(tenantID)
  }

  /** Keeps the bytes themselves, not a copy. */
  put(tenantID: string, bytes: Uint8Array): void {
    this.#snapshots.set(tenantID, bytes)
  }

  /** Forgets the tenant's bytes. */
  delete(tenantID: string): void {
    this.#snapshots.delete(tenantID)
  }
}
