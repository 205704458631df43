/**
 * Many tenants in one process. `warm`: what the process takes when all of them are warm. `wakes`: ten times as many, of
 * which a tenth can be warm, asked in random order; how long it takes to wake a cold one and get its first answer.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SnapshotStore, TenantEvent, TenantHost as TenantHostType } from '../../../src/tenants/index.ts'
import { createEvaluator, FileStore, MemoryStore, meteredEngineModule, TenantHost } from '../built.ts'
import { Latencies } from '../latencies.ts'
import { bareNode, collect, MB, rss } from '../memory.ts'
import { gateNames, payload, randomOf, subscriber } from '../payload.ts'
import { atMost, type CaseReport, row } from '../report.ts'
import { expectSame } from '../wrong-answer.ts'
import type { Sizes } from './index.ts'

const gates = 60
const names = gateNames(gates)
const mostMemory = 400
const longestWake = 2
/** Each so-many-th tenant's answers are compared with those of an evaluator of its own. */
const comparedEvery = 97

export async function measure(sizes: Sizes, part: string): Promise<CaseReport> {
  const folder = mkdtempSync(join(tmpdir(), 'framegate-bench-'))
  try {
    const store = part.endsWith('from files') ? new FileStore(folder) : new MemoryStore()
    const isWarm = part.startsWith('warm')
    return await (isWarm ? measureWarm : measureWakes)(sizes, store, `tenants, ${part}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function measureWarm({ isQuick }: Sizes, store: SnapshotStore, title: string): Promise<CaseReport> {
  const tenants = isQuick ? 100 : 1000
  await collect()
  const before = rss()
  using host = new TenantHost({ module: meteredEngineModule(), maxWarmBytes: 4096 * MB, store })
  const puts = await putAll(host, tenants)
  const afterPuts = rss()
  const first = new Latencies()
  for (let number = 0; number < tenants; number++) timeAnswer(first, host, number, 0)
  for (let question = 1; question <= 10; question++)
    for (let number = 0; number < tenants; number++)
      host.tenant(idOf(number)).checkGate(subscriber(question), names[(number + question) % gates]!)
  const asIs = rss()
  const kinds = process.memoryUsage()
  await collect()
  const collected = rss()
  const { warm, warmBytes } = host.stats
  expectSame('warm tenants', warm, tenants)
  compareSome(host, tenants)
  return {
    title: `${title}: memory of one process`,
    sizes: `${tenants} tenants of ${gates} gates each, no two the same; 11 questions each`,
    rows: [
      row('the process, all warm', 'MB', asIs, atMost(mostMemory)),
      row('the process, all warm, collected', 'MB', collected, atMost(mostMemory)),
      row('a bare Node', 'MB', bareNode()),
      row('the process before the host', 'MB', before),
      row('the process after the puts, all cold', 'MB', afterPuts),
      row('heap used', 'MB', kinds.heapUsed / MB),
      row('heap in all', 'MB', kinds.heapTotal / MB),
      row('external', 'MB', kinds.external / MB),
      row('array buffers', 'MB', kinds.arrayBuffers / MB),
      row('a tenant: what the process grew by', 'kB', ((collected - before) * 1000) / tenants),
      row('a tenant: what the host counts', 'kB', warmBytes / tenants / 1000),
      row('a tenant: its snapshot', 'kB', snapshotBytes() / 1000),
      row('a put, p50', 'ms', puts.percentile(50)),
      row('a put, p99', 'ms', puts.percentile(99)),
      row('first answer, p50', 'ms', first.percentile(50)),
      row('first answer, p99', 'ms', first.percentile(99)),
    ],
    notes: [],
  }
}

async function measureWakes({ isQuick }: Sizes, store: SnapshotStore, title: string): Promise<CaseReport> {
  const tenants = isQuick ? 400 : 10_000
  const wakes = isQuick ? 300 : 3000
  const maxWarmBytes = (tenants / 10) * (await warmBytesOfOne())
  let evictions = 0
  const onEvent = ({ type }: TenantEvent) => {
    if (type === 'evicted') evictions++
  }
  using host = new TenantHost({ module: meteredEngineModule(), maxWarmBytes, store, onEvent })
  const puts = await putAll(host, tenants)
  const afterPuts = rss()
  const random = randomOf(7)
  const waking = new Latencies()
  const warm = new Latencies()
  const wake = (into: Latencies) => {
    const number = Math.floor(random() * tenants)
    const isWarm = host.tenant(idOf(number)).isWarm
    timeAnswer(isWarm ? warm : into, host, number, number)
  }
  // Until as many are warm as can be, nobody has to go.
  const settling = new Latencies()
  while (evictions < tenants / 100) wake(settling)
  while (waking.count < wakes) wake(waking)
  const asIs = rss()
  const { warm: warmTenants } = host.stats
  compareSome(host, tenants)
  return {
    title: `${title}: cold tenants`,
    sizes: `${tenants.toLocaleString('en-US')} tenants of ${gates} gates each, ${warmTenants} warm; ${wakes} wakes in random order, each letting another one go`,
    rows: [
      row('a wake with its first answer, p50', 'ms', waking.percentile(50)),
      row('a wake with its first answer, p98', 'ms', waking.percentile(98)),
      row('a wake with its first answer, p99', 'ms', waking.percentile(99), atMost(longestWake)),
      row('a wake with its first answer, longest', 'ms', waking.highest),
      row('an answer of a warm one, p50', 'ms', warm.percentile(50)),
      row('a put, p50', 'ms', puts.percentile(50)),
      row('a put, p99', 'ms', puts.percentile(99)),
      row('the process after the puts, all cold', 'MB', afterPuts),
      row('the process after the wakes', 'MB', asIs),
    ],
    notes: [],
  }
}

async function putAll(host: TenantHostType, tenants: number): Promise<Latencies> {
  const times = new Latencies()
  for (let number = 0; number < tenants; number++) {
    const specs = specsOf(number)
    const began = performance.now()
    await host.put(idOf(number), specs)
    times.record(performance.now() - began)
  }
  return times
}

function timeAnswer(into: Latencies, host: TenantHostType, number: number, question: number): void {
  const user = subscriber(question)
  const name = names[question % gates]!
  const began = performance.now()
  host.tenant(idOf(number)).checkGate(user, name)
  into.record(performance.now() - began)
}

/** Rules have ids of their own in each tenant, so that an answer of another one's would be seen. */
function compareSome(host: TenantHostType, tenants: number): void {
  for (let number = 0; number < tenants; number += comparedEvery) {
    using own = createEvaluator({ specs: specsOf(number) })
    for (const name of names) {
      const { ruleID } = host.tenant(idOf(number)).getFeatureGate(subscriber(number), name)
      expectSame(`${name} of tenant ${number}`, ruleID, own.getFeatureGate(subscriber(number), name).ruleID)
    }
  }
}

async function warmBytesOfOne(): Promise<number> {
  using host = new TenantHost({ module: meteredEngineModule() })
  await host.put('one', specsOf(0))
  host.tenant('one').checkGate(subscriber(0), names[0]!)
  return host.stats.warmBytes
}

function snapshotBytes(): number {
  using evaluator = createEvaluator({ specs: specsOf(0), limits: {} })
  return evaluator.stats.snapshotBytes
}

function specsOf(number: number): string {
  return payload({ gates, seed: 1000 + number })
}

function idOf(number: number): string {
  return `tenant-${number}`
}
