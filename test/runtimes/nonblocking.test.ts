/** Nonblocking symbols of a WebAssembly guest on Deno and Bun: in web workers, and in the threads that `ffiWorker` starts. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectFolder } from '../support/data.ts'

const runtimes = [
  ['deno', ['run', '--no-lock', '--no-remote', '--allow-read', '--allow-env']],
  ['bun', ['run']],
] as const

/** What all see after the first call, which the first web worker answers with an error of its own. */
const lines = (first: string, workers: number) => [
  `first call ${first}`,
  'own values 64',
  'filled 254,253,252',
  'trapped GUEST_TRAPPED',
  `live 0 workers ${workers}`,
  'closed DISPOSED',
]

describe.each(runtimes)('%s runs nonblocking symbols', (runtime, options) => {
  const run = (kind: string) => {
    const program = join(projectFolder, 'node_modules/.bin', runtime)
    const script = join(import.meta.dirname, 'nonblocking.mjs')
    return spawnSync(program, [...options, script, join(projectFolder, 'dist/probe.wasm'), kind], {
      encoding: 'utf8',
      timeout: 50_000,
      env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
    })
  }

  test('in a web worker', () => {
    const { stdout, stderr, status } = run('web')
    // Deno reports what a worker throws by itself, too.
    expect(stderr).toMatch(/^(error: Uncaught \(in worker "[^"]*"\) Error: on purpose\n.*)?$/s)
    expect(stdout.trimEnd().split('\n')).toEqual(lines('GUEST_INTERRUPTED', 2))
    expect(status).toBe(0)
  })

  test('in a thread', () => {
    const { stdout, stderr, status } = run('thread')
    expect(stderr).toBe('')
    expect(stdout.trimEnd().split('\n')).toEqual(lines('0', 1))
    expect(status).toBe(0)
  })
})
