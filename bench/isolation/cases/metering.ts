/** What counting fuel costs a question: a fresh user for each gate, on the plain and on the metered build, in turns. */
import { setImmediate } from 'node:timers/promises'
import type { Evaluator } from '../../../src/node.ts'
import { loadWorkload, makeUser, userCount } from '../../workload.ts'
import { createEvaluator } from '../built.ts'
import { atMost, type CaseReport, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const mostOverhead = 10

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const rounds = isQuick ? 3 : 15
  const milliseconds = isQuick ? 200 : 1000
  const { specs, specsName, idLists, gates } = loadWorkload()
  using plain = createEvaluator({ specs, idLists })
  using metered = createEvaluator({ specs, idLists, limits: {} })
  for (let user = 0; user < userCount; user++)
    for (const gate of gates)
      expectSame(`${gate}, metered`, metered.checkGate(makeUser(user), gate), plain.checkGate(makeUser(user), gate))
  const rates = { plain: [] as number[], metered: [] as number[] }
  for (const evaluator of [plain, metered]) await rate(evaluator, gates, milliseconds)
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes, so that what one leaves to be collected falls on both.
    const both = [['plain', plain] as const, ['metered', metered] as const]
    for (const [name, evaluator] of round % 2 === 0 ? both : both.reverse())
      rates[name].push(await rate(evaluator, gates, milliseconds))
  }
  const overheads = rates.plain.map((plainRate, round) => (plainRate / rates.metered[round]! - 1) * 100)
  return {
    title: 'metering: what counting fuel costs',
    sizes: `${specsName}, ${gates.length} gates, a fresh user for each; ${rounds} rounds of ${milliseconds} ms each, in turns`,
    rows: [
      row('plain build', '/s', rates.plain),
      row('metered build', '/s', rates.metered),
      row('longer by', '%', overheads, atMost(mostOverhead)),
    ],
    notes: [],
  }
}

async function rate(evaluator: Evaluator, gates: readonly string[], milliseconds: number): Promise<number> {
  const began = performance.now()
  let elapsed = 0
  let calls = 0
  let user = 0
  while (elapsed < milliseconds) {
    for (const gate of gates) evaluator.checkGate(makeUser(user), gate)
    calls += gates.length
    user = (user + 1) % userCount
    if (user % 16 === 0) await setImmediate()
    elapsed = performance.now() - began
  }
  return (calls / elapsed) * 1000
}
