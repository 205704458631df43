/** The built core and engine in Deno. */
import { expect, test } from 'vitest'
import { runScript } from './run-script.ts'
import { expectRightOutput, runtimeSets } from './sets.ts'

test(`Deno evaluates ${runtimeSets.map(({ name }) => name).join(' and ')} as Node does`, { timeout: 120_000 }, () => {
  const run = runScript('deno', ['run', '--no-lock', '--no-remote', '--allow-read'], 'deno.mjs')
  expect(run.stderr).toBe('')
  expectRightOutput(run.stdout, runtimeSets)
})
