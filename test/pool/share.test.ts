/** Specs shared between threads: what attached evaluators answer, what of the owner reaches them, and when. */
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { createEvaluator, Snapshot } from '../../src/node.ts'
import { BoardReader } from '../../src/pool/board.ts'
import { attach, type SharedHandle, share } from '../../src/pool/threads.ts'
import { condition, payload, rule, spec } from '../support/specs.ts'
import { versionedSpecs, versionOf } from './versions.ts'

const failing = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

const user = { userID: 'u' }

/** A handle as it arrives in another thread. */
const posted = (handle: SharedHandle): SharedHandle => structuredClone(handle)

describe('an attached evaluator', () => {
  test('answers as its owner does, with the owner’s environment, fields and limits', () => {
    const specs = payload({
      feature_gates: {
        staging: spec([rule('tier', ['tier'])]),
        field: spec([rule('field', ['field'])]),
      },
      condition_map: {
        tier: condition('environment_field', { field: 'tier', operator: 'any', targetValue: ['staging'] }),
        field: condition('user_field', { field: 'plan', operator: 'any', targetValue: ['x'] }),
      },
    })
    const limits = { maxBytes: 1 << 24, fuel: 1_000_000 }
    using loaded = createEvaluator({ specs, environment: 'production', limits })
    // The owner's own options win over those of whoever loaded the snapshot that it started from.
    using evaluator = createEvaluator({
      specs: loaded.snapshot,
      environment: 'staging',
      globalCustomFields: { plan: 'x' },
      source: 'Network',
      limits,
    })
    using attached = attach(posted(share(evaluator)))
    expect(attached.list).toEqual(evaluator.list)
    for (const name of ['staging', 'field', 'none']) {
      expect(attached.getFeatureGate(user, name).toJSON()).toEqual(evaluator.getFeatureGate(user, name).toJSON())
    }
    expect(attached.checkGates(user, ['staging', 'field'])).toEqual([true, true])
  })

  test('finds the country of an address as its owner does, and asks operators of its own', () => {
    const specs = payload({
      feature_gates: { country: spec([rule('us', ['country'])]), custom: spec([rule('even', ['even'])]) },
      condition_map: {
        country: condition('ip_based', { field: 'country', operator: 'any', targetValue: ['US'] }),
        even: condition('user_field', { field: 'level', operator: 'custom:even', targetValue: null }),
      },
    })
    using evaluator = createEvaluator({ specs })
    const even = (value: unknown) => Number(value) % 2 === 0
    using attached = attach(posted(share(evaluator)), { operators: { even } })
    for (const ip of ['8.8.8.8', '1.1.1.1']) {
      expect(attached.getFeatureGate({ ip }, 'country').toJSON()).toEqual(
        evaluator.getFeatureGate({ ip }, 'country').toJSON(),
      )
    }
    expect(attached.checkGate({ ip: '8.8.8.8' }, 'country')).toBe(true)
    expect([1, 2].map((level) => attached.checkGate({ custom: { level } }, 'custom'))).toEqual([false, true])
  })

  test('takes its own clock and seeds', () => {
    const specs = payload({
      feature_gates: { late: spec([rule('late', ['late'])]) },
      condition_map: { late: condition('current_time', { operator: 'after', targetValue: 5000 }) },
    })
    using evaluator = createEvaluator({ specs, now: () => 0 })
    using attached = attach(posted(share(evaluator)), { now: () => 6000 })
    expect([evaluator.checkGate(user, 'late'), attached.checkGate(user, 'late')]).toEqual([false, true])
  })

  test('meets updates and rollbacks at its next call; bound users go on', () => {
    using evaluator = createEvaluator({ specs: versionedSpecs(1) })
    const handle = share(evaluator)
    using attached = attach(posted(handle))
    const bound = attached.bind(user)
    const earlier = bound.getDynamicConfig('first')
    evaluator.update(versionedSpecs(2))
    expect(versionOf(bound.getDynamicConfig('first'))).toBe(2)
    expect(versionOf(earlier)).toBe(1)
    evaluator.update(versionedSpecs(3))
    evaluator.update(versionedSpecs(4))
    expect(attached.checkGate(user, 'even')).toBe(true)
    evaluator.rollback()
    expect(versionOf(attached.getDynamicConfig(user, 'last'))).toBe(3)
    expect([handle.version, attached.version, attached.stats.updates, attached.generation]).toEqual([5, 5, 3, 4])
  })

  test('meets what updateAsync brought', async () => {
    using evaluator = createEvaluator({ specs: versionedSpecs(1) })
    using attached = attach(posted(share(evaluator)))
    await evaluator.updateAsync(versionedSpecs(2))
    expect(attached.generation).toBe(2)
    expect(versionOf(attached.getDynamicConfig(user, 'first'))).toBe(2)
  })

  test('finishes a call on the specs that it began with, when a getter of the user makes it meet newer ones', () => {
    const specs = (target: string) =>
      payload({
        feature_gates: { asked: spec([rule('asked', ['asked'])]) },
        condition_map: { asked: condition('user_field', { field: 'plan', operator: 'any', targetValue: [target] }) },
      })
    using evaluator = createEvaluator({ specs: specs('old') })
    using attached = attach(posted(share(evaluator)))
    const inner: boolean[] = []
    const changing = {
      custom: {
        get plan() {
          if (inner.length === 0) {
            evaluator.update(specs('new'))
            inner.push(attached.checkGate({ custom: { plan: 'new' } }, 'asked'))
          }
          return 'old'
        },
      },
    }
    expect(attached.checkGate(changing, 'asked')).toBe(true)
    expect(inner).toEqual([true])
    expect(attached.checkGate(changing, 'asked')).toBe(false)
  })

  test('is one of several in a thread, each on its own', () => {
    using evaluator = createEvaluator({ specs: versionedSpecs(1) })
    const handle = posted(share(evaluator))
    const first = attach(handle)
    using second = attach(handle)
    first.dispose()
    expect(() => first.checkGate(user, 'even')).toThrow(failing('DISPOSED'))
    evaluator.update(versionedSpecs(2))
    expect(second.checkGate(user, 'even')).toBe(true)
  })

  test('goes on with what it has once its owner stopped or was disposed of', () => {
    const evaluator = createEvaluator({ specs: versionedSpecs(1) })
    const handle = share(evaluator)
    using attached = attach(posted(handle))
    expect(attached.isFollowing).toBe(true)
    handle.stop()
    evaluator.update(versionedSpecs(2))
    expect(versionOf(attached.getDynamicConfig(user, 'first'))).toBe(1)
    expect(attached.isFollowing).toBe(false)
    evaluator.dispose()
    expect(versionOf(attached.getDynamicConfig(user, 'first'))).toBe(1)
    using late = attach(posted(handle))
    expect(versionOf(late.getDynamicConfig(user, 'first'))).toBe(1)
  })

  test('throws once when newer specs do not start, and goes on with those before until there are newer ones', () => {
    using evaluator = createEvaluator({ specs: versionedSpecs(1) })
    const handle = share(evaluator)
    using attached = attach(posted(handle))
    // What an instance refuses: bytes that are no snapshot, in the place of the current one.
    evaluator.update(versionedSpecs(2))
    const damaged = new Uint8Array(handle.board)
    const whole = damaged.slice()
    damaged.fill(0)
    expect(() => attached.checkGate(user, 'even')).toThrow(failing('SNAPSHOT_INVALID', 'Version 1 stays in force'))
    expect(versionOf(attached.getDynamicConfig(user, 'first'))).toBe(1)
    damaged.set(whole)
    evaluator.update(versionedSpecs(4))
    expect(versionOf(attached.getDynamicConfig(user, 'first'))).toBe(4)
  })
})

