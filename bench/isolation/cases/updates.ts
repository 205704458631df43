/**
 * Updates and questions in turns, for long: memory is to be the same at the end as after warm-up. Each update replaces one
 * payload by another, whose answer to the next question must be the new one's.
 */
import { setImmediate } from 'node:timers/promises'
import { createEvaluator } from '../built.ts'
import { Latencies } from '../latencies.ts'
import { collect, rss } from '../memory.ts'
import { gateNames, payload, subscriber } from '../payload.ts'
import { atMost, type CaseReport, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const gates = 20
const points = 10
const mostGrowth = 20

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const updates = isQuick ? 2000 : 50_000
  const payloads = [1, 2].map((seed) => new TextEncoder().encode(payload({ gates, seed })))
  const right = payloads.map(answers)
  const names = gateNames(gates)
  using evaluator = createEvaluator({ specs: payloads[1]! })
  const update = new Latencies()
  const memory: number[] = []
  const resident: number[] = []
  for (let number = 0; number < updates; number++) {
    const began = performance.now()
    evaluator.update(payloads[number % 2]!)
    update.record(performance.now() - began)
    const gate = number % gates
    const { ruleID } = evaluator.getFeatureGate(subscriber(number % 10), names[gate]!)
    expectSame(`${names[gate]} after update ${number}`, ruleID, right[number % 2]![number % 10]![gate])
    if ((number + 1) % (updates / points) === 0) {
      memory.push(evaluator.memoryBytes / 1000)
      resident.push(rss())
    }
    // A program has turns of the event loop, in which what is collected is freed.
    if (number % 100 === 0) await setImmediate()
  }
  const warm = resident.slice(1)
  const grown = warm.at(-1)! - warm[0]!
  await collect()
  return {
    title: 'updates: memory through updates',
    sizes: `${updates.toLocaleString('en-US')} updates and questions in turns, ${gates} gates; warm after a tenth of them`,
    rows: [
      row('instance at 10 points', 'kB', memory),
      row('instance, most to least', 'x', Math.max(...memory) / Math.min(...memory), atMost(1)),
      row('process at 9 points after warm-up', 'MB', warm),
      row('process, growth since warm-up', 'MB', grown, atMost(mostGrowth)),
      row('process at the end, collected', 'MB', rss()),
      row('an update, p50', 'ms', update.percentile(50)),
      row('an update, p99', 'ms', update.percentile(99)),
      row('an update, longest', 'ms', update.highest),
    ],
    notes: [`Process at the points, in MB: ${resident.map((size) => size.toFixed(0)).join(', ')}.`],
  }
}

/** The deciding rules, by user and gate. */
function answers(specs: Uint8Array): string[][] {
  using evaluator = createEvaluator({ specs })
  return Array.from({ length: 10 }, (_, user) =>
    gateNames(gates).map((name) => evaluator.getFeatureGate(subscriber(user), name).ruleID),
  )
}
