/** What the code of a row offers, and where each row's is. A cell loads its own row's and no other. */
import type { Tally } from './counters.ts'
import type { Cell } from './result.ts'
import type { RowId } from './rows.ts'

/** Calls, checks and counts until the tally says that it is time to end. */
export type Run = (tally: Tally) => void | Promise<void>

/** A thread's place in its cell. */
export interface Place extends Cell {
  /** From 0. */
  readonly thread: number
}

/** The code of a row. */
export interface Workload<Shared = unknown> {
  /** Called once in the cell's process; what it returns is sent to each thread. */
  share(cell: Cell): Shared
  /** Called in each thread, before any of them begins. */
  prepare(shared: Shared, place: Place): Run
}

const modules: Record<RowId, () => Promise<{ readonly workload: unknown }>> = {
  'wasm-minimal': async () => ({ workload: (await import('./workloads/minimal.ts')).wasmMinimal }),
  'wasm-full': async () => ({ workload: (await import('./workloads/full.ts')).wasmFull }),
  'native-minimal': async () => ({ workload: (await import('./workloads/minimal.ts')).nativeMinimal }),
  'native-full': async () => ({ workload: (await import('./workloads/full.ts')).nativeFull }),
  'native-nonblocking': async () => ({ workload: (await import('./workloads/nonblocking.ts')).nonblocking }),
  'c-threads': async () => ({ workload: (await import('./workloads/c-threads.ts')).cThreads }),
  'pooled-frames': async () => ({ workload: (await import('./controls/pooled-frames.ts')).pooledFrames }),
  'cached-string': async () => ({ workload: (await import('./controls/cached-string.ts')).cachedString }),
}

/** Loads the code of a row. */
export async function loadWorkload(row: RowId): Promise<Workload> {
  return (await modules[row]()).workload as Workload
}
