/** The worker of `follow.mjs`, web worker or thread. */
import * as threads from 'node:worker_threads'
import { attach } from '../../dist/pool/threads.js'

const port = threads.parentPort
const isThread = port !== null && port !== undefined
const answer = (message) => (isThread ? port : globalThis).postMessage(message)

function follow({ handle, last }) {
  const evaluator = attach(handle)
  const bound = evaluator.bind({ userID: 'u' })
  const ask = () => bound.getDynamicConfig('tag').value
  const first = ask().version
  answer('ready')
  let rising = true
  let whole = true
  let final = first
  while (final < last) {
    const { version, padding } = ask()
    rising &&= version >= final
    whole &&= padding.length === version * 3000
    final = version
  }
  answer({ first, final, rising, whole })
}

let isTold = false
function receive(message) {
  if (isTold) return
  isTold = true
  follow(message)
}
if (isThread) port.on('message', receive)
else globalThis.addEventListener('message', ({ data }) => receive(data))
