/** How processes and threads end that have nonblocking calls under way or a worker that idles. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { projectFolder } from './support/data.ts'

const folder = mkdtempSync(join(tmpdir(), 'framegate-exit-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const built = (name: string) => join(projectFolder, 'dist', name)
const own = join(folder, 'libown.so')
copyFileSync(built(`libprobe-linux-${process.arch}.so`), own)

/** What programs begin with: the probe opened on each backend, and a call that takes a while. */
const start = `
import { readFileSync } from 'node:fs'
import koffi from ${JSON.stringify(import.meta.resolve('koffi'))}
import { open } from ${JSON.stringify(pathToFileURL(built('ffi/index.js')).href)}
import { ffiWorker } from ${JSON.stringify(pathToFileURL(built('node.js')).href)}
const definitions = {
  i32: { symbol: 'probe_i32', parameters: ['i32'], result: 'i32', nonblocking: true },
  hang: { symbol: 'probe_hang', parameters: [{ in: 'i32' }], result: 'void', nonblocking: true },
}
const race = {
  parameters: ['u32', 'u64', { out: 'u64' }, { out: 'u64' }, { out: 'f64' }],
  result: 'i32',
  symbol: 'probe_race_count',
  nonblocking: true,
}
const openWasm = () => open(
  { module: new WebAssembly.Module(readFileSync(${JSON.stringify(built('probe.wasm'))})) },
  definitions,
  { worker: ffiWorker },
)
const openNative = () => open({ library: ${JSON.stringify(own)}, koffi }, { ...definitions, race })
const slowly = (library) => library.symbols.race(1, 200_000n)
`

function run(program: string, ...options: string[]) {
  const file = join(folder, 'program.mjs')
  writeFileSync(file, start + program)
  return runNode(...options, file)
}

function runNode(...options: string[]) {
  const ended = spawnSync(process.execPath, options, { encoding: 'utf8', timeout: 50_000 })
  return { stdout: ended.stdout, stderr: ended.stderr, status: ended.status, signal: ended.signal }
}

const ending = (stdout: string, status = 0) => ({ stdout, stderr: '', status, signal: null })

describe('wasm', () => {
  test('an idle worker does not keep the process', () => {
    expect(run(`console.log(await openWasm().symbols.i32(5))`)).toEqual(ending('5\n'))
  })

  test('the worker starts whatever options the process was started with', () => {
    const program = `${start}console.log(await openWasm().symbols.i32(5))`
    expect(runNode('--input-type=module', '--eval', program)).toEqual(ending('5\n'))
  })

  test('a worker that has not been called yet neither', () => {
    expect(run(`openWasm(); console.log('opened')`)).toEqual(ending('opened\n'))
  })

  test('calls under way keep the process until they are answered', () => {
    const program = `
const { symbols } = openWasm()
await symbols.i32(0)
setTimeout(() => {
  for (let value = 0; value < 3; value++) symbols.i32(value).then(console.log)
}, 20)`
    expect(run(program)).toEqual(ending('0\n1\n2\n'))
  })

  test('process.exit ends an endless call', () => {
    const program = `
const { symbols } = openWasm()
await symbols.i32(0)
symbols.hang(null)
setTimeout(() => process.exit(7), 20)`
    expect(run(program)).toEqual(ending('', 7))
  })

  test('close ends an endless call, and the process with it', () => {
    const program = `
const library = openWasm()
await library.symbols.i32(0)
library.symbols.hang(null).catch(({ code }) => console.log(code))
setTimeout(() => library.close(), 20)`
    expect(run(program)).toEqual(ending('DISPOSED\n'))
  })
})

describe('native', () => {
  test('calls under way keep the process until they are answered', () => {
    const program = `
const { symbols } = openNative()
for (let value = 0; value < 100; value++) symbols.i32(value).then((value) => value % 33 === 0 && console.log(value))`
    expect(run(program)).toEqual(ending('0\n33\n66\n99\n'))
  })

  test('process.exit with calls under way and others waiting ends in order', () => {
    const program = `
const library = openNative()
for (let call = 0; call < 50; call++) slowly(library)
setTimeout(() => process.exit(7), 20)`
    expect(run(program)).toEqual(ending('', 7))
  })

  test('an uncaught error with calls under way ends in order', () => {
    const program = `
const library = openNative()
for (let call = 0; call < 50; call++) slowly(library)
setTimeout(() => { throw new Error('on purpose') }, 20)`
    const ended = run(program)
    expect(ended.stderr).toContain('Error: on purpose')
    expect({ ...ended, stderr: '' }).toEqual(ending('', 1))
  })

  test('a thread that is terminated with calls under way leaves the process in order', () => {
    const program = `
import { isMainThread, Worker } from 'node:worker_threads'
if (isMainThread) {
  const thread = new Worker(new URL(import.meta.url))
  thread.on('message', () => thread.terminate())
  thread.on('exit', (code) => console.log('ended', code))
} else {
  const library = openNative()
  for (let call = 0; call < 20; call++) slowly(library)
  const { parentPort } = await import('node:worker_threads')
  parentPort.postMessage('started')
}`
    expect(run(program)).toEqual(ending('ended 1\n'))
  })

  test('a library that was closed stays loaded under its calls', () => {
    const program = `
let library = openNative()
const calls = [slowly(library), slowly(library)]
library.close()
library = undefined
for (const call of calls.splice(0)) await call.catch(({ code }) => console.log(code))
for (let turn = 0; turn < 5; turn++) {
  globalThis.gc()
  await new Promise((resolve) => setTimeout(resolve, 2))
}
console.log(readFileSync('/proc/self/maps', 'utf8').includes(${JSON.stringify(own)}))`
    expect(run(program, '--expose-gc')).toEqual(ending('DISPOSED\nDISPOSED\ntrue\n'))
  })
})
