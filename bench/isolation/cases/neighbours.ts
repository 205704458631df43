/**
 * Good tenants beside bad ones. Twenty are asked in turn, alone and then with three bad ones among them: one that burns all
 * its fuel with each question, one that grows until its memory is at its cap, and one whose snapshot is spoilt so that it
 * traps. Every answer is compared. What the good ones answer in the time that bad calls leave is to be what they answer
 * alone. Some of what is missing is lost beside anything that runs for as long: that part is measured in the same turns, by
 * idle loops that take as long as the bad calls before them did.
 *
 * The first figures have a bad call of each after every 20 good ones, so that each good call meets what bad ones leave
 * behind: cold caches, and garbage whose collection counts as the good ones' time, as do the turns of the event loop that
 * free it. The second have 50 times as many good calls. As shipped, a tenant's recoveries are bounded; without that bound
 * each bad call gets a new instance.
 */
import { setImmediate } from 'node:timers/promises'
import type { FramegateError, User } from '../../../src/node.ts'
import type { TenantHost as TenantHostType } from '../../../src/tenants/index.ts'
import { createEvaluator, meteredEngineModule, TenantHost } from '../built.ts'
import { Latencies } from '../latencies.ts'
import { matching } from '../matching.ts'
import { gateNames, payload, subscriber } from '../payload.ts'
import { poisoned } from '../poisoned.ts'
import { atLeast, type CaseReport, exactly, type Row, row } from '../report.ts'
import { expectSame, WrongAnswer } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const tenants = 20
const gates = 60
const users = 50
const names = gateNames(gates)
const leastShare = 0.95
const MiB = 1024 * 1024

/** A tenant that ends with each question. */
interface Bad {
  readonly id: string
  readonly code: string
  readonly user: User
  readonly times: Latencies
  ended: number
}

/** Milliseconds of a part of a round, in turns: a machine that slows down for a while then slows down all. */
const partLength = 400
/** Milliseconds at a part's end without interruptions, in which what they left behind is collected. */
const tail = 40

/** What one phase came to. */
interface Phase {
  /** Good calls a second of the time that bad calls left. */
  readonly perSecond: number
  /** Shares of the time: of bad calls, and of what is neither good nor bad, which are turns of the event loop. */
  readonly badShare: number
  readonly restShare: number
}

export async function measure({ isQuick }: Sizes): Promise<CaseReport> {
  const milliseconds = isQuick ? 300 : 4000
  const rounds = isQuick ? 3 : 7
  const right = Array.from({ length: tenants }, (_, tenant) => answers(specsOf(tenant)))
  const rows: Row[] = []
  for (const isGuarded of [true, false]) {
    const limits = isGuarded ? {} : { recoveriesPerSecond: Number.POSITIVE_INFINITY }
    using host = new TenantHost({ module: meteredEngineModule(), limits })
    for (let tenant = 0; tenant < tenants; tenant++) await host.put(idOf(tenant), specsOf(tenant))
    const bad = await putBad(host)
    const asking = new Asking(host, right)
    asking.askAll(bad)
    for (const perBad of [tenants, 50 * tenants]) {
      const title = `${isGuarded ? 'as shipped' : 'no storm guard'}, ${perBad.toLocaleString('en-US')} good a bad call`
      rows.push(...(await beside(asking, bad, perBad, { title, milliseconds, rounds })))
    }
    const asked = bad.reduce((sum, { times }) => sum + times.count, 0)
    const ended = bad.reduce((sum, { ended }) => sum + ended, 0)
    const which = isGuarded ? 'as shipped' : 'no storm guard'
    rows.push(
      row(`${which}: bad calls with their typed error`, '', ended, exactly(asked)),
      ...bad.map(({ id, times }) => row(`${which}: a call of the ${id}, p50`, 'µs', times.percentile(50) * 1000)),
    )
  }
  return {
    title: 'neighbours: good tenants beside bad ones',
    sizes: `${tenants} tenants of ${gates} gates each and 3 bad ones; ${rounds} rounds of ${milliseconds} ms beside them, in turns with as long alone and beside idle loops; every answer compared`,
    rows,
    notes: [],
  }
}

async function beside(
  asking: Asking,
  bad: readonly Bad[],
  perBad: number,
  { title, milliseconds, rounds }: { title: string; milliseconds: number; rounds: number },
): Promise<Row[]> {
  const alone: Phase[] = []
  const disturbed: Phase[] = []
  const interrupted: Phase[] = []
  const parts = Math.max(1, Math.round(milliseconds / partLength))
  const length = milliseconds / parts
  let times: number[] = []
  const askBad = () => {
    const time = asking.askAll(bad)
    times.push(time)
    return time
  }
  await asking.phase(length, perBad, askBad)
  for (let round = 0; round < rounds; round++) {
    const [without, besides, loops]: [Phase[], Phase[], Phase[]] = [[], [], []]
    for (let part = 0; part < parts; part++) {
      let turn = 0
      without.push(await asking.phase(length, perBad, () => 0))
      loops.push(await asking.phase(length, perBad, () => idle(times[turn++ % times.length]!)))
      times = []
      besides.push(await asking.phase(length, perBad, askBad))
    }
    alone.push(together(without))
    disturbed.push(together(besides))
    interrupted.push(together(loops))
  }
  const toAlone = (phases: Phase[]) => phases.map(({ perSecond }, round) => perSecond / alone[round]!.perSecond)
  const ratios = disturbed.map(({ perSecond }, round) => perSecond / interrupted[round]!.perSecond)
  const shares = (phases: Phase[], of: 'badShare' | 'restShare') => phases.map((phase) => phase[of] * 100)
  return [
    row(`${title}: alone`, '/s', rates(alone)),
    row(`${title}: beside`, '/s', rates(disturbed)),
    row(`${title}: bad calls' share of the time`, '%', shares(disturbed, 'badShare')),
    row(`${title}: event loop's share`, '%', shares(disturbed, 'restShare')),
    row(`${title}: beside to alone`, 'x', toAlone(disturbed), atLeast(leastShare)),
    row(`${title}: beside idle loops to alone`, 'x', toAlone(interrupted)),
    row(`${title}: beside to beside idle loops`, 'x', ratios, atLeast(leastShare)),
  ]
}