describe('sharing', () => {
  test('is refused for native and attached evaluators, and for what is none', () => {
    using native = createEvaluator({ specs: versionedSpecs(1), backend: 'native' })
    expect(() => share(native)).toThrow(failing('SHARING_REFUSED', 'use the wasm backend'))
    using evaluator = createEvaluator({ specs: versionedSpecs(1) })
    using attached = attach(share(evaluator))
    expect(() => share(attached as never)).toThrow(failing('SHARING_REFUSED', 'passes on the handle'))
    expect(() => share(evaluator, { maxBytes: -1 })).toThrow(failing('ARGUMENT_INVALID'))
    for (const value of [null, undefined, {}, 'shared']) {
      expect(() => attach(value as never)).toThrow(failing('ARGUMENT_INVALID', 'no handle'))
    }
  })

  test('tells the owner when there is no room; the update is in force there, the threads keep theirs', () => {
    using evaluator = createEvaluator({ specs: versionedSpecs(1) })
    const { length } = evaluator.snapshot.bytes
    expect(() => share(evaluator, { maxBytes: length - 8 })).toThrow(failing('SHARED_MEMORY_EXHAUSTED', 'maxBytes'))
    const handle = share(evaluator, { maxBytes: 2 * length - 8 })
    using attached = attach(posted(handle))
    const told: number[] = []
    evaluator.onUpdate(() => told.push(1))
    expect(() => evaluator.update(versionedSpecs(2))).toThrow(failing('SHARED_MEMORY_EXHAUSTED', 'in force'))
    expect(told).toEqual([1])
    expect(versionOf(evaluator.getDynamicConfig(user, 'first'))).toBe(2)
    expect(versionOf(attached.getDynamicConfig(user, 'first'))).toBe(1)
  })

  test('uses its memory again: hundreds of updates of all lengths stay within three times the largest', () => {
    using evaluator = createEvaluator({ specs: versionedSpecs(1) })
    const handle = share(evaluator)
    using attached = attach(posted(handle))
    let largest = 0
    for (let version = 2; version <= 300; version++) {
      evaluator.update(versionedSpecs(version, (version * 37) % 90))
      largest = Math.max(largest, evaluator.snapshot.bytes.length)
      if (version % 3 === 0) expect(versionOf(attached.getDynamicConfig(user, 'last'))).toBe(version)
    }
    expect(handle.board.byteLength).toBeLessThan(3 * largest)
    expect(attached.version).toBe(300)
  })
})

