/** `bun bun.mjs SETS.json TABLE` */
import { createEvaluator } from '../../dist/bun.js'
import { evaluateSets } from './evaluate-sets.mjs'

const [sets, table] = Bun.argv.slice(2)
const countryTable = await Bun.file(table).bytes()
await Bun.write(
  Bun.stdout,
  evaluateSets(await Bun.file(sets).json(), (options) => createEvaluator({ ...options, countryTable })),
)
