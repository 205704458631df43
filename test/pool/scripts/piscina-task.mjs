/** A task in a user's own piscina. */
import { threadId, workerData } from 'node:worker_threads'
import { attach } from '../../../dist/pool/threads.js'

const evaluator = attach(workerData)

export default function versions(user) {
  const bound = evaluator.bind(user)
  return { threadId, first: bound.getDynamicConfig('first').value.version, even: bound.checkGate('even') }
}
