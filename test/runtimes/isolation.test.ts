/** Snapshots, healing, updates and tenants of the built package, in every runtime. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { beforeAll, expect, test } from 'vitest'
import { meterGuest } from '../../src/tenants/index.ts'
import { projectFolder } from '../support/data.ts'

const metered = join(projectFolder, '.cache/guests/operator-metered.wasm')

beforeAll(async () => {
  const uploaded = readFileSync(join(projectFolder, '.cache/guests/operator-assemblyscript.wasm'))
  writeFileSync(metered, await meterGuest(uploaded, { maxBytes: 4 << 20 }))
})

const expected = [
  'snapshot first',
  'update second',
  'rollback first',
  'tenants of-a of-b warm 1',
  'fuel FUEL_EXHAUSTED of-a',
  'memory GUEST_MEMORY_EXHAUSTED of-b',
  'operator of-c false',
  'operator CustomOperatorFailed:Recognized',
  'storm ENGINE_UNSTABLE, of name,code, stack true',
]

test.each([
  ['node', process.execPath, []],
  ['bun', join(projectFolder, 'node_modules/.bin/bun'), ['run']],
  [
    'deno',
    join(projectFolder, 'node_modules/.bin/deno'),
    ['run', '--no-lock', '--no-remote', '--allow-read', '--allow-env'],
  ],
] as const)('%s keeps what isolation promises', (runtime, program, options) => {
  const script = join(import.meta.dirname, 'isolation-run.mjs')
  const { stdout, stderr, status } = spawnSync(program, [...options, script, runtime, metered], {
    encoding: 'utf8',
    timeout: 50_000,
    env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
  })
  expect(stderr).toBe('')
  expect(stdout.trimEnd().split('\n')).toEqual(expected)
  expect(status).toBe(0)
})

test('workerd keeps what isolation promises', { timeout: 120_000 }, async () => {
  // As wrangler does: everything in one module but those of WebAssembly.
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'isolation-worker.mjs')],
    bundle: true,
    format: 'esm',
    write: false,
    external: ['*.wasm'],
  })
  const guests = ['dist/engine.wasm', 'dist/engine.metered.wasm', '.cache/guests/operator-metered.wasm']
  const worker = new Miniflare({
    modulesRoot: projectFolder,
    modules: [
      {
        type: 'ESModule',
        path: join(import.meta.dirname, 'isolation-worker.mjs'),
        contents: (outputFiles[0] as { text: string }).text,
      },
      ...guests.map((path) => ({ type: 'CompiledWasm' as const, path: join(projectFolder, path) })),
    ],
    compatibilityDate: '2026-01-01',
  })
  try {
    const response = await worker.dispatchFetch('http://worker.test/')
    const output = await response.text()
    expect(response.status, output.slice(0, 2000)).toBe(200)
    expect(output.split('\n')).toEqual(expected)
  } finally {
    await worker.dispose()
  }
})
