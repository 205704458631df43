/** `deno run --allow-read deno.mjs SETS.json TABLE` */
import { createEvaluator } from '../../dist/deno.js'
import { evaluateSets } from './evaluate-sets.mjs'

const [sets, table] = Deno.args
const countryTable = Deno.readFileSync(table)
const output = evaluateSets(JSON.parse(Deno.readTextFileSync(sets)), (options) =>
  createEvaluator({ ...options, countryTable }),
)
const bytes = new TextEncoder().encode(output)
for (let written = 0; written < bytes.length; ) written += Deno.stdout.writeSync(bytes.subarray(written))