/** What `scripts/reader.mjs` posts when it has seen the last version. */
interface Seen {
  readonly versions: number
  readonly calls: number
  readonly torn: readonly string[]
}

describe('threads', () => {
  const read = (handle: SharedHandle, last: number, mode: 'follow' | 'attach') =>
    new Promise<Seen>((resolve, reject) => {
      const worker = new Worker(new URL('./scripts/reader.mjs', import.meta.url), {
        workerData: { handle, last, mode },
        execArgv: [],
      })
      worker.on('message', resolve)
      worker.on('error', reject)
    })

  test.each(['follow', 'attach'] as const)(
    'never see a mixture of versions while the owner updates as fast as it can (%s)',
    async (mode) => {
      using evaluator = createEvaluator({ specs: versionedSpecs(1, 2000), history: 0 })
      const snapshots = Array.from({ length: 4 }, (_, index) => {
        using other = createEvaluator({ specs: versionedSpecs(index + 1, 2000 + 40 * index) })
        return other.snapshot
      })
      const handle = share(evaluator)
      const last = 150
      const readers = [read(handle, last, mode), read(handle, last, mode)]
      // Readers are there before the updates are over.
      await new Promise((resolve) => setTimeout(resolve, 300))
      for (let version = 2; version <= last; version++) {
        evaluator.update(snapshots[version % snapshots.length]!)
        if (version % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      const seen = await Promise.all(readers)
      for (const { torn, versions } of seen) {
        expect(torn).toEqual([])
        expect(versions).toBeGreaterThan(3)
      }
    },
  )
})

test('a reader whose copy was overtaken copies again', () => {
  using evaluator = createEvaluator({ specs: versionedSpecs(1) })
  const handle = share(evaluator)
  let overtaken = 0
  const reader = new BoardReader(handle)
  const slice = Uint8Array.prototype.slice
  // The owner updates twice in the middle of the copy, so that the stretch that is copied is written over.
  Uint8Array.prototype.slice = function (this: Uint8Array, ...range: [number?, number?]) {
    const bytes = slice.apply(this, range)
    if (this.buffer === (handle.board as unknown) && overtaken < 2) {
      overtaken++
      evaluator.update(versionedSpecs(2 * overtaken, 10))
      evaluator.update(versionedSpecs(2 * overtaken + 1, 10))
      bytes.fill(0)
    }
    return bytes
  } as typeof slice
  try {
    const { version, bytes } = reader.read()
    expect([version, overtaken, handle.version]).toEqual([5, 2, 5])
    using again = createEvaluator({ specs: Snapshot.from(bytes) })
    expect(versionOf(again.getDynamicConfig(user, 'first'))).toBe(5)
  } finally {
    Uint8Array.prototype.slice = slice
  }
})
