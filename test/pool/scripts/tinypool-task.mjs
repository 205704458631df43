/** A task in a user's own tinypool, which hands `workerData` over in its own way. */
import { threadId } from 'node:worker_threads'
import { Tinypool } from 'tinypool'
import { attach } from '../../../dist/pool/threads.js'

const evaluator = attach(Tinypool.workerData)

export default function versions(user) {
  const bound = evaluator.bind(user)
  return { threadId, first: bound.getDynamicConfig('first').value.version, even: bound.checkGate('even') }
}
