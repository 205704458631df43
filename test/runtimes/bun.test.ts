/** The built core and engine in Bun. */
import { expect, test } from 'vitest'
import { runScript } from './run-script.ts'
import { expectRightOutput, runtimeSets } from './sets.ts'

test(`Bun evaluates ${runtimeSets.map(({ name }) => name).join(' and ')} as Node does`, { timeout: 120_000 }, () => {
  const run = runScript('bun', ['run'], 'bun.mjs')
  expect(run.stderr).toBe('')
  expectRightOutput(run.stdout, runtimeSets)
})
