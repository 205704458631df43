/**
 * Ten million calls on one evaluator: neither the instance's memory nor the process's grows after the warm-up. Users are new
 * for every call or asked many questions; some calls end abruptly and are healed. In a process of its own, so that no other
 * test's heap is measured.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from './support/data.ts'

interface Endured {
  readonly calls: number
  readonly ends: number
  /** After the warm-up, and the largest after it. */
  readonly memoryBytes: readonly [number, number]
  readonly rss: readonly [number, number]
}

/** What a garbage collector's young and old generations may take between two samples: 5 million leaked bytes show as 5 MB. */
const RSS_GROWTH = 16 << 20

// It takes 45 s of CPU; nothing is said of the time, which was three times as long on a busy machine.
test('memory does not grow over ten million calls', () => {
  const script = join(projectFolder, 'test/support/endurance.ts')
  const args = ['--expose-gc', '--max-semi-space-size=4', '--import', 'tsx', script]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: projectFolder, encoding: 'utf8' })
  expect(stderr).toBe('')
  const { calls, ends, memoryBytes, rss } = JSON.parse(stdout) as Endured
  expect(calls).toBeGreaterThanOrEqual(10_000_000)
  expect(ends).toBeGreaterThan(50)
  expect(memoryBytes[1]).toBe(memoryBytes[0])
  expect(rss[1] - rss[0]).toBeLessThan(RSS_GROWTH)
}, 600_000)
