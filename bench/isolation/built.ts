/** The package as built: what is measured is what is shipped, not the sources through a loader. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectFolder } from '../workload.ts'

/** A module of `dist/`, given the type of the source that it was built from. */
async function built<Module>(name: string): Promise<Module> {
  return (await import(pathToFileURL(join(projectFolder, 'dist', name)).href)) as Module
}

export const { createEvaluator, engineModule, meteredEngineModule, Snapshot } =
  await built<typeof import('../../src/node.ts')>('node.js')
export const { moduleID, open } = await built<typeof import('../../src/ffi/index.ts')>('ffi/index.js')
export const { MemoryStore, TenantHost } = await built<typeof import('../../src/tenants/index.ts')>('tenants/index.js')
export const { FileStore } = await built<typeof import('../../src/tenants/file-store.ts')>('tenants/file-store.js')
export const { attach, EvaluatorPool, share } = await built<typeof import('../../src/pool/index.ts')>('pool/index.js')
/** Not public: only with these can a snapshot be spoilt. */
export const { ENGINE, engineGuest } = await built<typeof import('../../src/evaluator/guest.ts')>('evaluator/guest.js')