/** Counts for so many milliseconds, and looks at the clock each microsecond or two: each look is garbage. */
function idle(milliseconds: number): number {
  const began = performance.now()
  let passed = 0
  while (passed < milliseconds) {
    for (let turn = 0; turn < 1000; turn++) counted = (counted + turn) | 0
    passed = performance.now() - began
  }
  return passed
}

/** A loop whose result nobody could see would not be run. */
let counted = 0

/** Parts of equal length as one. */
function together(parts: readonly Phase[]): Phase {
  const mean = (of: keyof Phase) => parts.reduce((sum, part) => sum + part[of], 0) / parts.length
  return {
    perSecond: mean('perSecond'),
    badShare: mean('badShare'),
    restShare: mean('restShare'),
  }
}

const rates = (phases: readonly Phase[]) => phases.map(({ perSecond }) => perSecond)

class Asking {
  readonly #host: TenantHostType
  readonly #right: readonly Uint8Array[]
  #number = 0

  constructor(host: TenantHostType, right: readonly Uint8Array[]) {
    this.#host = host
    this.#right = right
  }

  /** So many milliseconds of good calls, with an interruption after every `perBad` but for the tail, which says how long it was. */
  async phase(milliseconds: number, perBad: number, interrupt: () => number): Promise<Phase> {
    const began = performance.now()
    let elapsed = 0
    let inGood = 0
    let inBad = 0
    let goodCalls = 0
    let yielded = began
    while (elapsed < milliseconds) {
      const before = performance.now()
      for (let call = 0; call < perBad; call++) this.#askGood()
      inGood += performance.now() - before
      goodCalls += perBad
      if (elapsed < milliseconds - tail) inBad += interrupt()
      const now = performance.now()
      elapsed = now - began
      if (now - yielded > 5) {
        await setImmediate()
        yielded = performance.now()
      }
    }
    // What is freed in a turn of the event loop is this phase's own.
    await setImmediate()
    elapsed = performance.now() - began
    return {
      perSecond: (goodCalls / (elapsed - inBad)) * 1000,
      badShare: inBad / elapsed,
      restShare: (elapsed - inBad - inGood) / elapsed,
    }
  }

  /** Asks each bad tenant once, and returns the milliseconds of these calls. */
  askAll(bad: readonly Bad[]): number {
    return bad.reduce((time, one) => time + this.#askBad(one), 0)
  }

  #askGood(): void {
    const tenant = this.#number % tenants
    const turn = Math.floor(this.#number++ / tenants)
    const gate = turn % gates
    const user = turn % users
    const value = this.#host.tenant(idOf(tenant)).checkGate(subscriber(user), names[gate]!)
    const right = this.#right[tenant]![user * gates + gate] === 1
    if (value !== right) expectSame(`${names[gate]} of tenant ${tenant} for user ${user}`, value, right)
  }

  /** Milliseconds of the call. */
  #askBad(bad: Bad): number {
    const tenant = this.#host.tenant(bad.id)
    const began = performance.now()
    let code: string | undefined
    try {
      tenant.checkGate(bad.user, 'gate')
    } catch (error) {
      code = (error as FramegateError).code
    }
    const time = performance.now() - began
    if (code !== bad.code && code !== 'ENGINE_UNSTABLE')
      throw new WrongAnswer(`the ${bad.id} ends as ${code}, not as ${bad.code}`)
    bad.times.record(time)
    bad.ended++
    return time
  }
}

async function putBad(host: TenantHostType): Promise<Bad[]> {
  await host.put('fuel burner', matching('^(a+)+\\1$'), { limits: { fuel: 200_000 } })
  await host.put('grower', matching('^(a|b)*\\1c$'), { limits: { maxBytes: 3 * MiB, fuel: 2_000_000_000 } })
  await host.put('trapper', poisoned(matching('^a$')))
  const bad = (id: string, code: string, text: string): Bad => {
    return { id, code, user: { userID: 'u', custom: { text } }, times: new Latencies(), ended: 0 }
  }
  return [
    bad('fuel burner', 'FUEL_EXHAUSTED', `${'a'.repeat(40)}b`),
    bad('grower', 'GUEST_MEMORY_EXHAUSTED', 'ab'.repeat(100_000)),
    bad('trapper', 'GUEST_TRAPPED', 'a'),
  ]
}

function answers(specs: string): Uint8Array {
  using evaluator = createEvaluator({ specs })
  return Uint8Array.from({ length: users * gates }, (_, index) =>
    evaluator.checkGate(subscriber(Math.floor(index / gates)), names[index % gates]!) ? 1 : 0,
  )
}

function specsOf(tenant: number): string {
  return payload({ gates, seed: 500 + tenant })
}

function idOf(tenant: number): string {
  return `tenant-${tenant}`
}
