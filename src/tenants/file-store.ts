// framegate/tenants/file-store: snapshots as files, for Node, Deno and Bun.

import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SnapshotStore } from './store.ts'

/**
 * Snapshots as files of one folder, which is made if need be. A file is replaced as a whole: whoever reads finds the old
 * snapshot or the new one. Reading is synchronous, so that tenants wake in the middle of a call.
 *
 * @example
 * ```
 * const host = new TenantHost({ module: meteredEngineModule(), store: new FileStore('/var/lib/flags') })
 * ```
 */
export class FileStore implements SnapshotStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** The file's bytes; nothing where there is no file. */
  get(tenantID: string): Uint8Array | undefined {
    try {
      return readFileSync(this.#path(tenantID))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Replaces the file. */
  put(tenantID: string, bytes: Uint8Array): void {
    const path = this.#path(tenantID)
    const written = `${path}.${randomUUID()}`
    try {
      writeFileSync(written, bytes)
      renameSync(written, path)
    } catch (error) {
      rmSync(written, { force: true })
      throw error
    }
  }

  /** Removes a tenant's file, if there is one. */
  delete(tenantID: string): void {
    rmSync(this.#path(tenantID), { force: true })
  }

  /** Whatever a tenant's id holds, its file lies in the folder, and no two ids share one. */
  #path(tenantID: string): string {
    const name = Array.from(new TextEncoder().encode(tenantID), (byte) =>
      isPlain(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`,
    ).join('')
    return join(this.#folder, `${name}.snapshot`)
  }
}

/** Lower case letters, digits, `-` and `_`: file systems that fold case keep apart what the ids keep apart. */
function isPlain(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x5f
}
