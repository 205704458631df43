// Makes what the cells run: their JavaScript and the shim's by the compiler and options of dist/, the C functions by
// the toolchain through make. JavaScript that is transformed as it is loaded has other names and shapes, which
// nanoseconds show.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { projectFolder } from '../workload.ts'
import { builtFolder } from './run-cell.ts'

/** The shim as its sources are now, which `compile` makes beside the cells. */
export const freshShim = join(builtFolder, 'src/ffi')
/** The shim that `make build` has made. */
export const builtShim = join(projectFolder, 'dist/ffi')

/** Type errors are counted and told; the JavaScript is there all the same. */
export function compile(): void {
  const made = run('make', ['--silent', '.cache/bench/calls.wasm'])
  if (made.status !== 0) throw new Error(`make .cache/bench/calls.wasm failed:\n${made.stdout}${made.stderr}`)
  const typed = run(join(projectFolder, 'node_modules/.bin/tsc'), ['--project', 'bench/ffi/tsconfig.json'])
  if (typed.status === 0) return
  const errors = typed.stdout.split('\n').filter((line) => line.includes('error TS'))
  if (errors.length === 0)
    throw new Error(`tsc --project bench/ffi/tsconfig.json failed:\n${typed.stdout}${typed.stderr}`)
  process.stderr.write(`${errors.length} type errors, measuring all the same; the first: ${errors[0]}\n`)
}

/** `make bench` builds first; this is for runs without make. */
export function warnOfOldBuild(): void {
  if (run('make', ['--question', 'dist/.typescript']).status !== 0)
    process.stderr.write(
      'dist/ is older than src/: what was built before is measured; make build brings it up to date\n',
    )
}

function run(program: string, args: string[]) {
  return spawnSync(program, args, { cwd: projectFolder, encoding: 'utf8' })
}
