/** What goes wrong elsewhere with builds, runtimes and limits: read from the files that ship, and tried. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Worker } from 'node:worker_threads'
import koffi from 'koffi'
import { afterEach, describe, expect, test } from 'vitest'
import { summarise } from '../../build/check-wasm.ts'
import { callbackModule, open } from '../../src/ffi/index.ts'
import { engineModule } from '../../src/node.ts'
import { createEvaluator } from '../../src/workerd.ts'
import { projectFolder } from '../support/data.ts'
import { payload, publicCondition, rule, spec } from '../support/specs.ts'
import { compiledWat } from '../wat/compile.ts'
import { thrownBy } from '../wat/thrown.ts'

const built = (name: string) => join(projectFolder, 'dist', name)
const { Module } = WebAssembly

afterEach(() => {
  WebAssembly.Module = Module
})

describe('pitfall 20: limits of a worker do not count a guest’s memory', () => {
  test('which a worker with a small heap shows', async () => {
    const code = `
      const { parentPort } = require('node:worker_threads')
      const memory = new WebAssembly.Memory({ initial: 0, maximum: 4096 })
      memory.grow(4096)
      new Uint8Array(memory.buffer).fill(1)
      parentPort.postMessage(memory.buffer.byteLength)`
    const worker = new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } })
    try {
      const bytes = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
      expect(bytes).toBe(2 ** 28)
    } finally {
      await worker.terminate()
    }
  })

  test('so nothing relies on them: a guest’s own maximum holds', () => {
    const sources = readdirSync(join(projectFolder, 'src'), { recursive: true, encoding: 'utf8' })
    const relying = sources
      // The pool passes them on for the threads' JavaScript, and says so.
      .filter((name) => name.endsWith('.ts') && !name.startsWith('pool/'))
      .filter((name) => readFileSync(join(projectFolder, 'src', name), 'utf8').includes('resourceLimits'))
    expect(relying).toEqual([])
    using library = open({ module: compiledWat('results') }, { size: { parameters: [], result: 'usize' } })
    const frames = []
    let code = ''
    while (code === '') {
      try {
        frames.push(library.frame(60_000))
      } catch (error) {
        code = (error as { code: string }).code
      }
    }
    expect([code, frames.length > 2, library.memoryBytes]).toEqual(['GUEST_MEMORY_EXHAUSTED', true, 2 ** 20])
    for (const frame of frames.reverse()) frame.release()
    library.frame(60_000).release()
    expect(library.generation).toBe(1)
  })
})

describe('pitfall 21: where no module may be compiled from bytes', () => {
  /** As a runtime at the edge: modules are handed in, and only those. */
  function forbidCompiling(): void {
    WebAssembly.Module = Object.assign(
      class {
        constructor() {
          throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder')
        }
      },
      { exports: Module.exports, imports: Module.imports, customSections: Module.customSections },
    ) as unknown as typeof Module
  }

  const callback = { type: 'callback', parameters: ['i32'], result: 'i32' } as const
  const definitions = {
    call: { parameters: [callback, 'i32'], result: 'i32' },
    keep: { parameters: [callback], result: 'void' },
    call_kept: { parameters: ['i32'], result: 'i32' },
    echo: { parameters: ['cstring'], result: 'cstring' },
  } as const
  const imports = { host: { went_on: () => {} } }

  test('an evaluator is made of a module that was handed in', () => {
    const module = engineModule()
    forbidCompiling()
    const specs = payload({
      feature_gates: { gate: spec([rule('r', ['public'])]) },
      condition_map: { public: publicCondition },
    })
    using evaluator = createEvaluator({ module, specs })
    expect(evaluator.checkGate({ userID: 'a' }, 'gate')).toBe(true)
  })

  test('a guest calls back through a module that was handed in', () => {
    const module = compiledWat('nesting')
    const callbacks = new Module(new Uint8Array(callbackModule(definitions)))
    forbidCompiling()
    using library = open({ module, imports, callbacks }, definitions)
    const { symbols } = library
    for (let round = 0; round < 50; round++) expect(symbols.call((value) => value * 2, round)).toBe(round * 2)
    using registered = library.callback(callback, (value) => value + 1)
    symbols.keep(registered)
    expect(symbols.call_kept(4)).toBe(5)
  })

  test('a guest that calls back without one gets an error that says what to do', () => {
    const module = compiledWat('nesting')
    // A signature of its own: what this thread compiled once is not compiled again.
    const unseen = { type: 'callback', parameters: ['i32', 'f64', 'f32', 'i64', 'f64'], result: 'f64' } as const
    const wanting = { ...definitions, call: { parameters: [unseen, 'i32'], result: 'i32' } } as const
    forbidCompiling()
    using library = open({ module, imports }, wanting)
    expect(thrownBy(() => library.symbols.call(() => 0, 1))).toMatchObject({
      code: 'GUEST_INCOMPATIBLE',
      message: expect.stringContaining('callbackModule(definitions)'),
    })
    expect(library.symbols.echo('still here')).toBe('still here')
    expect(library.generation).toBe(1)
  })

  test('no entry of the core compiles a module when it is imported', () => {
    const compiling = readdirSync(join(projectFolder, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('cli/'))
      .filter((name) => {
        const source = readFileSync(join(projectFolder, 'src', name), 'utf8')
        const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
        return /WebAssembly\.(?:compile|instantiate|Module\()|new WebAssembly\.Module/.test(code)
      })
    // Node and Deno read a file when asked, a browser compiles a stream; callbacks are compiled when the first is passed,
    // and a tenant's module where it is uploaded.
    const asked = ['browser.ts', 'deno.ts', 'ffi/wasm/callback-table.ts', 'node.ts', 'tenants/meter-guest.ts']
    expect(compiling.sort()).toEqual(asked)
  })
})

