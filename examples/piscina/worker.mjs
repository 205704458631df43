import { workerData } from 'node:worker_threads'
import { attach } from 'framegate/pool'

// Once per thread: it starts an instance, and keeps up with the main thread by itself.
const evaluator = attach(workerData)

export default function priceCart({ owner, items }) {
  const user = evaluator.bind({ userID: owner })
  const steps = user.getLayer('checkout_layer').get('steps', 3)
  return { owner, total: items * 20, steps, isDark: user.checkGate('dark_mode') }
}
