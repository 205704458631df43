/**
 * Many users on a pool of threads: all gates of a project for each user, in batches, on one thread and on two, in turns. The
 * answers are compared with those of an evaluator in this thread. What the machine itself gives two threads is measured in the
 * same turns, by a loop that shares nothing: a core that others use too gives less than twice as much.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { loadWorkload, makeUser } from '../../workload.ts'
import { createEvaluator, EvaluatorPool } from '../built.ts'
import { atLeast, type CaseReport, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const scaling = 1.85

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const users = Array.from({ length: isQuick ? 2000 : 6000 }, (_, number) => makeUser(number))
  const rounds = isQuick ? 3 : 41
  const { specsName, specs, idLists, gates } = loadWorkload()
  using evaluator = createEvaluator({ specs, idLists })
  const expected = users.slice(0, 200).map((user) => evaluator.checkGates(user, gates))
  const pools = await Promise.all([1, 2].map((threads) => EvaluatorPool.create({ evaluator, threads })))
  const loops = [1, 2].map(() => new Worker(plainLoop, { eval: true }))
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
    const [alone, together] = [await timeLoops(loops.slice(1)), await timeLoops(loops)]
    if (round > 0) ceilings.push((2 * alone) / together)
  }
  for (const pool of pools) await pool.destroy()
  for (const loop of loops) await loop.terminate()
  const [one, two] = rates
  const ratios = one.map((rate, round) => two[round]! / rate)
  return {
    title: 'pool: many users on threads',
    sizes: `${users.length.toLocaleString('en-US')} users, ${gates.length} gates each of ${specsName}; ${rounds} rounds in turns`,
    rows: [
      row('one thread', '/s', one),
      row('two threads', '/s', two),
      row('two threads to one', 'x', ratios, atLeast(scaling)),
      row('two plain loops to one: what the machine gives', 'x', ceilings),
    ],
    notes: ['A third thread, this one, hands the batches over: on two cores it takes time from both.'],
  }
}

/** Some 50 ms of arithmetic in 4 kB. */
const plainLoop = `
  const { parentPort } = require('node:worker_threads')
  const table = new Int32Array(1024)
  parentPort.on('message', () => {
    let next = 1
    for (let turn = 0; turn < 2e7; turn++) {
      next = (Math.imul(next, 1103515245) + 12345) | 0
      table[next & 1023] += next
    }
    parentPort.postMessage(next)
  })`

/** Milliseconds until all of them are through once. */
async function timeLoops(loops: readonly Worker[]): Promise<number> {
  const began = performance.now()
  await Promise.all(
    loops.map((loop) => {
      loop.postMessage('go')
      return once(loop, 'message')
    }),
  )
  return performance.now() - began
}
