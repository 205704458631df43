/** The examples' programs, run by the command that each one's README names, print what they are there to show. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from './support/data.ts'

const piscina = `dark mode as released: 243 of 1000
without its rules: 0 of 1000
rolled back: 243 of 1000
`
const tenants = `asking
  endless: operator-failed, FUEL_EXHAUSTED

answered
  shop     false  Bootstrap:Recognized                 warm, instance 1, … MB, 0 failed conditions
  endless  false  CustomOperatorFailed:Recognized      warm, instance 1, … MB, 1 failed conditions
  hungry   false  Error:GUEST_MEMORY_EXHAUSTED         warm, instance 1, … MB, 0 failed conditions

3 tenants, 3 warm in … MB
`

test.each([
  ['piscina', piscina],
  ['tenants', tenants],
])('examples/%s', (name, expected) => {
  const readme = readFileSync(join(projectFolder, 'examples', name, 'README.md'), 'utf8')
  const script = /^ {4}node (\S+)$/m.exec(readme)?.[1] ?? 'a command in the README'
  const { status, stderr, stdout } = spawnSync(process.execPath, [script], {
    cwd: projectFolder,
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(stderr).toBe('')
  expect(stdout.replace(/\d+\.\d MB/g, '… MB')).toBe(expected)
  expect(status).toBe(0)
})
