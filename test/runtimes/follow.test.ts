/** Specs shared with workers of Node, Deno and Bun: a worker that never returns to its event loop meets every update. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from '../support/data.ts'

const bin = (name: string) => join(projectFolder, 'node_modules/.bin', name)

test.each([
  ['Node', 'thread', process.execPath, []],
  ['Deno', 'thread', bin('deno'), ['run', '--no-lock', '--no-remote', '--allow-read', '--allow-env']],
  ['Deno', 'web', bin('deno'), ['run', '--no-lock', '--no-remote', '--allow-read', '--allow-env']],
  ['Bun', 'thread', bin('bun'), ['run']],
  ['Bun', 'web', bin('bun'), ['run']],
] as const)('%s, worker of the kind "%s"', (_, kind, program, options) => {
  const script = join(import.meta.dirname, 'follow.mjs')
  const run = spawnSync(program, [...options, script, join(projectFolder, 'dist/engine.wasm'), kind], {
    encoding: 'utf8',
    timeout: 50_000,
    env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
  })
  const line = 'first 1 last 40 rising true whole true'
  expect(run.stderr).toBe('')
  expect(run.stdout.trimEnd().split('\n')).toEqual([line, line, 'grown true'])
  expect(run.status).toBe(0)
})