describe('pitfall 23: shared objects need no newer C library than they say', () => {
  const names = readdirSync(join(projectFolder, 'dist')).filter((name) => name.endsWith('.so'))

  test('and are there for both architectures', () => {
    const wanted = ['framegate', 'probe'].flatMap((name) => [`lib${name}-linux-arm64.so`, `lib${name}-linux-x64.so`])
    expect(names).toEqual(expect.arrayContaining(wanted))
  })

  test.each(names)('%s', (name) => {
    const file = readFileSync(built(name))
    const architecture = { 62: 'x64', 183: 'arm64' }[file.readUInt16LE(18)]
    expect(name).toContain(`linux-${architecture}`)
    const versions = [...file.toString('latin1').matchAll(/GLIBC_(\d+)\.(\d+)/g)]
    expect(versions.length).toBeGreaterThan(0)
    // glibc 2.34 is that of RHEL 9; Debian 12 and Amazon Linux 2023 have it or newer.
    for (const [text, major, minor] of versions) {
      expect([text, Number(major) * 1000 + Number(minor) <= 2034]).toEqual([text, true])
    }
  })

  test('one of another machine is refused with its name and the remedy', () => {
    const other = built(`libprobe-linux-${process.arch === 'x64' ? 'arm64' : 'x64'}.so`)
    for (const library of [other, built('engine.wasm'), 'no-such-library.so']) {
      expect(thrownBy(() => open({ library, koffi }, {}))).toMatchObject({
        code: 'LIBRARY_NOT_LOADED',
        message: expect.stringMatching(
          new RegExp(`${relative('.', library).split('/').pop()}.*build it for this machine`),
        ),
      })
    }
  })
})

describe('pitfall 26: the stack in a guest’s memory is not the linker’s 64 KiB', () => {
  const modules = readdirSync(join(projectFolder, 'dist'))
    .filter((name) => name.endsWith('.wasm') && /^(?:engine|probe)/.test(name))
    .map((name) => [name] as const)

  test.each(modules)('%s', (name) => {
    const { stackBytes } = summarise(readFileSync(built(name)))
    expect(stackBytes).toBeGreaterThanOrEqual(160 * 1024)
  })

  test('in the engine and in the probe', () => {
    for (const name of ['engine.wasm', 'probe.wasm']) expect(existsSync(built(name))).toBe(true)
  })
})
