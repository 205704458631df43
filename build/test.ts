/**
 * Runs every check and every test, also after one has failed, and ends with one line that sums them up.
 *
 *   tsx build/test.ts         the build, the checks, cargo's tests, vitest's tests
 *   tsx build/test.ts lint    the checks alone
 *
 * The build and each check count as one test. A runner that ends badly without naming a failed test counts as one
 * failed test, so the sum can never be clean when something was not.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const repository = fileURLToPath(new URL('..', import.meta.url))
const engine = join(repository, 'wasm/engine')
const rustGuest = join(repository, 'wasm/probe-rust')
const inToolchain = [join(repository, 'build/toolchain.sh'), 'run'] as const
const bin = (name: string) => join(repository, 'node_modules/.bin', name)

const checks: readonly [title: string, command: readonly string[], folder?: string][] = [
  ['TypeScript format and lint (biome)', [bin('biome'), 'check', '--error-on-warnings']],
  ['TypeScript types (tsc)', [bin('tsc'), '--noEmit']],
  ['documentation of what is exported (typedoc)', [bin('typedoc')]],
  ['unused files, exports and packages (knip)', [bin('knip')]],
  ...[engine, rustGuest].flatMap((folder): [string, string[], string][] => [
    [`Rust format (cargo fmt, ${basename(folder)})`, [...inToolchain, 'cargo', 'fmt', '--check'], folder],
    [
      `Rust lint (cargo clippy, ${basename(folder)})`,
      [...inToolchain, 'cargo', 'clippy', '--quiet', '--locked', '--all-targets', '--', '--deny', 'warnings'],
      folder,
    ],
  ]),
]

function run(title: string, command: readonly string[], options: { folder?: string; capture?: boolean } = {}) {
  console.log(`\n== ${title}`)
  const [program = '', ...args] = command
  const began = performance.now()
  const ended: SpawnSyncReturns<string> = spawnSync(program, args, {
    cwd: options.folder ?? repository,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', options.capture ? 'pipe' : 'inherit', 'inherit'],
  })
  if (ended.error) console.log(`${program} did not start: ${ended.error.message}`)
  const ok = ended.status === 0
  const outcome = ok ? 'ok' : `FAILED (${ended.signal ?? `exit code ${ended.status}`})`
  if (ended.stdout) process.stdout.write(ended.stdout)
  console.log(`-- ${title}: ${outcome}, ${((performance.now() - began) / 1000).toFixed(1)} s`)
  return { ok, output: ended.stdout ?? '' }
}

function check(title: string, command: readonly string[], folder = repository): Counts {
  const { ok } = run(title, command, { folder })
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
}

function cargoTests(): Counts {
  const command = [...inToolchain, 'cargo', 'test', '--quiet', '--locked', '--no-fail-fast']
  const { ok, output } = run('Rust tests (cargo test)', command, { folder: engine, capture: true })
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    counts.passed += Number(passed)
    counts.failed += Number(failed)
    counts.skipped += Number(ignored)
  }
  return closed(counts, ok)
}

function vitestTests(): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'framegate-test-'))
  const report = join(folder, 'vitest.json')
  try {
    const { ok } = run('TypeScript and runtime tests (vitest)', [
      bin('vitest'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ])
    return closed(vitestCounts(report), ok)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface VitestReport {
  numPassedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

function vitestCounts(path: string): Counts {
  let report: VitestReport
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    console.log(`vitest left no report: ${error}`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  let failed = 0
  for (const file of report.testResults) {
    const failures = file.assertionResults.filter(({ status }) => status === 'failed').length
    // A file that fails before its first test (an import, say) counts as one.
    failed += file.status === 'failed' ? Math.max(1, failures) : failures
  }
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests }
}

function closed(counts: Counts, ok: boolean): Counts {
  return ok || counts.failed > 0 ? counts : { ...counts, failed: 1 }
}

const all: Counts[] = []
if (process.argv[2] === 'lint') {
  for (const each of checks) all.push(check(...each))
} else {
  all.push(check('build', ['make', '--no-print-directory', 'build']))
  all.push(check('guests of the tests', ['make', '--no-print-directory', 'guests']))
  for (const each of checks) all.push(check(...each))
  all.push(cargoTests())
  all.push(vitestTests())
}

const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0)
const failed = sum('failed')
console.log(`\n${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`)
process.exitCode = failed > 0 ? 1 : 0
