/** Batches on threads that end: deadlines, signals, crashes, and that every promise settles once. */
import { describe, expect, test, vi } from 'vitest'
import { type BatchOptions, BatchPool, type BatchPoolOptions } from '../../src/pool/batch-pool.ts'

type Task = Record<string, unknown>

const failing = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

const pool = (options: Partial<BatchPoolOptions<Task>> = {}) =>
  BatchPool.create<Task, unknown>({
    filename: new URL('./scripts/batch-task.mjs', import.meta.url).href,
    threads: 2,
    workerData: undefined,
    ...options,
  })

const echoes = (count: number) => Array.from({ length: count }, (_, value) => ({ deed: 'echo', value }))

describe('a batch', () => {
  test('gives its result, or the error that it threw, which is not tried again', async () => {
    await using batches = await pool()
    const results = await Promise.all(echoes(50).map((task) => batches.run(task)))
    expect(results).toEqual(Array.from({ length: 50 }, (_, value) => value))
    const failed = await batches.run({ deed: 'throw', code: 'USER_INVALID' }).catch((error) => error)
    expect(failed).toMatchObject({ code: 'USER_INVALID', message: 'on purpose', user: 3 })
    expect(batches.stats).toEqual({ running: 0, waiting: 0, completed: 51, retried: 0, lost: 0, ended: 0 })
  })

  test('that cannot be posted rejects, and the thread goes on', async () => {
    await using batches = await pool({ threads: 1 })
    await expect(batches.run({ deed: 'echo', value: () => 1 })).rejects.toThrow('could not be cloned')
    expect(await batches.run({ deed: 'echo', value: 1 })).toBe(1)
    expect(batches.stats).toMatchObject({ lost: 0, retried: 0 })
  })

  test('is done again when its thread was lost', async () => {
    await using batches = await pool()
    const counter = new SharedArrayBuffer(4)
    new Int32Array(counter)[0] = 2
    expect(await batches.run({ deed: 'unlucky', counter, value: 'done' })).toBe('done')
    expect(batches.stats).toMatchObject({ completed: 1, retried: 2, lost: 2 })
  })

  test.each([
    ['exits', 'exit', 'exited with code: 7'],
    ['runs out of memory', 'exhaust', 'memory limit'],
  ])('whose thread %s every time rejects, and those beside it are answered', async (_, deed, message) => {
    await using batches = await pool({ resourceLimits: { maxOldGenerationSizeMb: 24 } })
    const settled = vi.fn()
    const poison = batches.run({ deed })
    poison.then(settled, settled)
    const others = echoes(20).map((task) => batches.run(task))
    await expect(poison).rejects.toThrow(failing('WORKER_LOST', message))
    await expect(poison).rejects.toThrow(expect.objectContaining({ cause: expect.any(Error) }))
    expect(await Promise.all(others)).toHaveLength(20)
    expect(await batches.run({ deed: 'echo', value: 'after' })).toBe('after')
    expect(settled).toHaveBeenCalledTimes(1)
    expect(batches.stats).toMatchObject({ retried: 2, lost: 3 })
  })

  test('is not lost with a thread that ended before it was ready', async () => {
    await using batches = await pool({ threads: 1 })
    await batches.run({ deed: 'echo' })
    for (let round = 0; round < 5; round++) {
      await batches.threads[0]?.terminate()
      const answer = batches.run({ deed: 'echo', value: round })
      // The thread that was started for it has not begun.
      await batches.threads[0]?.terminate()
      expect(await answer).toBe(round)
    }
  })

  test('does not wait for ever for threads that never come up', async () => {
    await using batches = await pool({ filename: new URL('./scripts/missing.mjs', import.meta.url).href })
    await expect(batches.run({ deed: 'echo' })).rejects.toThrow(failing('WORKER_LOST', 'missing.mjs'))
  })
})

describe('a deadline', () => {
  test('ends the thread of a batch that takes longer, and the next batch runs on a new one', async () => {
    await using batches = await pool({ threads: 1 })
    await batches.run({ deed: 'echo' })
    const began = performance.now()
    const late = batches.run({ deed: 'spin' }, { deadlineMs: 200 })
    const next = batches.run({ deed: 'echo', value: 1 })
    await expect(late).rejects.toThrow(failing('DEADLINE_EXCEEDED', '200 ms'))
    const took = performance.now() - began
    expect(took).toBeGreaterThan(195)
    expect(took).toBeLessThan(2000)
    expect(await next).toBe(1)
    expect(batches.stats).toMatchObject({ ended: 1, lost: 0, retried: 0 })
  })

  test('counts from when the batch starts, not while it waits or its thread comes up', async () => {
    await using batches = await pool({ threads: 1, workerData: { startsAfter: 500 } })
    const answers = Array.from({ length: 5 }, (_, value) =>
      batches.run({ deed: 'wait', milliseconds: 100, value }, { deadlineMs: 300 }),
    )
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4])
  })
})

describe('a signal', () => {
  const aborting = async (batches: Awaited<ReturnType<typeof pool>>, task: Task, options: BatchOptions = {}) => {
    const abort = new AbortController()
    const answer = batches.run(task, { ...options, signal: abort.signal })
    const reason = new Error('not wanted any more')
    setTimeout(() => abort.abort(reason), 100)
    await expect(answer).rejects.toBe(reason)
  }

  test('ends a batch in a thread, and takes one that waits out of the line', async () => {
    await using batches = await pool({ threads: 1 })
    await batches.run({ deed: 'echo' })
    await aborting(batches, { deed: 'spin' })
    const busy = batches.run({ deed: 'wait', milliseconds: 300, value: 'busy' })
    await aborting(batches, { deed: 'spin' }, { deadlineMs: 1000 })
    expect(await busy).toBe('busy')
    expect(batches.stats).toMatchObject({ ended: 1, lost: 0, waiting: 0, running: 0 })
    await expect(batches.run({}, { signal: AbortSignal.abort('before') })).rejects.toBe('before')
  })
})

test('a pool that is destroyed rejects what is not done, and everything afterwards', async () => {
  const batches = await pool({ threads: 1 })
  const answers = [{ deed: 'spin' }, { deed: 'echo' }].map((task) => batches.run(task))
  const settled = Promise.allSettled(answers)
  await batches.destroy()
  for (const answer of await settled) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'DISPOSED' } })
  await expect(batches.run({ deed: 'echo' })).rejects.toThrow(failing('DISPOSED'))
})
