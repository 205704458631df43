/**
 * `RUNTIME follow.mjs ENGINE.WASM web|thread`: an evaluator shared with two workers, each of which asks in a loop that never returns to its
 * event loop until it has seen the last version. The owner updates meanwhile.
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { Worker as Thread } from 'node:worker_threads'
import { createEvaluator } from '../../dist/index.js'
import { share } from '../../dist/pool/threads.js'

const [engine, kind] = process.argv.slice(2)
const last = 40
const specs = (version) => ({
  has_updates: true,
  time: version,
  feature_gates: {},
  dynamic_configs: {
    tag: {
      type: 'dynamic_config',
      entity: 'dynamic_config',
      salt: 's',
      enabled: true,
      defaultValue: { version, padding: 'x'.repeat(version * 3000) },
      rules: [],
      idType: 'userID',
    },
  },
  layer_configs: {},
  condition_map: {},
  experiment_to_layer: {},
})
const module = new WebAssembly.Module(readFileSync(engine))
const evaluator = createEvaluator({ module, specs: specs(1) })
const handle = share(evaluator)

const workers = [1, 2].map(() => start())
await Promise.all(workers.map(({ ready }) => ready))
for (let version = 2; version <= last; version++) {
  evaluator.update(specs(version))
  await new Promise((resolve) => setTimeout(resolve, 5))
}
for (const { seen } of workers) {
  const { first, final, rising, whole } = await seen
  console.log(`first ${first} last ${final} rising ${rising} whole ${whole}`)
}
console.log('grown', handle.board.byteLength > 2 * evaluator.snapshot.bytes.length)
process.exit(0)

function start() {
  const script = new URL('./follow-worker.mjs', import.meta.url)
  const worker = kind === 'web' ? new Worker(script, { type: 'module' }) : new Thread(script, { execArgv: [] })
  const messages = []
  const waiting = []
  const receive = (message) => (waiting.length > 0 ? waiting.shift()(message) : messages.push(message))
  const next = () => new Promise((resolve) => (messages.length > 0 ? resolve(messages.shift()) : waiting.push(resolve)))
  if (kind === 'web') worker.addEventListener('message', ({ data }) => receive(data))
  else worker.on('message', receive)
  worker.postMessage({ handle, last })
  const ready = next()
  return { ready, seen: ready.then(next) }
}
