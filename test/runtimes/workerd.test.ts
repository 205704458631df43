/** The built core and engine in workerd, the runtime of Cloudflare Workers, as miniflare starts it. */
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { expect, test } from 'vitest'
import { projectFolder } from '../support/data.ts'
import { countryTable, expectRightOutput, inputOf, runtimeSets } from './sets.ts'

test(`workerd evaluates ${runtimeSets.map(({ name }) => name).join(' and ')} as Node does`, {
  timeout: 120_000,
}, async () => {
  const worker = new Miniflare({
    modules: true,
    modulesRoot: projectFolder,
    modulesRules: [
      { type: 'ESModule', include: ['**/*.mjs', '**/*.js'] },
      { type: 'CompiledWasm', include: ['**/*.wasm'] },
    ],
    scriptPath: join(import.meta.dirname, 'worker.mjs'),
    compatibilityDate: '2026-01-01',
  })
  try {
    const body = JSON.stringify({
      sets: inputOf(runtimeSets),
      countryTable: Buffer.from(countryTable()).toString('base64'),
    })
    const response = await worker.dispatchFetch('http://worker.test/', { method: 'POST', body })
    const output = await response.text()
    expect(response.status, output.slice(0, 2000)).toBe(200)
    expectRightOutput(output, runtimeSets)
  } finally {
    await worker.dispose()
  }
})
