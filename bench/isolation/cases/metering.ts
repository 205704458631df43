/** What counting fuel costs a question: a fresh user for each gate, on the plain and on the metered build, in turns. */
import { setImmediate } from 'node:timers/promises'
import type { Evaluator } from '../../../src/node.ts'
import { loadWorkload, makeUser, userCount } from '../../workload.ts'
import { createEvaluator } from '../built.ts'
import { atMost, type CaseReport, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const mostOverhead = 10
/** A millisecond or two of a real project's gates. */
const usersPerTurn = 16

interface Build {
  readonly evaluator: Evaluator
  /** Calls a second, by round. */
  readonly rates: number[]
}

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const rounds = isQuick ? 3 : 15
  const milliseconds = isQuick ? 200 : 1000
  const { specs, specsName, idLists, gates } = loadWorkload()
  using plain = createEvaluator({ specs, idLists })
  using metered = createEvaluator({ specs, idLists, limits: {} })
  for (let user = 0; user < userCount; user++)
    for (const gate of gates)
      expectSame(`${gate}, metered`, metered.checkGate(makeUser(user), gate), plain.checkGate(makeUser(user), gate))
  const both: readonly [Build, Build] = [
    { evaluator: plain, rates: [] },
    { evaluator: metered, rates: [] },
  ]
  for (let round = -1; round < rounds; round++)
    for (const [index, perSecond] of (await rates(both, gates, milliseconds)).entries())
      if (round >= 0) both[index]!.rates.push(perSecond)
  const [plainRates, meteredRates] = both.map(({ rates }) => rates) as [number[], number[]]
  const overheads = plainRates.map((plainRate, round) => (plainRate / meteredRates[round]! - 1) * 100)
  return {
    title: 'metering: what counting fuel costs',
    sizes: `${specsName}, ${gates.length} gates, a fresh user for each; ${rounds} rounds of ${milliseconds} ms of the plain build, in turns of ${usersPerTurn} users`,
    rows: [
      row('plain build', '/s', plainRates),
      row('metered build', '/s', meteredRates),
      row('longer by', '%', overheads, atMost(mostOverhead)),
    ],
    notes: [],
  }
}

/**
 * Calls a second of both in one round. Each is asked about a few users at a time, so that a machine that slows down for a
 * moment slows down both; who goes first changes, so that what one leaves to be collected falls on both.
 */
async function rates(both: readonly [Build, Build], gates: readonly string[], milliseconds: number): Promise<number[]> {
  const elapsed = [0, 0]
  let turn = 0
  for (; elapsed[0]! < milliseconds; turn++) {
    for (const index of turn % 2 === 0 ? [0, 1] : [1, 0]) {
      const { evaluator } = both[index]!
      const began = performance.now()
      for (let user = 0; user < usersPerTurn; user++)
        for (const gate of gates) evaluator.checkGate(makeUser((turn * usersPerTurn + user) % userCount), gate)
      elapsed[index]! += performance.now() - began
    }
    await setImmediate()
  }
  return elapsed.map((time) => ((turn * usersPerTurn * gates.length) / time) * 1000)
}
