/**
 * Many users on a pool of threads: all gates of a project for each user, in batches, on one thread and on two, in turns. The
 * answers are compared with those of an evaluator in this thread.
 */
import { loadWorkload, makeUser } from '../../workload.ts'
import { createEvaluator, EvaluatorPool } from '../built.ts'
import { atLeast, type CaseReport, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const scaling = 1.85

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const users = Array.from({ length: isQuick ? 2000 : 20_000 }, (_, number) => makeUser(number))
  const rounds = isQuick ? 3 : 9
  const { specsName, specs, idLists, gates } = loadWorkload()
  using evaluator = createEvaluator({ specs, idLists })
  const expected = users.slice(0, 200).map((user) => evaluator.checkGates(user, gates))
  const pools = await Promise.all([1, 2].map((threads) => EvaluatorPool.create({ evaluator, threads })))
  const rates: [number[], number[]] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    for (const [index, pool] of pools.entries()) {
      const began = performance.now()
      const answers = await pool.evaluateMany(users, gates)
      const seconds = (performance.now() - began) / 1000
      for (const [user, each] of expected.entries()) expectSame(`user ${user}`, answers[user]!.join(), each.join())
      // The first starts the threads.
      if (round > 0) rates[index as 0 | 1].push((users.length * gates.length) / seconds)
    }
  }
  for (const pool of pools) await pool.destroy()
  const [one, two] = rates
  const ratios = one.map((rate, round) => two[round]! / rate)
  return {
    title: 'pool: many users on threads',
    sizes: `${users.length.toLocaleString('en-US')} users, ${gates.length} gates each of ${specsName}; ${rounds} rounds in turns`,
    rows: [
      row('one thread', '/s', one),
      row('two threads', '/s', two),
      row('two threads to one', 'x', ratios, atLeast(scaling)),
    ],
    notes: ['A third thread, this one, hands the batches over: on two cores it takes time from both.'],
  }
}
