import { afterAll, describe, expect, test } from 'vitest'
import { Workspace } from './command.ts'
import { smallSpecs } from './small-specs.ts'

const workspace = new Workspace()
afterAll(() => workspace[Symbol.dispose]())

const specs = smallSpecs()
const { salt: _, ...withoutSalt } = specs.feature_gates.half
workspace.write('specs.json', { ...specs, feature_gates: { ...specs.feature_gates, half: withoutSalt } })

describe('inspect', () => {
  test('shows counts, fields, unsupported conditions and what was dropped', async () => {
    const { code, stdout, stderr } = await workspace.run('inspect', '--specs', 'specs.json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^ {2}format +v2$/m)
    expect(stdout).toMatch(/^ {2}time +2026-01-01T00:00:00\.000Z \(1767225600000\)$/m)
    expect(stdout).toMatch(/^ {2}gates +6$/m)
    expect(stdout).toMatch(/^ {2}segments +1$/m)
    expect(stdout).toMatch(/^ {2}holdouts +1$/m)
    expect(stdout).toMatch(/^ {2}dynamic configs +1$/m)
    expect(stdout).toMatch(/^ {2}layers +1$/m)
    expect(stdout).toMatch(/^User fields read \(\d+\)$/m)
    expect(stdout).toMatch(/^ {2}email$/m)
    expect(stdout).toMatch(/^Unsupported conditions \(1\)$/m)
    expect(stdout).toMatch(/^ {2}gate +unsupported +strange +.*no_such_operator/m)
    expect(stdout).toMatch(/^Dropped \(1\)$/m)
    expect(stdout).toMatch(/^ {2}gate +half +.*salt/m)
  })

  test('gives the same, with all names, as JSON', async () => {
    const { code, stdout } = await workspace.run('inspect', '--specs', 'specs.json', '--json')
    expect(code).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      file: 'specs.json',
      format: 'v2',
      time: 1_767_225_600_000,
      needsCountryTable: false,
    })
    expect(report.counts).toMatchObject({ gates: 6, segments: 1, holdouts: 1, dynamicConfigs: 1, layers: 1 })
    expect(report.dropped).toEqual([{ kind: 'gate', name: 'half', reason: expect.stringContaining('salt') }])
    expect(report.unsupported).toHaveLength(1)
    expect(report.fields).toContain('email')
    expect(report.names.gates).toContain('everyone')
    expect(report.names.layers).toEqual(['looks'])
  })

  test('ends quietly when its reader leaves', async () => {
    const child = workspace.start('inspect', '--specs', 'specs.json', '--json')
    child.stdout?.destroy()
    let stderr = ''
    child.stderr?.on('data', (chunk: Uint8Array) => {
      stderr += Buffer.from(chunk).toString()
    })
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    expect(stderr).toBe('')
  })
})
