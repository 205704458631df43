/** A thread of no pool: it makes the users of a part itself, evaluates them, and answers with how many gates are open. */
import { parentPort, workerData } from 'node:worker_threads'
import type { SharedHandle } from '../../src/pool/index.ts'
import { makeUser } from '../workload.ts'
import { attach } from './built.ts'

export interface BareThreadData {
  readonly handle: SharedHandle
  readonly gates: readonly string[]
}

/** Users by number. */
export interface Part {
  readonly first: number
  readonly end: number
}

const { handle, gates } = workerData as BareThreadData
const evaluator = attach(handle)

parentPort!.on('message', ({ first, end }: Part) => {
  let open = 0
  for (let user = first; user < end; user++) {
    const bound = evaluator.bind(makeUser(user))
    for (const gate of gates) if (bound.checkGate(gate)) open++
  }
  parentPort!.postMessage(open)
})
