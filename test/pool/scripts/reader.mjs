/** A thread that asks without a break until it has seen version `last`, and says whether what it saw was ever mixed. */
import { parentPort, workerData } from 'node:worker_threads'
import { attach } from '../../../dist/pool/threads.js'

const { handle, last, mode } = workerData
const user = { userID: 'u' }
const versions = new Set()
const torn = []
let calls = 0
let evaluator = attach(handle)
for (let version = 0; version < last; calls++) {
  if (mode === 'attach') {
    evaluator.dispose()
    evaluator = attach(handle)
  }
  const bound = evaluator.bind(user)
  version = evaluator.version
  const first = bound.getDynamicConfig('first').value.version
  const even = bound.checkGate('even')
  const end = bound.getDynamicConfig('last').value.version
  // The specs may be replaced between two questions, but not within one version.
  if (evaluator.version === version && (first !== end || even !== (first % 2 === 0)))
    torn.push(`${first} ${even} ${end}`)
  versions.add(version)
}
parentPort.postMessage({ versions: versions.size, calls, torn: torn.slice(0, 5) })
