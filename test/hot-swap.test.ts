/** New specs cost no pause: they are loaded elsewhere, one reference is turned, and what was asked goes on. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEvaluator, Snapshot } from '../src/node.ts'
import { backends } from './support/backends.ts'
import { projectFolder } from './support/data.ts'
import { median } from './support/median.ts'
import { condition, payload, rule, spec } from './support/specs.ts'
import { codeOf } from './wat/thrown.ts'

const pro = { userID: 'u', custom: { plan: 'pro', extra: 'x' } }

/** A gate whose rule carries the version, with fields that other versions do not have in the same places. */
function version(number: number): string {
  const fields = Array.from({ length: number % 5 }, (_, index) => [
    `filler${index}`,
    spec([rule(`f${index}`, [`filler${index}`])]),
  ])
  return payload({
    feature_gates: { ...Object.fromEntries(fields), gate: spec([rule(`v${number}`, ['plan'])]) },
    condition_map: {
      plan: condition('user_field', { operator: 'any', field: 'plan', targetValue: ['pro'] }),
      ...Object.fromEntries(
        fields.map((_, index) => [
          `filler${index}`,
          condition('user_field', { operator: 'any', field: `filler${index}`, targetValue: ['x'] }),
        ]),
      ),
    },
  })
}

const ruleOf = (evaluator: Pick<ReturnType<typeof createEvaluator>, 'getFeatureGate'>) =>
  evaluator.getFeatureGate(pro, 'gate').ruleID

describe.each(backends)('on the %s backend', (backend) => {
  test('updateAsync replaces the specs, and bound users go on', async () => {
    using evaluator = createEvaluator({ specs: version(1), backend })
    const bound = evaluator.bind(pro)
    expect(bound.getFeatureGate('gate').ruleID).toBe('v1')
    const updating = evaluator.updateAsync(version(4))
    expect(ruleOf(evaluator)).toBe('v1')
    expect((await updating).counts.gates).toBe(5)
    expect([ruleOf(evaluator), bound.getFeatureGate('gate').ruleID]).toEqual(['v4', 'v4'])
    expect(evaluator.stats).toMatchObject({ updates: 1, generation: 2 })
  })

  test('updateAsync with what is refused leaves the old in force', async () => {
    using evaluator = createEvaluator({ specs: version(1), backend })
    await expect(evaluator.updateAsync('{"time": 1')).rejects.toMatchObject({ code: 'SPECS_INVALID' })
    await expect(evaluator.updateAsync('{"has_updates": false}')).rejects.toMatchObject({ code: 'SPECS_UNCHANGED' })
    expect([ruleOf(evaluator), evaluator.generation]).toEqual(['v1', 1])
    // The next one is not held up by those before it.
    await evaluator.updateAsync(version(2))
    expect(ruleOf(evaluator)).toBe('v2')
  })

  test('updates take effect in the order in which they were asked for', async () => {
    using evaluator = createEvaluator({ specs: version(0), backend })
    const updates = [1, 2, 3].map((number) => evaluator.updateAsync(version(number)))
    evaluator.update(version(4))
    await Promise.all(updates)
    expect(ruleOf(evaluator)).toBe('v4')
    // One that is being loaded when a later one takes effect is dropped as well.
    const overtaken = evaluator.updateAsync(version(7))
    await new Promise(setImmediate)
    evaluator.update(version(8))
    await overtaken
    expect(ruleOf(evaluator)).toBe('v8')
    await Promise.all([5, 6].map((number) => evaluator.updateAsync(version(number))))
    expect(ruleOf(evaluator)).toBe('v6')
  })

  test('an evaluator that is disposed of while it loads answers no more, and nothing hangs', async () => {
    const evaluator = createEvaluator({ specs: version(1), backend })
    const updating = evaluator.updateAsync(version(2))
    evaluator.dispose()
    await expect(updating).rejects.toMatchObject({ code: 'DISPOSED' })
    await expect(evaluator.updateAsync(version(2))).rejects.toMatchObject({ code: 'DISPOSED' })
  })
})

