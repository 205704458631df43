import { readFileSync } from 'node:fs'
import { createEvaluator } from 'framegate/node'
import { share } from 'framegate/pool'
import { Piscina } from 'piscina'

const specs = JSON.parse(readFileSync(new URL('../shop.specs.json', import.meta.url), 'utf8'))
const evaluator = createEvaluator({ specs, environment: 'production' })

const pool = new Piscina({
  filename: new URL('./worker.mjs', import.meta.url).href,
  workerData: share(evaluator),
  minThreads: 2,
  maxThreads: 2,
})

/** How many of 1,000 carts are shown the dark mode. */
async function dark() {
  const carts = Array.from({ length: 1000 }, (_, index) => ({ owner: `u-${index}`, items: index % 7 }))
  const priced = await Promise.all(carts.map((cart) => pool.run(cart)))
  return priced.filter((cart) => cart.isDark).length
}

console.log('dark mode as released:', await dark(), 'of 1000')

specs.feature_gates.dark_mode.rules = []
specs.time++
evaluator.update(specs)
console.log('without its rules:', await dark(), 'of 1000')

evaluator.rollback()
console.log('rolled back:', await dark(), 'of 1000')

await pool.destroy()
evaluator.dispose()
