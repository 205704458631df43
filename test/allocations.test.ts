/** Evaluating works in the call's frame only: the engine asks for no memory and the instance does not grow. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEvaluator, type Evaluator } from '../src/node.ts'
import { backends } from './support/backends.ts'
import { projectFolder, readIdLists, readText } from './support/data.ts'

const specs = readText(join(projectFolder, 'examples/shop.specs.json'))
const idLists = readIdLists(join(projectFolder, 'examples/id-lists'))

/** Asks everything about a user whose values are new every time. */
function askEverything(evaluator: Evaluator, round: number): void {
  const user = evaluator.bind({
    userID: `user-${round}`,
    email: `Person.${round}@${['students.example', 'mail.example', 'trash-mail.example'][round % 3]}`,
    ip: `${round % 256}.${(round * 7) % 256}.8.8`,
    userAgent: `Mozilla/5.0 (X11; Linux x86_64; rv:${round}.0) Gecko/20100101 Firefox/${round}.0`,
    appVersion: `${round % 10}.${round % 7}.0`,
    customIDs: { stableID: `stable-${round}`, companyID: round },
    custom: { tags: [`tag-${round}`, 'é', round], cartValue: round * 1.5, plan: 'Größe', age: round % 90 },
  })
  const { gates, segments, holdouts, dynamicConfigs, experiments, layers } = evaluator.list
  for (const name of [...gates, ...segments, ...holdouts]) user.checkGate(name)
  for (const name of dynamicConfigs) user.getDynamicConfig(name)
  for (const name of experiments) user.getExperiment(name)
  for (const name of layers) user.getLayer(name)
}

describe.each(backends)('on the %s backend', (backend) => {
  test('evaluating allocates nothing', () => {
    using evaluator = createEvaluator({ specs, idLists, backend })
    for (let round = 0; round < 100; round++) askEverything(evaluator, round)
    const before = evaluator.allocations
    for (let round = 100; round < 1100; round++) askEverything(evaluator, round)
    // On wasm a frame beyond the stack region is the one thing that may be asked for; none is that large here.
    expect(evaluator.allocations - before).toBe(0)
  })
})

test('the memory of an instance stays as it was after loading', () => {
  using evaluator = createEvaluator({ specs, idLists })
  askEverything(evaluator, 0)
  const { memoryBytes } = evaluator
  for (let round = 1; round < 1000; round++) askEverything(evaluator, round)
  expect(evaluator.memoryBytes).toBe(memoryBytes)
})