describe('on the wasm backend', () => {
  test('the payload may be changed as soon as updateAsync has been called', async () => {
    using evaluator = createEvaluator({ specs: version(1) })
    const bytes = new TextEncoder().encode(version(2))
    const updating = evaluator.updateAsync(bytes)
    bytes.fill(0)
    await updating
    expect(ruleOf(evaluator)).toBe('v2')
  })

  test('updateAsync loads what the evaluator itself would: ID lists, app id, environment, country table', async () => {
    const shop = readFileSync(join(projectFolder, 'examples/shop.specs.json'))
    const idLists = { employees: readFileSync(join(projectFolder, 'examples/id-lists/employees'), 'utf8') }
    const options = { idLists, environment: 'production', appId: 'web', now: () => 1_790_000_000_000, seed: () => 1 }
    using direct = createEvaluator({ ...options, specs: shop })
    using updated = createEvaluator({ ...options, specs: version(1) })
    await updated.updateAsync(shop)
    const users = Array.from({ length: 60 }, (_, number) => ({
      userID: `user-${number}`,
      ip: `${(number * 37) % 224}.10.20.30`,
      email: `a${number}@example.com`,
    }))
    for (const user of users) {
      for (const name of direct.list.gates) {
        const [one, other] = [direct, updated].map((each) => each.getFeatureGate(user, name))
        expect([other?.value, other?.ruleID, other?.secondaryExposures]).toEqual([
          one?.value,
          one?.ruleID,
          one?.secondaryExposures,
        ])
      }
    }
  })

  test('rollback goes back as far as history reaches', () => {
    using evaluator = createEvaluator({ specs: version(1), history: 2 })
    for (const number of [2, 3, 4]) evaluator.update(version(number))
    evaluator.rollback()
    expect(ruleOf(evaluator)).toBe('v3')
    evaluator.rollback()
    expect(ruleOf(evaluator)).toBe('v2')
    expect(codeOf(() => evaluator.rollback())).toBe('SNAPSHOT_MISSING')
    expect(ruleOf(evaluator)).toBe('v2')
    evaluator.update(version(5))
    evaluator.rollback()
    expect(ruleOf(evaluator)).toBe('v2')
    using forgetful = createEvaluator({ specs: version(1), history: 0 })
    forgetful.update(version(2))
    expect(codeOf(() => forgetful.rollback())).toBe('SNAPSHOT_MISSING')
  })

  test('a rollback is not undone by an update that was asked for before it', async () => {
    using evaluator = createEvaluator({ specs: version(1) })
    evaluator.update(version(2))
    const late = evaluator.updateAsync(version(3))
    evaluator.rollback()
    await late
    expect(ruleOf(evaluator)).toBe('v1')
  })

  test('a snapshot is what other evaluators start from, with the options of its maker unless they say otherwise', () => {
    const specs = payload({
      feature_gates: { gate: spec([rule('r', ['tier'])]), lucky: spec([rule('l', ['lucky'])]) },
      condition_map: {
        tier: condition('environment_field', { operator: 'any', field: 'tier', targetValue: ['staging'] }),
        lucky: condition('user_field', { operator: 'any', field: 'luck', targetValue: ['yes'] }),
      },
    })
    using maker = createEvaluator({
      specs,
      environment: 'staging',
      globalCustomFields: { luck: 'yes' },
      source: 'Network',
    })
    using copy = createEvaluator({ specs: Snapshot.from(maker.snapshot.bytes.slice()) })
    using other = createEvaluator({ specs: maker.snapshot, environment: 'production', source: 'Cache' })
    expect([copy.checkGate({}, 'gate'), copy.checkGate({}, 'lucky')]).toEqual([true, true])
    expect(other.checkGate({}, 'gate')).toBe(false)
    expect(copy.getFeatureGate({}, 'gate').details.reason).toBe('Network:Recognized')
    expect(other.getFeatureGate({}, 'gate').details.reason).toBe('Cache:Recognized')
    expect(copy.report).toEqual(maker.report)
    expect(copy.getFeatureGate({}, 'gate').details.receivedAt).toBe(maker.getFeatureGate({}, 'gate').details.receivedAt)
    using native = createEvaluator({ specs, backend: 'native' })
    expect(codeOf(() => native.snapshot)).toBe('SNAPSHOT_REFUSED')
    expect(codeOf(() => native.update(maker.snapshot))).toBe('SNAPSHOT_REFUSED')
  })

  test('listeners hear of updates and rollbacks until they stop listening', async () => {
    using evaluator = createEvaluator({ specs: version(1) })
    const heard: Snapshot[] = []
    const stop = evaluator.onUpdate((snapshot) => heard.push(snapshot))
    evaluator.update(version(2))
    await evaluator.updateAsync(version(3))
    evaluator.rollback()
    stop()
    evaluator.update(version(4))
    const rules = heard.map((snapshot) => {
      using each = createEvaluator({ specs: snapshot })
      return ruleOf(each)
    })
    expect(rules).toEqual(['v2', 'v3', 'v2'])
  })

  test('50,000 interleaved updates and evaluations leave memory as it was after warm-up', { timeout: 240_000 }, () => {
    const versions = [version(0), version(3)]
    using evaluator = createEvaluator({ specs: version(3) })
    const rss: number[] = []
    const sizes = new Set<number>()
    for (let round = 0; round < 25_000; round++) {
      const number = round % 2
      evaluator.update(versions[number] as string)
      if (!evaluator.checkGate(pro, 'gate')) expect(ruleOf(evaluator)).toBe(number)
      if (round % 50 === 0) {
        sizes.add(evaluator.memoryBytes)
        rss.push(process.memoryUsage.rss())
      }
    }
    expect(sizes.size).toBeLessThanOrEqual(2)
    const quarter = Math.floor(rss.length / 4)
    expect(median(rss.slice(-quarter)) - median(rss.slice(quarter, 2 * quarter))).toBeLessThan(20_000_000)
  })
})
