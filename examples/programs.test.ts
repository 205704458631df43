/** The example programs run, and show what they are there for. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { projectFolder } from '../test/support/data.ts'

test('piscina answers by the specs of the moment', () => {
  const counts = [...output('piscina').matchAll(/: (\d+) of 1000$/gm)].map(([, count]) => Number(count))
  const [released = 0, off, again] = counts
  expect(counts).toHaveLength(3)
  expect(released).toBeGreaterThan(0)
  expect([off, again]).toEqual([0, released])
})

test('tenants answers one whatever the others do', () => {
  const lines = output('tenants').split('\n')
  const line = (tenant: string) => lines.find((each) => each.startsWith(`  ${tenant} `)) ?? ''
  expect(lines).toContain('  endless: operator-failed, FUEL_EXHAUSTED')
  expect(line('shop')).toMatch(/^ {2}shop +(?:true|false) +Bootstrap:Recognized .*warm/)
  expect(line('endless')).toMatch(/false +CustomOperatorFailed:Recognized .*warm.*1 failed conditions/)
  expect(line('hungry')).toMatch(/false +Error:GUEST_MEMORY_EXHAUSTED/)
})

function output(example: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [`examples/${example}/main.mjs`], {
    cwd: projectFolder,
    encoding: 'utf8',
    timeout: 50_000,
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout
}
