/**
 * `framegate verify` as it is called: the whole matrix in a short run, what it prints and writes, and what it refuses. What
 * its parts see and conclude is tested beside them, in `src/cli/verify`.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { projectFolder } from '../support/data.ts'
import { finished, Workspace } from './command.ts'

const workspace = new Workspace()
afterAll(() => workspace[Symbol.dispose]())

describe('the command', () => {
  test('proves the whole matrix in a short run, and writes the report', async () => {
    const args = ['verify', '--workers', '1,2', '--seconds', '0.5', '--report', 'report.html', '--json']
    const { code, stdout, stderr } = await workspace.run(...args)
    const result = JSON.parse(stdout)
    expect(result.objections, stderr).toEqual([])
    expect({ code, proved: result.proved }).toEqual({ code: 0, proved: true })
    expect(stderr).toMatch(/^framegate: 8 rows in 14 runs of 0\.5 s: about \d+ s\n$/)
    expect(result.leftOut).toEqual([])
    const outcomes = result.cells.map((cell: { row: string; workers: number; outcome: string }) => [
      cell.row,
      cell.workers,
      cell.outcome,
    ])
    expect(outcomes).toEqual([
      ...['wasm-minimal', 'wasm-full', 'native-minimal', 'native-full', 'native-nonblocking', 'c-threads'].flatMap(
        (row) => [
          [row, 1, 'clean'],
          [row, 2, 'clean'],
        ],
      ),
      ['pooled-frames', 2, 'caught'],
      ['cached-string', 1, 'caught'],
    ])
    const control = result.cells.at(-2)
    expect(control).toMatchObject({ kind: 'control', crashes: 0, crash: null })
    expect(control.wrong.total).toBe(control.wrong.another + control.wrong.nothing + control.wrong.argument)
    expect(control.firstWrongSeconds).toBeGreaterThan(0)
    expect(result.cells[0]).toMatchObject({ wrong: { total: 0 }, firstWrongSeconds: null, examples: [] })
    expect(result.cells[0].operationsPerSecond).toBeCloseTo(result.cells[0].operations / result.cells[0].seconds)
    expect(Object.keys(result.machine.guests)).toContain('probe.wasm')
    expect(result.machine.koffi).toMatch(/^\d+\.\d+\.\d+$/)

    const html = readFileSync(join(workspace.folder, 'report.html'), 'utf8')
    expect(html, 'loads nothing').not.toMatch(/<(script|link|img|iframe)|\b(src|href)=|@import|url\(/i)
    expect(html).toContain(`<strong>proved</strong>\n${result.summary}`)
    // A process and its threads for each of 14 cells, on machines where other tests run beside it.
  }, 180_000)

  test('prints a table, and says what was left out', async () => {
    const { code, stdout } = await workspace.run('verify', '--backend', 'wasm', '--workers', '2', '--seconds', '0.2')
    expect(code, stdout).toBe(0)
    expect(stdout).toMatch(
      /^row +workers +ops +ops\/s +wrong +another's +nothing +argument +first wrong +crashes +outcome\n/,
    )
    expect(stdout).toMatch(/^wasm, minimal +2 +[\d,]+ +[\d,]+ +0 +0 +0 +0 +- +0 +clean$/m)
    expect(stdout).toMatch(/^left out: native, minimal; .*\(--backend wasm leaves it out\)$/m)
    expect(stdout).toMatch(
      /^proved: [\d,]+ operations in 2 runs, 0 wrong; every control was caught; 4 rows left out\.$/m,
    )
    expect(stdout, 'no colours into a pipe').not.toContain('\u001b')
  })

  test.each([
    ['workers that are no number', ['--workers', '1,two'], /--workers must be a whole number from 1 to 256, not "two"/],
    ['no workers', ['--workers', '0'], /--workers must be a whole number from 1/],
    ['too many workers', ['--workers', '257'], /--workers must be a whole number from 1 to 256/],
    ['an empty list', ['--workers', ','], /--workers needs at least one name/],
    ['seconds that are no number', ['--seconds', '1m'], /--seconds must be a number from 0\.1 to 86400, not "1m"/],
    ['no time', ['--seconds', '0'], /--seconds must be a number from 0\.1/],
    [
      'a backend that is none',
      ['--backend', 'wasm,jvm'],
      /--backend must be wasm, native or both as wasm,native, not "jvm"/,
    ],
    ['an unknown option', ['--worker', '2'], /unknown option "--worker"; did you mean "--workers"/],
  ])('%s: ends with 2 and says what to do', async (_, args, message) => {
    const { code, stdout, stderr } = await workspace.run('verify', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr, 'no stack trace').not.toMatch(/\n\s+at /)
  })

  test('--help names the options and shows examples', async () => {
    const { code, stdout } = await workspace.run('verify', '--help')
    expect(code).toBe(0)
    for (const option of ['--workers', '--seconds', '--backend', '--report', '--json']) expect(stdout).toContain(option)
    expect(stdout).toMatch(/EXAMPLES\n\n {2}# .+\n {2}framegate verify\n/)
  })

  test('a backend that was named and cannot run is an error, one that was not is left out', async () => {
    const copy = join(workspace.folder, 'copy')
    const isProbeLibrary = (path: string) => /libprobe-.*\.so$/.test(path)
    cpSync(join(projectFolder, 'dist'), join(copy, 'dist'), {
      recursive: true,
      filter: (path) => !isProbeLibrary(path),
    })
    cpSync(join(projectFolder, 'package.json'), join(copy, 'package.json'))
    symlinkSync(join(projectFolder, 'node_modules'), join(copy, 'node_modules'))
    const run = (...args: string[]) =>
      finished(spawn(process.execPath, [join(copy, 'dist/cli/main.js'), 'verify', ...args], { cwd: workspace.folder }))
    const named = await run('--backend', 'native')
    expect({ code: named.code, stdout: named.stdout }).toEqual({ code: 1, stdout: '' })
    expect(named.stderr).toMatch(
      /--backend native cannot run here: \S+libprobe-\S+\.so does not exist; run `make build`/,
    )

    const unnamed = await run('--workers', '2', '--seconds', '0.1')
    expect(unnamed.code, unnamed.stdout).toBe(0)
    expect(unnamed.stdout).toMatch(/^left out: native, minimal; .*libprobe-\S+\.so does not exist/m)

    rmSync(join(copy, 'dist/probe.wasm'))
    const nothing = await run()
    expect({ code: nothing.code, stdout: nothing.stdout }).toEqual({ code: 1, stdout: '' })
    expect(nothing.stderr).toMatch(/^framegate: \S+probe\.wasm does not exist; run `make build`\n$/)
  })

  test('a report that cannot be written is refused before anything runs', async () => {
    const { code, stdout, stderr } = await workspace.run('verify', '--report', 'none/report.html')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'framegate: --report: none/report.html lies in a folder that does not exist; make the folder first\n',
    )
    expect(existsSync(join(workspace.folder, 'none'))).toBe(false)
  })
})
