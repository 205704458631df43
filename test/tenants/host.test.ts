/** Many tenants in one process: each within its own limits, none seen, stalled or crashed by another. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ENGINE, engineGuest } from '../../src/evaluator/guest.ts'
import { open } from '../../src/ffi/index.ts'
import { createEvaluator, meteredEngineModule, Snapshot } from '../../src/node.ts'
import { FileStore } from '../../src/tenants/file-store.ts'
import { MemoryStore, type SnapshotStore, TenantHost, type TenantHostOptions } from '../../src/tenants/index.ts'
import { condition, payload, rule, spec } from '../support/specs.ts'
import { codeOf } from '../wat/thrown.ts'

const module = meteredEngineModule()
const MiB = 1024 * 1024

const hostOf = (options: Partial<TenantHostOptions> = {}) => new TenantHost({ module, ...options })

/** Specs of a gate that is open to those whose `plan` is among some, with a tenant's mark in its rule. */
function specsOf(mark: string, plans: readonly string[] = ['pro']): string {
  return payload({
    feature_gates: { gate: spec([rule(`rule-of-${mark}`, ['plan'])]) },
    condition_map: { plan: condition('user_field', { operator: 'any', field: 'plan', targetValue: plans }) },
  })
}

const pro = { userID: 'u', custom: { plan: 'pro' } }
const ruleOf = (host: TenantHost, id: string) => host.tenant(id).getFeatureGate(pro, 'gate').ruleID

/** A user that takes so many bytes to encode. */
const large = (bytes: number) => ({ userID: 'u', custom: { plan: 'x'.repeat(bytes) } })

describe('tenants', () => {
  test('have specs of their own; putting again replaces them, warm or cold, for handles and bound users alike', async () => {
    using host = hostOf()
    await host.put('a', specsOf('a1'))
    await host.put('b', specsOf('b1'))
    const handle = host.tenant('a')
    const bound = handle.bind(pro)
    expect([ruleOf(host, 'a'), ruleOf(host, 'b')]).toEqual(['rule-of-a1', 'rule-of-b1'])
    await host.put('a', specsOf('a2'))
    expect(handle.isWarm).toBe(true)
    expect(handle.getFeatureGate(pro, 'gate').ruleID).toBe('rule-of-a2')
    expect(bound.getFeatureGate('gate').ruleID).toBe('rule-of-a2')
    host.evict('a')
    await host.put('a', specsOf('a3'))
    expect(handle.isWarm).toBe(false)
    expect(bound.getFeatureGate('gate').ruleID).toBe('rule-of-a3')
    expect(host.tenant('a')).toBe(handle)
  })

  test('share one table of countries, which is in none of their snapshots', async () => {
    let calls = 0
    const countryTable = () => {
      calls++
      return Uint8Array.of(0x41, 0x41, 0x2a, 0x2a, 1, 0)
    }
    using host = hostOf({ countryTable })
    using without = hostOf()
    const specs = payload({
      feature_gates: { gate: spec([rule('r', ['country'])]) },
      condition_map: { country: condition('ip_based', { operator: 'any', field: 'country', targetValue: ['AA'] }) },
    })
    for (const id of ['a', 'b', 'c']) await host.put(id, specs)
    await without.put('a', specs)
    host.tenant('a').checkGate({}, 'gate')
    host.evict('a')
    const user = { ip: '0.0.0.1' }
    expect(['a', 'b', 'c'].map((id) => host.tenant(id).checkGate(user, 'gate'))).toEqual([true, true, true])
    expect(calls).toBe(1)
    const { reason } = without.tenant('a').getFeatureGate(user, 'gate').details
    expect(reason).toBe('CountryLookupNotLoaded:Recognized')
    using broken = hostOf({ countryTable: new Uint8Array(9) })
    await expect(broken.put('a', specs)).rejects.toMatchObject({ code: 'COUNTRY_TABLE_INVALID' })
    expect(broken.has('a')).toBe(false)
  })

  test('keep what they have when new specs are refused', async () => {
    using host = hostOf()
    await host.put('a', specsOf('a1'))
    await expect(host.put('a', '{"broken":')).rejects.toMatchObject({ code: 'SPECS_INVALID' })
    await expect(host.put('a', specsOf('a2'), { limits: { loadFuel: 1000 } })).rejects.toMatchObject({
      code: 'FUEL_EXHAUSTED',
    })
    await expect(
      host.put(
        'a',
        specsOf(
          'a2',
          Array.from({ length: 90_000 }, (_, n) => `plan-${n}`),
        ),
        { limits: { maxBytes: 4 * MiB } },
      ),
    ).rejects.toMatchObject({ code: 'GUEST_MEMORY_EXHAUSTED' })
    expect(ruleOf(host, 'a')).toBe('rule-of-a1')
  })

  test('that nobody put, that were removed, and those of a host that is gone have typed errors', async () => {
    const host = hostOf()
    expect(codeOf(() => host.tenant('a'))).toBe('TENANT_UNKNOWN')
    await host.put('a', specsOf('a'))
    const handle = host.tenant('a')
    handle.checkGate(pro, 'gate')
    expect(await host.remove('a')).toBe(true)
    expect(await host.remove('a')).toBe(false)
    expect(codeOf(() => handle.checkGate(pro, 'gate'))).toBe('TENANT_UNKNOWN')
    host.dispose()
    expect(codeOf(() => host.tenant('a'))).toBe('DISPOSED')
    await expect(host.put('a', specsOf('a'))).rejects.toMatchObject({ code: 'DISPOSED' })
  })

  test('start from a snapshot of an evaluator of the same module', async () => {
    using evaluator = createEvaluator({ module, specs: specsOf('from-snapshot') })
    using host = hostOf()
    await host.put('a', evaluator.snapshot)
    await host.put('b', Snapshot.from(evaluator.snapshot.bytes.slice()))
    expect([ruleOf(host, 'a'), ruleOf(host, 'b')]).toEqual(['rule-of-from-snapshot', 'rule-of-from-snapshot'])
    using other = createEvaluator({ specs: specsOf('of-the-plain-build') })
    await host.put('c', other.snapshot)
    expect(codeOf(() => host.tenant('c').checkGate(pro, 'gate'))).toBe('SNAPSHOT_MISMATCH')
  })

  test('of overlapping puts, the one that was asked for last counts', async () => {
    const waiting: (() => void)[] = []
    const memory = new MemoryStore()
    const store: SnapshotStore = {
      get: (id) => memory.get(id),
      put: (id, bytes) =>
        new Promise<void>((resolve) => {
          waiting.push(() => {
            memory.put(id, bytes)
            resolve()
          })
        }),
      delete: (id) => memory.delete(id),
    }
    using host = hostOf({ store })
    const turn = () => new Promise((resolve) => setTimeout(resolve, 5))
    const first = host.put('a', specsOf('first'))
    await turn()
    const second = host.put('a', specsOf('second'))
    await turn()
    // The second waits until the store has finished the first, or the first could land on it.
    expect(waiting).toHaveLength(1)
    waiting.shift()?.()
    await turn()
    waiting.shift()?.()
    await Promise.all([first, second])
    expect(host.tenant('a').getFeatureGate(pro, 'gate').ruleID).toBe('rule-of-second')
    const removed = host.put('b', specsOf('b'))
    await turn()
    const removing = host.remove('b')
    waiting.shift()?.()
    await Promise.all([removed, removing])
    expect(memory.get('b')).toBeUndefined()
    expect(host.has('b')).toBe(false)
  })
})

