/**
 * What a user downloads, held to a budget: the engine's modules as built, and each public entry of the package as bundlers
 * deliver it. Packages stay outside of a bundle: structure.test.ts says which entries may import any. Sizes are gzipped bytes.
 *
 * A size in the tables is what was measured when it was last set, not the limit: what grew for a good reason gets its new
 * size there, in the commit that made it grow.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { projectFolder } from './support/data.ts'

/** Regular expressions and their Unicode tables are three quarters of either. */
const modules: Readonly<Record<string, number>> = {
  'engine.wasm': 409_604,
  'engine.metered.wasm': 415_940,
}

/** By the name under which the package exports them. */
const bundles: Readonly<Record<string, number>> = {
  '.': 47_890,
  './ffi': 37_225,
  './ffi/worker': 30_523,
  './evaluator': 47_855,
  './evaluator/worker': 38_005,
  './tenants': 55_222,
  './tenants/file-store': 446,
  './pool': 52_789,
  './pool/threads': 49_236,
  './node': 48_568,
  './workerd': 47_890,
  './deno': 48_024,
  './bun': 48_568,
  './browser': 47_951,
}

/** Of the engine before it is sealed, which still has its functions' names. */
const lookIntoModule = '`npx wasm-opt -all --func-metrics wasm/engine/target/framegate/linked.wasm`'

/** A new rule in the engine costs some hundred bytes; a new dependency, or tables twice, far more than this. */
const moduleHeadroom = 0.03
const bundleHeadroom = 0.1

const { exports } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { default: string }>
}
const entries = Object.entries(exports).flatMap(([name, target]) => (typeof target === 'string' ? [] : [name]))

/** As of the package's targets: `./dist/pool/index.js` is built from `src/pool/index.ts`. */
function sourceOf(name: string): string {
  const { default: built } = exports[name] as { default: string }
  return built.replace('./dist/', 'src/').replace(/\.js$/, '.ts')
}

async function bundled(source: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [source],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]!.contents
}

/** By the same program as in build/sizes.sh: Node's zlib makes 4 % more of the engine, and another amount in each version. */
function gzipped(bytes: Uint8Array): number {
  return execFileSync('gzip', ['-9', '--stdout', '--no-name'], { input: bytes, maxBuffer: 1 << 26 }).length
}

function expectWithin(file: string, bytes: Uint8Array, was: number, headroom: number, howToLook: string): void {
  const size = gzipped(bytes)
  const most = Math.floor(was * (1 + headroom))
  const grown = size - was
  const message =
    `${file} has ${size} bytes gzipped, ${size - most} more than its budget of ${most}: it grew by ${grown} bytes ` +
    `(${((100 * grown) / was).toFixed(1)} %) since its size was set in test/sizes.test.ts. To see what is in it: ${howToLook}`
  expect(size, message).toBeLessThanOrEqual(most)
}

describe('modules', () => {
  test.each(Object.entries(modules))('%s keeps to its budget', (name, size) => {
    const path = join(projectFolder, 'dist', name)
    expect(existsSync(path), `dist/${name} is not there; run \`make build\``).toBe(true)
    expectWithin(`dist/${name}`, readFileSync(path), size, moduleHeadroom, lookIntoModule)
  })
})

describe('bundles', () => {
  test.each(entries)('%s keeps to its budget', async (name) => {
    const source = sourceOf(name)
    const size = bundles[name]
    if (size === undefined) throw new Error(`the entry ${name} has no budget; give it one in test/sizes.test.ts`)
    const howToLook = `\`npx esbuild ${source} --bundle --minify --format=esm --platform=node --packages=external --analyze --outfile=.cache/bundle.js\``
    expectWithin(source, await bundled(source), size, bundleHeadroom, howToLook)
  })

  test('there is a budget for no other entry', () => {
    expect(Object.keys(bundles).filter((name) => !entries.includes(name))).toEqual([])
  })
})
