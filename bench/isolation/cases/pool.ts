/**
 * Many users on a pool of threads: all gates of a project for each user, in batches, on one thread and on two, in turns. The
 * answers are compared with those of an evaluator in this thread. What the machine gives a second thread is measured in the
 * same turns, by threads of no pool, which are handed nothing and answer with a number: two cores of a shared machine may
 * be halves of one.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { loadWorkload, makeUser } from '../../workload.ts'
import type { BareThreadData, Part } from '../bare-thread.ts'
import { createEvaluator, EvaluatorPool, share } from '../built.ts'
import { compiled } from '../compile.ts'
import { atLeast, type CaseReport, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const scaling = 1.85

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const users = Array.from({ length: isQuick ? 2000 : 6000 }, (_, number) => makeUser(number))
  const rounds = isQuick ? 3 : 41
  const { specsName, specs, idLists, gates } = loadWorkload()
  using evaluator = createEvaluator({ specs, idLists })
  const open = users.reduce((sum, user) => sum + evaluator.checkGates(user, gates).filter(Boolean).length, 0)
  const expected = users.slice(0, 200).map((user) => evaluator.checkGates(user, gates))
  const pools = await Promise.all([1, 2].map((threads) => EvaluatorPool.create({ evaluator, threads })))
  const handle = share(evaluator)
  const workerData: BareThreadData = { handle, gates }
  const bare = [1, 2].map(() => new Worker(compiled('bare-thread'), { workerData }))
  const rates: [number[], number[]] = [[], []]
  const ceilings: number[] = []
  for (let round = 0; round <= rounds; round++) {
    for (const [index, pool] of pools.entries()) {
      const began = performance.now()
      const answers = await pool.evaluateMany(users, gates)
      const seconds = (performance.now() - began) / 1000
      for (const [user, each] of expected.entries()) expectSame(`user ${user}`, answers[user]!.join(), each.join())
      // The first starts the threads.
      if (round > 0) rates[index as 0 | 1].push((users.length * gates.length) / seconds)
    }
    const times: number[] = []
    for (const threads of [[bare[round % 2]!], bare]) {
      const began = performance.now()
      expectSame('open gates, on threads of no pool', await evaluateOn(threads, users.length), open)
      times.push(performance.now() - began)
    }
    if (round > 0) ceilings.push(times[0]! / times[1]!)
  }
  for (const pool of pools) await pool.destroy()
  for (const thread of bare) await thread.terminate()
  handle.stop()
  const [one, two] = rates
  const ratios = one.map((rate, round) => two[round]! / rate)
  const relative = ratios.map((ratio, round) => ratio / ceilings[round]!)
  return {
    title: 'pool: many users on threads',
    sizes: `${users.length.toLocaleString('en-US')} users, ${gates.length} gates each of ${specsName}; ${rounds} rounds in turns`,
    rows: [
      row('one thread', '/s', one),
      row('two threads', '/s', two),
      row('two threads to one', 'x', ratios, atLeast(scaling)),
      row('two threads of no pool to one: what the machine gives', 'x', ceilings),
      row('of the pool to of no pool', 'x', relative),
    ],
    notes: ['A third thread, this one, hands the batches over: on two cores it takes time from both.'],
  }
}

/** Open gates over all users, in as many at a time as a pool's batches have. */
async function evaluateOn(threads: readonly Worker[], users: number): Promise<number> {
  let next = 0
  let open = 0
  const evaluateParts = async (thread: Worker) => {
    while (next < users) {
      const part: Part = { first: next, end: Math.min(next + 500, users) }
      next = part.end
      thread.postMessage(part)
      const [found] = (await once(thread, 'message')) as [number]
      open += found
    }
  }
  await Promise.all(threads.map(evaluateParts))
  return open
}
