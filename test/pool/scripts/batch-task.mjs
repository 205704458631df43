/** Batches that do what the test wants of them. */
import { workerData } from 'node:worker_threads'
import { batchTask } from '../../../dist/pool/batch-task.js'

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

sleep(workerData?.startsAfter ?? 0)

const deeds = {
  echo: ({ value }) => value,
  wait({ milliseconds, value }) {
    sleep(milliseconds)
    return value
  },
  throw({ code }) {
    throw Object.assign(new Error('on purpose'), { code, user: 3 })
  },
  exit: () => process.exit(7),
  exhaust() {
    const kept = []
    for (;;) kept.push(new Array(10_000).fill(kept.length))
  },
  // Fails its thread as long as the counter is above zero.
  unlucky({ counter, value }) {
    if (Atomics.sub(new Int32Array(counter), 0, 1) > 0) process.exit(1)
    return value
  },
  spin() {
    for (;;);
  },
}

export default batchTask((task) => deeds[task.deed](task))