describe('limits', () => {
  test('memory: a user that does not fit fails in its tenant, and the next one does not', async () => {
    using host = hostOf()
    await host.put('a', specsOf('a'), { limits: { maxBytes: 4 * MiB } })
    await host.put('b', specsOf('b'))
    expect(ruleOf(host, 'b')).toBe('rule-of-b')
    for (let time = 0; time < 20; time++) {
      expect(codeOf(() => host.tenant('a').checkGate(large(6 * MiB), 'gate'))).toBe('GUEST_MEMORY_EXHAUSTED')
      expect(ruleOf(host, 'a')).toBe('rule-of-a')
    }
    expect(host.tenant('a').stats.peakBytes).toBeLessThanOrEqual(4 * MiB)
    expect(host.tenant('b').stats.memoryBytes).toBeLessThan(4 * MiB)
  })

  test('fuel: the same question ends at the same place, is typed, counted and told, and others are answered', async () => {
    const told: string[] = []
    using host = hostOf({
      onEvent: ({ type, tenantID, error }) => told.push(`${tenantID} ${type} ${error?.code ?? ''}`),
    })
    await host.put('a', specsOf('a'), { limits: { fuel: 2000 } })
    const tenant = host.tenant('a')
    for (let time = 0; time < 3; time++) {
      // A long text is lower-cased and compared.
      expect(codeOf(() => tenant.checkGate(large(200_000), 'gate'))).toBe('FUEL_EXHAUSTED')
      expect(ruleOf(host, 'a')).toBe('rule-of-a')
    }
    expect(tenant.stats).toMatchObject({ ends: { FUEL_EXHAUSTED: 3 }, generation: 4, calls: 6 })
    expect(told.filter((event) => event === 'a ended FUEL_EXHAUSTED')).toHaveLength(3)
  })

  test('defaults: a caller that wants a value gets one, with the reason', async () => {
    using host = hostOf({ onFault: 'default' })
    await host.put('a', specsOf('a'), { limits: { fuel: 2000, callsPerSecond: 4 } })
    const tenant = host.tenant('a')
    expect(tenant.checkGate(large(200_000), 'gate')).toBe(false)
    expect(tenant.getFeatureGate(large(200_000), 'gate')).toMatchObject({
      value: false,
      ruleID: '',
      secondaryExposures: [],
      details: { reason: 'Error:FUEL_EXHAUSTED' },
    })
    expect(tenant.getLayer(large(200_000), 'none').get('steps', 3)).toBe(3)
    expect(tenant.checkGate(pro, 'gate')).toBe(true)
    expect(tenant.getDynamicConfig(pro, 'gate').details).toEqual({ reason: 'Error:RATE_LIMITED' })
    // A mistake of the caller is none of the engine's faults.
    expect(codeOf(() => host.tenant('other'))).toBe('TENANT_UNKNOWN')
  })

  test('rate: beyond so many a second questions are refused, until time has passed', async () => {
    using host = hostOf()
    await host.put('a', specsOf('a'), { limits: { callsPerSecond: 10 } })
    const tenant = host.tenant('a')
    const outcomes = Array.from({ length: 15 }, () => {
      try {
        return String(tenant.checkGate(pro, 'gate'))
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    expect(outcomes.slice(0, 10)).toEqual(Array(10).fill('true'))
    expect(outcomes.slice(-4)).toEqual(Array(4).fill('RATE_LIMITED'))
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(tenant.checkGate(pro, 'gate')).toBe(true)
    expect(tenant.stats.rateLimited).toBeGreaterThanOrEqual(4)
  })

  test('that nobody could keep are refused at once', () => {
    expect(codeOf(() => hostOf({ limits: { maxBytes: 65_536 } }))).toBe('ARGUMENT_INVALID')
    expect(codeOf(() => hostOf({ maxWarmBytes: 0 }))).toBe('ARGUMENT_INVALID')
  })
})

describe('warm and cold', () => {
  test('the least recently asked goes first; a handle of it wakes it again', async () => {
    using probe = hostOf()
    await probe.put('a', specsOf('a'))
    probe.tenant('a').checkGate(pro, 'gate')
    const each = probe.stats.warmBytes
    const events: string[] = []
    using host = hostOf({
      maxWarmBytes: 3.5 * each,
      onEvent: ({ type, tenantID }) => {
        if (type !== 'put') events.push(`${type} ${tenantID}`)
      },
    })
    for (const id of ['a', 'b', 'c', 'd']) await host.put(id, specsOf(id))
    expect(host.stats).toMatchObject({ tenants: 4, warm: 0 })
    for (const id of ['a', 'b', 'c', 'a', 'd', 'b']) ruleOf(host, id)
    expect(events).toEqual([
      ...['woken a', 'woken b', 'woken c'],
      ...['evicted b', 'woken d'],
      ...['evicted c', 'woken b'],
    ])
    expect(host.stats).toMatchObject({ warm: 3, wakes: 5, evictions: 2 })
    expect(host.tenant('c').stats).toMatchObject({ isWarm: false, memoryBytes: 0, warmBytes: 0, evictions: 1 })
    expect(['a', 'b', 'c', 'd'].map((id) => ruleOf(host, id))).toEqual(
      ['a', 'b', 'c', 'd'].map((id) => `rule-of-${id}`),
    )
  })

  test('what a question makes a tenant grow by counts against the budget', async () => {
    using host = hostOf({ maxWarmBytes: 4 * MiB })
    for (const id of ['a', 'b', 'c']) await host.put(id, specsOf(id))
    for (const id of ['a', 'b', 'c']) ruleOf(host, id)
    expect(host.stats.warm).toBe(3)
    host.tenant('c').checkGate(large(2_000_000), 'gate')
    ruleOf(host, 'c')
    expect([host.tenant('a').isWarm, host.tenant('c').isWarm]).toEqual([false, true])
    expect(host.stats.warmBytes).toBeLessThanOrEqual(4 * MiB)
  })

  test('a file store outlives the host, whatever the tenants are called', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'framegate-tenants-'))
    afterAll(() => rmSync(folder, { recursive: true }))
    const ids = ['a', 'A', '../../etc/passwd', 'ü/%2e', '', 'con']
    const store = new FileStore(join(folder, 'snapshots'))
    using first = hostOf({ store })
    for (const [index, id] of ids.entries()) await first.put(id, specsOf(`${index}`))
    expect(readdirSync(join(folder, 'snapshots'))).toHaveLength(ids.length)
    expect(readdirSync(folder)).toEqual(['snapshots'])
    using second = hostOf({ store: new FileStore(join(folder, 'snapshots')) })
    for (const [index, id] of ids.entries()) {
      second.adopt(id)
      expect(ruleOf(second, id)).toBe(`rule-of-${index}`)
    }
    // A fault reads the file again: no snapshot is kept while the tenant is warm.
    second.adopt('A', { limits: { fuel: 2000 } })
    expect(codeOf(() => second.tenant('A').checkGate(large(200_000), 'gate'))).toBe('FUEL_EXHAUSTED')
    expect(ruleOf(second, 'A')).toBe('rule-of-1')
    expect(second.tenant('A').stats).toMatchObject({ ends: { FUEL_EXHAUSTED: 1 }, wakes: 2 })
    await second.remove('a')
    second.adopt('a')
    expect(codeOf(() => ruleOf(second, 'a'))).toBe('TENANT_UNKNOWN')
    // A damaged file is found, and the others are not touched by it.
    writeFileSync(join(folder, 'snapshots', 'con.snapshot'), 'damaged')
    second.evict('con')
    expect(codeOf(() => ruleOf(second, 'con'))).toBe('SNAPSHOT_INVALID')
    expect(ruleOf(second, 'A')).toBe('rule-of-1')
  })

  test('a store that answers later: a cold tenant is woken first', async () => {
    const kept = new Map<string, Uint8Array>()
    const store: SnapshotStore = {
      get: async (id) => kept.get(id),
      put: async (id, bytes) => kept.set(id, bytes),
      delete: async (id) => kept.delete(id),
    }
    using host = hostOf({ store })
    await host.put('a', specsOf('a'))
    expect(codeOf(() => ruleOf(host, 'a'))).toBe('TENANT_COLD')
    const tenant = await host.wake('a')
    expect(tenant.getFeatureGate(pro, 'gate').ruleID).toBe('rule-of-a')
    host.evict('a')
    // Put while it wakes: the new specs answer.
    const waking = host.wake('a')
    await host.put('a', specsOf('a2'))
    expect((await waking).getFeatureGate(pro, 'gate').ruleID).toBe('rule-of-a2')
    kept.clear()
    host.evict('a')
    await expect(host.wake('a')).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' })
  })
})

