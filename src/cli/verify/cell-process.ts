/**
 * The process of a cell. It starts the cell's threads, lets them run together for the cell's time, and tells the command
 * how far they are. It is a process of its own so that a crash in a shared object ends it and not the command.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, errorMessage } from '../errors.ts'
import { siblingThread } from '../sibling.ts'
import type { CellMessage, CellOrder } from './cell-messages.ts'
import type { CellWorkerSetup } from './cell-worker.ts'
import { CellCounters } from './counters.ts'
import type { WrongReply } from './result.ts'
import { rowOf, threadCount } from './rows.ts'
import { loadWorkload } from './workload.ts'

/** Milliseconds between two looks at the counters. */
const lookInterval = 100
const readyInterval = 5

// Without the command nobody waits for the result.
const leave = () => process.exit()
process.on('disconnect', leave)

try {
  const result = await runCell(JSON.parse(process.argv[2] ?? '') as CellOrder)
  await told(result)
  // From here the process ends by itself, so that a crash in its last moments is seen too.
  process.off('disconnect', leave)
  process.disconnect()
} catch (error) {
  await told({ tell: 'failed', reason: describe(error) })
  process.exit(1)
}

async function runCell(cell: CellOrder): Promise<CellMessage> {
  const row = rowOf(cell.row)
  const threads = threadCount(row, cell.workers)
  const counters = new CellCounters(threads)
  const shared = (await loadWorkload(cell.row)).share(cell)
  const ends = Array.from({ length: threads }, (_, thread) =>
    threadEnd({ place: { ...cell, thread }, shared, counters: counters.memory }),
  )
  const allEnded = Promise.all(ends)
  await Promise.race([allEnded, readyThreads(counters)])

  tell({ tell: 'started' })
  counters.start()
  const began = performance.now()
  const elapsed = () => (performance.now() - began) / 1000
  const isOver = () => {
    if (elapsed() < cell.seconds) return false
    return row.kind !== 'control' || counters.read().firstWrong !== null || elapsed() >= cell.patience
  }
  const allStopped = allEnded.then(() => true)
  // A thread may end by itself, as the one that waits for threads of C does.
  while (!isOver() && !(await Promise.race([allStopped, pause(began, cell.seconds)])))
    tell({ tell: 'progress', counts: counters.read(), seconds: elapsed() })
  counters.stop()
  await allEnded
  return { tell: 'done', counts: counters.read(), seconds: elapsed() }
}

/** Until the next look, and no longer than to the end of the cell's time. */
async function pause(began: number, seconds: number): Promise<false> {
  const left = began + seconds * 1000 - performance.now()
  await sleep(left > 0 ? Math.min(left, lookInterval) : lookInterval)
  return false
}

/** Starts a thread; resolves when it has ended as it should. */
function threadEnd(setup: CellWorkerSetup): Promise<void> {
  const name = `thread ${setup.place.thread + 1}`
  const worker = siblingThread('cell-worker', import.meta.url, setup)
  worker.on('message', (reply: WrongReply) => tell({ tell: 'wrong', reply }))
  return new Promise((resolve, reject) => {
    worker.on('error', (error) => reject(new Error(`${name} failed: ${describe(error)}`, { cause: error })))
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${name} ended with exit code ${code}`))))
  })
}

async function readyThreads(counters: CellCounters): Promise<void> {
  while (!counters.ready) await sleep(readyInterval)
}

function tell(message: CellMessage): void {
  process.send?.(message)
}

/** Resolves when the message has left. */
function told(message: CellMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()))
}

function describe(error: unknown): string {
  const code = errorCode(error, '')
  return code === '' ? errorMessage(error) : `${code}: ${errorMessage(error)}`
}
