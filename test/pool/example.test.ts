/** The example of a user's own pool runs, and shows what it says. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { projectFolder } from '../support/data.ts'

test('examples/piscina answers by the specs of the moment', () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['examples/piscina/main.mjs'], {
    cwd: projectFolder,
    encoding: 'utf8',
    timeout: 50_000,
  })
  expect(stderr).toBe('')
  const counts = [...stdout.matchAll(/: (\d+) of 1000$/gm)].map(([, count]) => Number(count))
  const [released = 0, off, again] = counts
  expect(counts).toHaveLength(3)
  expect(released).toBeGreaterThan(0)
  expect([off, again]).toEqual([0, released])
  expect(status).toBe(0)
})
