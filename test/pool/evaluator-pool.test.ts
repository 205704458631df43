/** Many users on several threads: right, in order, each exactly once, whatever ends threads. */
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createEvaluator, type User } from '../../src/node.ts'
import { EvaluatorPool, type EvaluatorPoolOptions, UserError } from '../../src/pool/index.ts'
import { smallSpecs } from '../cli/small-specs.ts'
import { condition, payload, publicCondition, rule, spec } from '../support/specs.ts'
import { versionedSpecs } from './versions.ts'

const failing = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

const pool = (options: Partial<EvaluatorPoolOptions> = {}) =>
  EvaluatorPool.create({ specs: smallSpecs(), threads: 2, batchSize: 50, ...options } as EvaluatorPoolOptions)

const users = Array.from(
  { length: 500 },
  (_, index): User => ({
    userID: `u${index}`,
    custom: { level: (index * 7919) % 20 },
  }),
)

describe('an evaluator pool', () => {
  test('gives the values of gates, user after user, as its evaluator gives them', async () => {
    await using evaluators = await pool()
    const gates = ['experienced', 'half', 'unknown', 'everyone']
    const expected = users.map((user) => evaluators.evaluator.checkGates(user, gates))
    expect(await evaluators.evaluateMany(users, gates)).toEqual(expected)
    expect(await evaluators.evaluateMany([], gates)).toEqual([])
    expect(await evaluators.evaluateMany(users.slice(0, 3), [])).toEqual([[], [], []])
    expect(evaluators.stats).toMatchObject({ completed: 11, running: 0, waiting: 0 })
  })

  test('gives whole answers of every kind', async () => {
    await using evaluators = await pool()
    const asked = { gates: ['half', 'unknown'], configs: ['banner'], experiments: ['button'], layers: ['looks'] }
    const answers = await evaluators.evaluateMany(users, asked)
    answers.forEach((answer, index) => {
      const bound = evaluators.evaluator.bind(users[index] as User)
      expect(answer).toEqual({
        gates: { half: bound.getFeatureGate('half').toJSON(), unknown: bound.getFeatureGate('unknown').toJSON() },
        configs: { banner: bound.getDynamicConfig('banner').toJSON() },
        experiments: { button: bound.getExperiment('button').toJSON() },
        layers: { looks: bound.getLayer('looks').toJSON() },
      })
    })
    expect((await evaluators.evaluateMany([{}], { gates: ['half'] }))[0]).toMatchObject({ configs: {}, layers: {} })
  })

  test.each([
    ['an array', () => users],
    ['an iterator', () => users.values()],
    ['a stream', () => Readable.from(users) as AsyncIterable<User>],
  ])('evaluates %s in order', async (_, source) => {
    await using evaluators = await pool()
    const seen: boolean[] = []
    for await (const [gate] of evaluators.evaluateEach(source(), ['experienced'])) seen.push(gate as boolean)
    expect(seen).toEqual(users.map((user) => (user.custom?.level as number) >= 10))
  })

  test('updates its threads, and shares an evaluator that it does not own', async () => {
    using evaluator = createEvaluator({ specs: versionedSpecs(1) })
    {
      await using evaluators = await pool({ evaluator })
      expect(await evaluators.evaluateMany([{}], ['even'])).toEqual([[false]])
      evaluators.update(versionedSpecs(2))
      expect(await evaluators.evaluateMany([{}], ['even'])).toEqual([[true]])
      await evaluators.updateAsync(versionedSpecs(3))
      expect(await evaluators.evaluateMany([{}], ['even'])).toEqual([[false]])
    }
    expect(evaluator.checkGate({}, 'even')).toBe(false)
  })

  test('is never further ahead of its consumer than three batches per thread', async () => {
    await using evaluators = await pool({ batchSize: 10 })
    let taken = 0
    let given = 0
    let most = 0
    let closed = false
    async function* source() {
      try {
        for (;;) {
          given++
          most = Math.max(most, given - taken)
          yield { userID: `u${given}`, custom: { level: given % 20 } }
        }
      } finally {
        closed = true
      }
    }
    for await (const [gate] of evaluators.evaluateEach(source(), ['experienced'])) {
      taken++
      expect(gate).toBe(taken % 20 >= 10)
      if (taken % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      if (taken === 1000) break
    }
    expect(most).toBeLessThanOrEqual(2 * 3 * 10 + 10)
    expect(most).toBeGreaterThan(20)
    expect(closed).toBe(true)
  })

  test('does not keep users waiting whose batch does not fill up', async () => {
    await using evaluators = await pool()
    let release: (() => void) | undefined
    async function* source() {
      yield users[0] as User
      yield users[1] as User
      await new Promise<void>((resolve) => {
        release = resolve
      })
      yield users[2] as User
    }
    const answers = evaluators.evaluateEach(source(), ['everyone'])
    expect((await answers.next()).value).toEqual([true])
    expect((await answers.next()).value).toEqual([true])
    release?.()
    expect((await answers.next()).value).toEqual([true])
    expect((await answers.next()).done).toBe(true)
  })
})

describe('an error', () => {
  test('about a user says which; it is not tried again and the pool goes on', async () => {
    await using evaluators = await pool()
    const withBad = (bad: unknown) => users.map((user, index) => (index === 321 ? (bad as User) : user))
    for (const bad of [null, { custom: { level: () => 1 } }]) {
      const error = await evaluators.evaluateMany(withBad(bad), ['experienced']).catch((thrown) => thrown)
      expect(error).toBeInstanceOf(UserError)
      expect(error).toMatchObject({ code: 'USER_INVALID', user: 321, message: expect.stringContaining('user 321') })
    }
    expect(await evaluators.evaluateMany(users.slice(0, 1), ['everyone'])).toEqual([[true]])
    expect(evaluators.stats).toMatchObject({ retried: 0, lost: 0, ended: 0 })
  })

  test('of a source comes after the answers before it', async () => {
    await using evaluators = await pool({ batchSize: 10 })
    function* source() {
      yield* users.slice(0, 35)
      throw new Error('the source broke')
    }
    const seen: unknown[] = []
    const all = async () => {
      for await (const answer of evaluators.evaluateEach(source(), ['everyone'])) seen.push(answer)
    }
    await expect(all()).rejects.toThrow('the source broke')
  })

  test.each([{ threads: 0 }, { batchSize: 1.5 }, { deadlineMs: -1 }, { retries: -1 }])(
    'is what %j gives',
    async (options) => {
      await expect(pool(options)).rejects.toThrow(failing('ARGUMENT_INVALID', Object.keys(options)[0]))
    },
  )

  test('is what wrong arguments give', async () => {
    await using evaluators = await pool()
    for (const names of ['gate', null, [1], { gates: 'x' }]) {
      await expect(evaluators.evaluateMany(users, names as never)).rejects.toThrow(failing('ARGUMENT_INVALID', 'names'))
    }
    await expect(evaluators.evaluateMany({} as never, [])).rejects.toThrow(failing('ARGUMENT_INVALID', 'users'))
    await expect(pool({ evaluator: createEvaluator({ specs: smallSpecs(), backend: 'native' }) })).rejects.toThrow(
      failing('SHARING_REFUSED'),
    )
  })
})

describe('a deadline or a signal', () => {
  // A regular expression that backtracks: minutes for one user.
  const slow = payload({
    feature_gates: { slow: spec([rule('slow', ['slow'])]), fast: spec([rule('fast', ['all'])]) },
    condition_map: {
      all: publicCondition,
      slow: condition('user_field', { field: 'email', operator: 'str_matches', targetValue: '^(a+)+\\1?(?=b)$' }),
    },
  })
  const endless: User = { email: 'a'.repeat(5000) }
  const batch = Array.from({ length: 50 }, () => endless)

  test('ends the thread in the middle of the engine, and the pool goes on', async () => {
    await using evaluators = await pool({ specs: slow })
    await evaluators.evaluateMany([{}], ['fast'])
    const abort = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => abort.abort(reason), 100)
    const many = Array.from({ length: 40 }, () => batch).flat()
    const asked = Array.from({ length: 400 }, () => 'slow')
    await expect(evaluators.evaluateMany(many, asked, { signal: abort.signal })).rejects.toBe(reason)
    await expect(evaluators.evaluateMany(many, asked, { deadlineMs: 50 })).rejects.toThrow(
      failing('DEADLINE_EXCEEDED', '50 ms'),
    )
    expect(await evaluators.evaluateMany([{}], ['fast'])).toEqual([[true]])
    expect(evaluators.stats.ended).toBeGreaterThanOrEqual(2)
    expect(evaluators.stats.lost).toBe(0)
  })
})

