/**
 * Questions while large payloads are replaced: how long single calls take during updates, beside the same number of calls
 * without. The loop that asks yields to the event loop every millisecond, as a server's requests do, so that what an update
 * does in this thread can come in between; how long it then holds the thread is the pause. Phases with and without updates
 * alternate. Every answer must be that of the payload which is in force at that moment.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { Evaluator, User } from '../../../src/node.ts'
import { createEvaluator } from '../built.ts'
import { Latencies } from '../latencies.ts'
import { MB, rss } from '../memory.ts'
import { gateNames, payloadOfBytes, subscriber } from '../payload.ts'
import { atMost, type CaseReport, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const users = 100
const askedGates = 97
const sliceMilliseconds = 1
const mostRatio = 1.5

/** One phase: a number of calls, with updates or without. */
interface Phase {
  readonly calls: Latencies
  /** From the end of one slice to the beginning of the next. */
  readonly pauses: Latencies
  /** What `monitorEventLoopDelay` saw at the longest, in milliseconds; the loop's own slices are in it. */
  readonly longestDelay: number
}

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const bytes = isQuick ? 1_000_000 : 10_000_000
  const updatesPerPhase = isQuick ? 5 : 50
  const rounds = 2
  const made = [1, 2].map((seed) => payloadOfBytes(bytes, seed))
  const payloads = made.map(({ specs }) => new TextEncoder().encode(specs))
  const gates = Math.min(...made.map(({ gates }) => gates))
  using evaluator = createEvaluator({ specs: payloads[0]! })
  const asking = new Asking(evaluator, payloads, gates)
  const updates = { whole: new Latencies(), call: new Latencies() }

  const updating = async (source: (index: number) => string | Uint8Array, count: number) => {
    for (let update = 0; update < count; update++) {
      const began = performance.now()
      const loaded = evaluator.updateAsync(source(asking.next))
      updates.call.record(performance.now() - began)
      await loaded
      updates.whole.record(performance.now() - began)
    }
  }
  const bytesOf = (index: number) => payloads[index]!

  // Compiles, and starts the thread that loads.
  await asking.until(updating(bytesOf, 3))
  updates.whole = new Latencies()
  updates.call = new Latencies()
  const during: Phase[] = []
  const without: Phase[] = []
  for (let round = 0; round < rounds; round++) {
    const phase = await asking.until(updating(bytesOf, updatesPerPhase))
    during.push(phase)
    without.push(await asking.times(phase.calls.count))
  }
  const { whole, call } = updates
  const memory = rss()
  const text = await asking.until(updating((index) => made[index]!.specs, Math.ceil(updatesPerPhase / 5)))

  const us = (phases: Phase[], percent: number) => phases.map(({ calls }) => calls.percentile(percent) * 1000)
  const ratios = (percent: number) =>
    during.map(({ calls }, round) => calls.percentile(percent) / without[round]!.calls.percentile(percent))
  const longest = (phases: Phase[]) => phases.map(({ calls }) => calls.highest * 1000)
  const pauses = (phases: Phase[], percent: number) => phases.map(({ pauses }) => pauses.percentile(percent))
  return {
    title: 'swap: calls during updates of a large payload',
    sizes: `${(payloads[0]!.length / MB).toFixed(1)} MB, ${gates} gates, ${rounds} x ${updatesPerPhase} updates, ${during.map(({ calls }) => calls.count.toLocaleString('en-US')).join(' and ')} calls with and without`,
    rows: [
      row('a call without updates, p50', 'µs', us(without, 50)),
      row('a call without updates, p99.9', 'µs', us(without, 99.9)),
      row('a call without updates, longest', 'µs', longest(without)),
      row('a call during updates, p50', 'µs', us(during, 50)),
      row('a call during updates, p99.9', 'µs', us(during, 99.9)),
      row('a call during updates, longest', 'µs', longest(during)),
      row('p50 during to without', 'x', ratios(50)),
      row('p99.9 during to without', 'x', ratios(99.9), atMost(mostRatio)),
      row('pause between slices without updates, longest', 'ms', pauses(without, 100)),
      row('pause between slices during updates, p99', 'ms', pauses(during, 99)),
      row('pause between slices during updates, longest', 'ms', pauses(during, 100)),
      row('the same, payload as text', 'ms', text.pauses.highest),
      row(
        'event loop delay without updates, longest',
        'ms',
        without.map(({ longestDelay }) => longestDelay),
      ),
      row(
        'event loop delay during updates, longest',
        'ms',
        during.map(({ longestDelay }) => longestDelay),
      ),
      row('an update, p50', 'ms', whole.percentile(50)),
      row('an update, longest', 'ms', whole.highest),
      row('of that the call of updateAsync itself, p50', 'ms', call.percentile(50)),
      row('the process after updates', 'MB', memory),
      row('snapshot', 'MB', evaluator.stats.snapshotBytes / MB),
    ],
    notes: [],
  }
}

/** The loop that asks, and knows what is right. */
class Asking {
  readonly #evaluator: Evaluator
  readonly #names: readonly string[]
  /** By payload, user and gate. */
  readonly #right: readonly Uint8Array[]
  readonly #users: readonly User[]
  #inForce = 0
  #number = 0

  constructor(evaluator: Evaluator, payloads: readonly Uint8Array[], gates: number) {
    this.#evaluator = evaluator
    const every = Math.max(1, Math.floor(gates / askedGates))
    this.#names = gateNames(gates)
      .filter((_, number) => number % every === 0)
      .slice(0, askedGates)
    this.#users = Array.from({ length: users }, (_, number) => subscriber(number))
    this.#right = payloads.map((specs) => answers(specs, this.#users, this.#names))
    evaluator.onUpdate(() => {
      this.#inForce = this.next
    })
  }

  /** The payload that is not in force. */
  get next(): number {
    return 1 - this.#inForce
  }

  async until(work: Promise<void>): Promise<Phase> {
    let isOver = false
    const done = work.finally(() => {
      isOver = true
    })
    const phase = await this.#phase(() => isOver)
    await done
    return phase
  }

  async times(calls: number): Promise<Phase> {
    return await this.#phase((count) => count >= calls)
  }

  async #phase(isOver: (calls: number) => boolean): Promise<Phase> {
    const calls = new Latencies()
    const pauses = new Latencies()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    let ended = performance.now()
    while (!isOver(calls.count)) {
      pauses.record(performance.now() - ended)
      this.#slice(calls)
      ended = performance.now()
      await setImmediate()
    }
    delay.disable()
    return { calls, pauses, longestDelay: delay.max / 1e6 }
  }

  #slice(calls: Latencies): void {
    const until = performance.now() + sliceMilliseconds
    let after = 0
    while (after < until) {
      const user = this.#number % users
      const gate = this.#number % this.#names.length
      this.#number++
      const name = this.#names[gate]!
      const asker = this.#users[user]!
      const before = performance.now()
      const value = this.#evaluator.checkGate(asker, name)
      after = performance.now()
      calls.record(after - before)
      const right = this.#right[this.#inForce]![user * this.#names.length + gate] === 1
      if (value !== right) expectSame(`${name} for user ${user}`, value, right)
    }
  }
}

function answers(specs: Uint8Array, users: readonly User[], names: readonly string[]): Uint8Array {
  using evaluator = createEvaluator({ specs })
  return Uint8Array.from(users.flatMap((user) => names.map((name) => (evaluator.checkGate(user, name) ? 1 : 0))))
}
