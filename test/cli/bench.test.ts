/** `framegate bench` as it is called: on somebody's own specs, with and without other engines in the folder, and what it refuses. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectFolder } from '../support/data.ts'
import { finished, Workspace } from './command.ts'
import { smallSpecs } from './small-specs.ts'

const workspace = new Workspace()
beforeAll(() => workspace.write('specs.json', smallSpecs()))
afterAll(() => workspace[Symbol.dispose]())

const short = ['bench', '--specs', 'specs.json', '--seconds', '0.05', '--rounds', '1'] as const

describe('on own specs', () => {
  test('measures framegate on both backends, and says how to see the others', async () => {
    const { code, stdout, stderr } = await workspace.run(...short, '--json')
    expect(code, stderr).toBe(0)
    const { measured, notes } = JSON.parse(stdout)
    expect(notes).toEqual([
      "To see Statsig's engines beside framegate: npm install @statsig/statsig-node-core statsig-node",
    ])
    expect(measured.map(({ what }: { what: string }) => what)).toEqual(
      expect.arrayContaining(['fresh', 'request', 'same', 'configs', 'experiments', 'layers']),
    )
    const [fresh] = measured
    expect(fresh.results.map(({ engine }: { engine: string }) => engine)).toEqual([
      'framegate wasm',
      'framegate native',
    ])
    for (const { perSecond } of fresh.results) expect(perSecond.median).toBeGreaterThan(1000)
  })

  test("measures Statsig's engines where the folder has them", async () => {
    const own = folderWith('peers', join(projectFolder, 'node_modules'))
    const { code, stdout, stderr } = await run(own, ...short)
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^gates, a fresh user for every gate +per second +range +to best peer +to core$/m)
    expect(stdout).toMatch(/^statsig-node-core \d\S+ +[\d,]+ +[\d,]+ - [\d,]+ +\d+\.\d\dx +1\.00x$/m)
    expect(stdout).toMatch(/^statsig-node \d/m)
  })

  test('an engine that says otherwise ends the run before anything is timed', async () => {
    const own = folderWith('liar')
    const place = join(own, 'node_modules/@statsig/statsig-node-core')
    mkdirSync(place, { recursive: true })
    writeFileSync(
      join(place, 'package.json'),
      '{"name":"@statsig/statsig-node-core","version":"0.0.1","main":"main.js"}',
    )
    writeFileSync(join(place, 'main.js'), liar)
    const { code, stdout, stderr } = await run(own, ...short)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^framegate: framegate wasm answers "gate everyone" differently from statsig-node-core for 100 users/,
    )
  })

  test('an engine that does not start is left out with its reason', async () => {
    const own = folderWith('broken')
    const place = join(own, 'node_modules/statsig-node')
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'package.json'), '{"name":"statsig-node","version":"0.0.1","main":"main.js"}')
    writeFileSync(join(place, 'main.js'), 'throw new Error("not today")')
    const { code, stdout, stderr } = await run(own, ...short)
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^statsig-node is left out: .*not today/m)
  })
})

describe('what it refuses', () => {
  test.each([
    ['no time', ['--seconds', '0'], /--seconds must be a number from 0\.05 to 600, not "0"/],
    ['no rounds', ['--rounds', '0'], /--rounds must be a whole number from 1/],
    ['an option of the other run', ['--quick'], /--quick is for the comparison with all peers/],
  ])('%s: ends with 2 and says what to do', async (_, args, message) => {
    const { code, stdout, stderr } = await workspace.run('bench', '--specs', 'specs.json', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('specs that are not there: ends with 1', async () => {
    const { code, stderr } = await workspace.run('bench', '--specs', 'none.json')
    expect(code).toBe(1)
    expect(stderr).toBe('framegate: --specs: none.json does not exist; check the path\n')
  })

  test('where the package is installed, a run without specs says what there is', async () => {
    const copy = join(workspace.folder, 'copy')
    cpSync(join(projectFolder, 'dist'), join(copy, 'dist'), {
      recursive: true,
      filter: (path) => !path.endsWith('.so'),
    })
    cpSync(join(projectFolder, 'package.json'), join(copy, 'package.json'))
    symlinkSync(join(projectFolder, 'node_modules'), join(copy, 'node_modules'))
    const child = spawn(process.execPath, [join(copy, 'dist/cli/main.js'), 'bench'], { cwd: workspace.folder })
    const { code, stdout, stderr } = await finished(child)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^framegate: name your specs: framegate bench --specs FILE\. .*`make bench`\n$/)
  })
})

/** A folder with the specs, and the packages of another one. */
function folderWith(name: string, packages?: string): string {
  const folder = join(workspace.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'specs.json'), JSON.stringify(smallSpecs()))
  if (packages !== undefined) symlinkSync(packages, join(folder, 'node_modules'))
  return folder
}

function run(folder: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(projectFolder, 'dist/cli/main.js'), ...args], { cwd: folder })
  return finished(child)
}

/** Has the shape of Statsig's native engine, and says no to everything. */
const liar = `
const config = { value: {}, ruleID: '', secondaryExposures: [], getValue: (_, fallback) => fallback }
exports.StatsigUser = class {}
exports.Statsig = class {
  async initialize() { return { isSuccess: true } }
  checkGate() { return false }
  getDynamicConfig() { return config }
  getExperiment() { return config }
  getLayer() { return config }
}`