test('threads killed at random during 1,000,000 evaluations: every user is answered once, rightly and in order', {
  timeout: 240_000,
}, async () => {
  const count = 1_000_000
  await using evaluators = await EvaluatorPool.create({ specs: smallSpecs(), threads: 2, batchSize: 1000, retries: 20 })
  function* source() {
    for (let index = 0; index < count; index++) yield { userID: '', custom: { level: levelOf(index) } }
  }
  let answered = 0
  let wrong = 0
  let kills = 0
  let running = true
  const killing = async () => {
    while (running) {
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 700))
      const { threads } = evaluators
      const victim = threads[Math.floor(Math.random() * threads.length)]
      if (victim && running) {
        kills++
        await victim.terminate()
      }
    }
  }
  const killer = killing()
  const began = performance.now()
  for await (const [gate] of evaluators.evaluateEach(source(), ['experienced'])) {
    if (gate !== levelOf(answered) >= 10) wrong++
    answered++
  }
  const seconds = (performance.now() - began) / 1000
  running = false
  await killer
  const { retried, lost } = evaluators.stats
  console.log(`${count} users in ${seconds.toFixed(1)} s, ${kills} threads killed, ${retried} batches done again`)
  expect({ answered, wrong }).toEqual({ answered: count, wrong: 0 })
  expect(kills).toBeGreaterThan(5)
  expect(retried).toBeGreaterThan(0)
  expect(lost).toBeGreaterThan(0)
})

/** Levels from 0 to 19 in an order that does not repeat itself, so that no two stretches of users look alike. */
function levelOf(index: number): number {
  return (Math.imul(index ^ (index >>> 7), 0x9e3779b1) >>> 16) % 20
}