describe('one tenant and the others', () => {
  test('nothing of a tenant is in the memory of the one that wakes in its place', async () => {
    using host = hostOf({ maxWarmBytes: 1 })
    const canary = 'canary-7f3a'
    await host.put('a', specsOf(canary, [`${canary}-plan`, 'pro']))
    await host.put('b', specsOf('b'))
    using untouched = hostOf()
    await untouched.put('b', specsOf('b'))
    untouched.tenant('b').checkGate(pro, 'gate')
    const expected = copyOf(untouched, 'b')
    let began = 0
    for (let round = 0; round < 20; round++) {
      // A user that makes memory grow leaves an instance that is of no use to b.
      const plan = canary.repeat(round % 2 === 0 ? 5 : 50_000)
      host.tenant('a').checkGate({ userID: `${canary}-user`, custom: { plan } }, 'gate')
      const { buffer } = memoryOf(host, 'a')
      if (round % 2 === 0) fillUnused(host, 'a', canary)
      host.evict('a')
      host.tenant('b').checkGate(pro, 'gate')
      if (memoryOf(host, 'b').buffer === buffer) began++
      const memory = copyOf(host, 'b')
      expect(memory.includes(canary)).toBe(false)
      expect(memory.equals(expected)).toBe(true)
    }
    expect(began).toBe(10)
    // The scan finds a canary where there is one.
    host.tenant('a').checkGate(pro, 'gate')
    expect(copyOf(host, 'a').includes(canary)).toBe(true)
  })

  test('faults, floods and growth of some change no answer of the others', async () => {
    const ids = Array.from({ length: 12 }, (_, number) => `tenant-${number}`)
    const users = Array.from({ length: 40 }, (_, number) => ({
      userID: `user-${number}`,
      custom: { plan: number % 3 === 0 ? 'pro' : `plan-${number % 7}` },
    }))
    const specs = (id: string) => specsOf(id, ['pro', `plan-${id.length % 5}`, `plan-${Number(id.slice(7)) % 7}`])
    const answers = (host: TenantHost) =>
      users.flatMap((user) => ids.map((id) => JSON.stringify(compared(host.tenant(id).getFeatureGate(user, 'gate')))))

    using undisturbed = hostOf()
    for (const id of ids) await undisturbed.put(id, specs(id))
    const expected = answers(undisturbed)

    // Without a bound on recoveries each bad call ends an instance.
    const limits = { recoveriesPerSecond: Number.POSITIVE_INFINITY }
    using host = hostOf({ maxWarmBytes: 9 * MiB, limits })
    for (const id of ids) await host.put(id, specs(id))
    await host.put('burner', specsOf('burner'), { limits: { fuel: 500 } })
    await host.put('grower', specsOf('grower'), { limits: { maxBytes: 4 * MiB } })
    await host.put('trapper', poisoned())
    const codes = new Map<string, number>()
    const disturb = () => {
      for (const [id, user] of [
        ['burner', large(200_000)],
        ['grower', large(3 * MiB)],
        ['trapper', pro],
      ] as const) {
        const code = `${id} ${codeOf(() => host.tenant(id).checkGate(user, 'gate'))}`
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
    }
    const disturbed = users.flatMap((user) =>
      ids.map((id) => {
        disturb()
        return JSON.stringify(compared(host.tenant(id).getFeatureGate(user, 'gate')))
      }),
    )
    expect(disturbed).toEqual(expected)
    expect([...codes.keys()].sort()).toEqual([
      'burner FUEL_EXHAUSTED',
      'grower GUEST_MEMORY_EXHAUSTED',
      'trapper GUEST_TRAPPED',
    ])
  })

  test('a storm of one is refused to it alone', async () => {
    using host = hostOf()
    await host.put('a', specsOf('a'))
    await host.put('trapper', poisoned(), { limits: { recoveriesPerSecond: 10 } })
    const codes = Array.from({ length: 100 }, () => codeOf(() => host.tenant('trapper').checkGate(pro, 'gate')))
    expect(codes.filter((code) => code === 'ENGINE_UNSTABLE').length).toBeGreaterThan(50)
    expect(ruleOf(host, 'a')).toBe('rule-of-a')
  })

  test('a listener that throws disturbs no call', async () => {
    const uncaught: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => uncaught.push(error))
    try {
      using host = hostOf({
        onEvent: () => {
          throw new Error('of the listener')
        },
      })
      await host.put('a', specsOf('a'))
      expect(ruleOf(host, 'a')).toBe('rule-of-a')
      await new Promise((resolve) => setTimeout(resolve, 10))
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
    expect(uncaught).toEqual([new Error('of the listener'), new Error('of the listener')])
  })
})

function compared({
  value,
  ruleID,
  secondaryExposures,
}: {
  value: boolean
  ruleID: string
  secondaryExposures: unknown
}) {
  return { value, ruleID, secondaryExposures }
}

/** All of a warm tenant's linear memory, by a snapshot of it at rest, which leaves nothing out that is not zero or the module's. */
function memoryOf(host: TenantHost, id: string): Uint8Array {
  const tenant = host.tenant(id) as unknown as { engine(): { library: { frame(size: number): Frame } } }
  const frame = tenant.engine().library.frame(0)
  try {
    return frame.memory.u8
  } finally {
    frame.release()
  }
}

function copyOf(host: TenantHost, id: string): Buffer {
  return Buffer.from(memoryOf(host, id))
}

/** Writes a text wherever there is nothing. */
function fillUnused(host: TenantHost, id: string, text: string): void {
  const memory = memoryOf(host, id)
  const bytes = Buffer.from(text)
  for (let at = 0; at + 64 <= memory.length; at += 64)
    if (memory.subarray(at, at + 64).every((byte) => byte === 0)) memory.set(bytes, at)
}

type Frame = { memory: { u8: Uint8Array }; release(): void }

/** A snapshot that is whole, of an engine whose specs are not: whatever is asked, it traps. */
function poisoned(): Snapshot {
  using healthy = createEvaluator({ module, specs: specsOf('poisoned') })
  const { snapshot } = healthy
  using library = open(engineGuest(module, {}), ENGINE, { snapshot })
  const frame = library.frame(0)
  const { handle } = JSON.parse(headerOf(snapshot.note)) as { handle: number }
  frame.memory.u8.fill(0xff, handle, handle + 200)
  frame.release()
  return library.snapshot(snapshot.note)
}

function headerOf(note: Uint8Array): string {
  const length = new DataView(note.buffer, note.byteOffset).getUint32(0, true)
  return new TextDecoder().decode(note.slice(4, 4 + length))
}
