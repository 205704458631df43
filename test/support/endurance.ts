/** The process of endurance.test.ts: makes the calls and prints, as JSON, what memory was before and after them. */
import { join } from 'node:path'
import { createEvaluator, type User } from '../../src/node.ts'
import { projectFolder, readIdLists, readText } from './data.ts'
import { condition, payload, rule, spec } from './specs.ts'

const CALLS = 10_000_000
const WARM_UP = 500_000
/** Calls between two looks at the memory. */
const ROUND = 250_000
/** Each costs a new instance, started from the snapshot. */
const ENDS_PER_ROUND = 4

const folder = join(projectFolder, 'examples')
const evaluator = createEvaluator({
  specs: readText(join(folder, 'shop.specs.json')),
  idLists: readIdLists(join(folder, 'id-lists')),
  recoveriesPerSecond: Number.POSITIVE_INFINITY,
})
const { gates, dynamicConfigs, experiments, layers } = evaluator.list

let users = 0
let calls = 0
let passed = 0

function nextUser(): User {
  const number = users++
  return {
    userID: `user-${number}`,
    email: `person.${number}@${number % 2 ? 'students.example' : 'mail.example'}`,
    ip: `${number % 224}.${number % 256}.8.8`,
    appVersion: `${number % 10}.${number % 7}.0`,
    userAgent: `Mozilla/5.0 (X11; Linux x86_64; rv:${number % 200}.0) Gecko/20100101 Firefox/${number % 200}.0`,
    customIDs: { stableID: `stable-${number}`, companyID: number % 1000 },
    custom: { plan: 'business', cartValue: number / 7, age: number % 90, tags: [`tag-${number}`, number] },
  }
}

/** A user for each of a few questions, then one who is asked all. */
function askSome(): void {
  for (let index = 0; index < 8; index++) {
    if (evaluator.checkGate(nextUser(), gates[users % gates.length]!)) passed++
  }
  evaluator.getDynamicConfig(nextUser(), dynamicConfigs[users % dynamicConfigs.length]!)
  evaluator.getExperiment(nextUser(), experiments[users % experiments.length]!)
  evaluator.getLayer(nextUser(), layers[users % layers.length]!)
  calls += 11
  const bound = evaluator.bind(nextUser())
  for (const name of gates) if (bound.checkGate(name)) passed++
  for (const name of dynamicConfigs) bound.getDynamicConfig(name)
  for (const name of experiments) bound.getExperiment(name)
  for (const name of layers) bound.getLayer(name)
  calls += gates.length + dynamicConfigs.length + experiments.length + layers.length
}

/** Calls that end abruptly: a text so long that the fuel does not suffice, in an evaluator of its own. */
const hostile = createEvaluator({
  specs: payload({
    feature_gates: { gate: spec([rule('r', ['long'])]) },
    condition_map: {
      long: condition('user_field', { operator: 'str_contains_any', field: 'long', targetValue: ['x'] }),
    },
  }),
  limits: { fuel: 3000 },
  recoveriesPerSecond: Number.POSITIVE_INFINITY,
})
const long = 'y'.repeat(5000)
let ends = 0

function endOnce(): void {
  try {
    hostile.checkGate({ userID: 'hostile', custom: { long } }, 'gate')
  } catch (error) {
    if ((error as { code?: string }).code !== 'FUEL_EXHAUSTED') throw error
    ends++
  }
  calls++
}

/** What is left when garbage is gone: a leak is what collections leave. */
function look(): readonly [memoryBytes: number, rss: number] {
  for (let collection = 0; collection < 2; collection++) gc!()
  return [evaluator.memoryBytes + hostile.memoryBytes, process.memoryUsage.rss()]
}

function askUntil(end: number): void {
  while (calls < end) askSome()
  for (let end = 0; end < ENDS_PER_ROUND; end++) endOnce()
}

askUntil(WARM_UP)
const before = look()
const most = [...before] as [number, number]
for (let end = WARM_UP + ROUND; end <= WARM_UP + CALLS; end += ROUND) {
  askUntil(end)
  for (const [index, bytes] of look().entries()) most[index as 0 | 1] = Math.max(most[index as 0 | 1], bytes)
}
if (passed === 0) throw new Error('no gate ever passed: nothing was evaluated')
console.log(
  JSON.stringify({
    calls: calls - WARM_UP,
    ends,
    memoryBytes: [before[0], most[0]],
    rss: [before[1], most[1]],
  }),
)
