/** A thread of a cell: prepares its row's workload, waits for the others, and calls until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads'
import { Tally } from './counters.ts'
import { loadWorkload, type Place } from './workload.ts'

/** What the cell's process hands to each thread. */
export interface CellWorkerSetup {
  readonly place: Place
  readonly shared: unknown
  readonly counters: SharedArrayBuffer
}

const { place, shared, counters } = workerData as CellWorkerSetup
const workload = await loadWorkload(place.row)
const run = workload.prepare(shared, place)
const tally = new Tally(counters, place.thread, (reply) => parentPort?.postMessage(reply))
tally.waitForStart()
await run(tally)
