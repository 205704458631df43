/** Specs shared with pools that are the users' own. */
import { Piscina } from 'piscina'
import { Tinypool } from 'tinypool'
import { expect, test } from 'vitest'
import { createEvaluator } from '../../src/node.ts'
import { share } from '../../src/pool/threads.ts'
import { versionedSpecs } from './versions.ts'

const script = (name: string) => new URL(`./scripts/${name}-task.mjs`, import.meta.url).href
const threads = { minThreads: 2, maxThreads: 2, idleTimeout: 10_000 }

test.each([
  ['piscina', (workerData: unknown) => new Piscina({ ...threads, filename: script('piscina'), workerData })],
  ['tinypool', (workerData: unknown) => new Tinypool({ ...threads, filename: script('tinypool'), workerData })],
] as const)('every thread of a user’s %s answers by the latest specs, also after it waited', async (_, start) => {
  using evaluator = createEvaluator({ specs: versionedSpecs(1) })
  const pool = start(share(evaluator))
  const ask = async (): Promise<{ first: number; even: boolean; threadId: number }[]> =>
    await Promise.all(Array.from({ length: 20 }, (_, index) => pool.run({ userID: `u${index}` })))
  try {
    for (let version = 1; version <= 6; version++) {
      if (version > 1) evaluator.update(versionedSpecs(version))
      const answers = await ask()
      expect(new Set(answers.map(({ first }) => first))).toEqual(new Set([version]))
      expect(new Set(answers.map(({ even }) => even))).toEqual(new Set([version % 2 === 0]))
    }
  } finally {
    await pool.destroy()
  }
})
