/** `node|bun|deno isolation-run.mjs RUNTIME OPERATOR.wasm` */
import { readFileSync } from 'node:fs'
import { isolation } from './isolation.mjs'

const [runtime, operator] = process.argv.slice(2)
const { createEvaluator, engineModule, meteredEngineModule, Snapshot } = await import(`../../dist/${runtime}.js`)
const lines = await isolation({
  createEvaluator,
  Snapshot,
  module: engineModule(),
  metered: meteredEngineModule(),
  operator: new WebAssembly.Module(readFileSync(operator)),
  ...(runtime === 'deno' && {
    worker: () => new Worker(new URL('../../dist/evaluator/worker.js', import.meta.url), { type: 'module' }),
  }),
})
console.log(lines)
