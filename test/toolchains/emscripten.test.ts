/** Emscripten's modules: standalone ones with what they import, and those that come with Emscripten's own JavaScript. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import wabt from 'wabt'
import { type EmscriptenFactory, open, prepareFactory } from '../../src/ffi/index.ts'
import { projectFolder } from '../support/data.ts'

const guests = join(projectFolder, '.cache/guests')

describe('Emscripten’s JavaScript', async () => {
  const module = new WebAssembly.Module(readFileSync(join(guests, 'probe-factory.wasm')))
  const { default: createModule } = (await import(join(guests, 'probe-factory.mjs'))) as {
    default: EmscriptenFactory<{
      ccall(name: string, result: string | null, types: string[], values: unknown[]): unknown
      UTF8ToString(address: number): string
    }>
  }
  const definitions = {
    probe_add_i32: { parameters: ['i32', 'i32'], result: 'i32' },
    probe_text_join: { parameters: ['cstring', 'cstring'], result: { type: 'cstring', free: 'probe_free' } },
    probe_call_i8: { parameters: [{ type: 'callback', parameters: ['i8'], result: 'i8' }, 'i8'], result: 'i8' },
    probe_grow_out: { parameters: ['u32', { out: 'i32' }], result: 'bool' },
    probe_trap: { parameters: [], result: 'void' },
    probe_abort: { parameters: [], result: 'void' },
  } as const

  test('symbols and the Module object reach the same instance', async () => {
    using library = open({ module, factory: await prepareFactory(createModule, module) }, definitions)
    const { symbols, glue } = library
    expect(library.toolchain).toBe('emscripten')
    expect(symbols.probe_add_i32(1, 2)).toBe(3)
    expect(symbols.probe_text_join('left', 'right')).toBe('leftright')
    expect(glue.ccall('probe_text_length', 'number', ['string'], ['größer'])).toBe(8)
    expect(symbols.probe_call_i8((value) => value * 2, 21)).toBe(42)
    expect(symbols.probe_grow_out(30)[0]).toBe(true)
    expect(glue.ccall('probe_text_length', 'number', ['string'], ['after growth'])).toBe(12)
  })

  test.each(['probe_trap', 'probe_abort'] as const)('%s is followed by a fresh Module object', async (name) => {
    const factory = await prepareFactory(createModule, module)
    using library = open({ module, factory }, definitions)
    for (let generation = 2; generation <= 4; generation++) {
      await factory.ready
      const before = library.glue
      expect(() => library.symbols[name]()).toThrow(failing('GUEST_'))
      expect(library.symbols.probe_add_i32(2, 2)).toBe(4)
      expect(library.generation).toBe(generation)
      // Not compared by the matcher, which would print a whole Module object.
      expect(library.glue === before).toBe(false)
      expect(library.glue.ccall('probe_add_i32', 'number', ['number', 'number'], [3, 4])).toBe(7)
    }
  })

  test('the Module object’s functions are guarded, and belong to their instance', async () => {
    const factory = await prepareFactory(createModule, module)
    using library = open({ module, factory }, definitions)
    const { glue } = library
    await factory.ready
    expect(() => glue.ccall('probe_trap', null, [], [])).toThrow(failing('GUEST_TRAPPED', 'probe_trap'))
    expect(() => glue.ccall('probe_add_i32', 'number', ['number', 'number'], [1, 2])).toThrow(failing('HANDLE_STALE'))
    expect(library.glue.ccall('probe_add_i32', 'number', ['number', 'number'], [1, 2])).toBe(3)
    expect(library.generation).toBe(2)
  })

  test('a nested end is the outer call’s too, whoever hides it', async () => {
    const factory = await prepareFactory(createModule, module)
    using library = open({ module, factory }, definitions)
    const { glue, symbols } = library
    const nested = () => {
      expect(() => glue.ccall('probe_trap', null, [], [])).toThrow(failing('GUEST_TRAPPED'))
      return 1
    }
    expect(() => symbols.probe_call_i8(nested, 1)).toThrow(failing('GUEST_'))
    await factory.ready
    expect([symbols.probe_add_i32(1, 1), library.generation]).toEqual([2, 2])
  })

  test('exit() ends with a typed error, and sets no exit code of the process', async () => {
    // As Emscripten's JavaScript does it in Node.
    const create: EmscriptenFactory<object> = async (options) => {
      const { instantiateWasm } = options as { instantiateWasm(imports: object, ready: () => void): object }
      const exit = (status: number) => {
        process.exitCode = status
        throw { name: 'ExitStatus', message: `Program terminated with exit(${status})`, status }
      }
      instantiateWasm({ a: { b: exit } }, () => {})
      return {}
    }
    const { parseWat } = await wabt()
    const text = `(module (import "a" "b" (func $exit (param i32))) (memory (export "c") 1)
      (func (export "leave") (call $exit (i32.const 3))))`
    const leaving = new WebAssembly.Module(parseWat('exit.wat', text).toBinary({}).buffer as BufferSource)
    const factory = await prepareFactory(create, leaving)
    using library = open({ module: leaving, factory }, { leave: { parameters: [], result: 'void' } })
    const before = process.exitCode
    expect(() => library.symbols.leave()).toThrow(failing('GUEST_INTERRUPTED', 'exit(3)'))
    expect(process.exitCode).toBe(before)
  })

  test('two ends without a moment between say that the next instance is not ready, and it comes', async () => {
    const factory = await prepareFactory(createModule, module)
    using library = open({ module, factory }, definitions)
    await factory.ready
    expect(() => library.symbols.probe_trap()).toThrow(failing('GUEST_TRAPPED'))
    expect(() => library.symbols.probe_trap()).toThrow(failing('GUEST_TRAPPED'))
    expect(() => library.symbols.probe_add_i32(1, 1)).toThrow(failing('GUEST_NOT_READY', 'factory.ready'))
    await factory.ready
    expect(library.symbols.probe_add_i32(1, 1)).toBe(2)
  })

  test('a factory that makes no instance is refused', async () => {
    await expect(prepareFactory(async () => ({}), module)).rejects.toThrow(
      failing('GUEST_INCOMPATIBLE', 'is it of this build'),
    )
    const broken = prepareFactory(() => Promise.reject(new Error('out of quinces')), module)
    await expect(broken).rejects.toThrow(failing('GUEST_INCOMPATIBLE', 'out of quinces'))
  })
})

describe('a standalone module', async () => {
  const { parseWat } = await wabt()
  const compiled = (text: string) =>
    new WebAssembly.Module(parseWat('guest.wat', text).toBinary({}).buffer as BufferSource)

  test('prints lines to the console, and ends by exit() with a typed error', () => {
    const module = compiled(`(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (data (i32.const 16) "half a line, and the rest\\n")
      (func (export "_initialize"))
      (func (export "print") (param i32 i32) (result i32)
        (i32.store (i32.const 0) (local.get 0))
        (i32.store (i32.const 4) (local.get 1))
        (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (func (export "leave") (call $exit (i32.const 3))))`)
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    try {
      using library = open(
        { module },
        {
          print: { parameters: ['i32', 'i32'], result: 'i32' },
          leave: { parameters: [], result: 'void' },
        },
      )
      expect(library.symbols.print(16, 12)).toBe(0)
      expect(log).not.toHaveBeenCalled()
      expect(library.symbols.print(28, 14)).toBe(0)
      expect(log.mock.calls).toEqual([['half a line, and the rest']])
      expect(() => library.symbols.leave()).toThrow(failing('GUEST_INTERRUPTED', 'exit(3)'))
      expect(library.symbols.print(16, 1)).toBe(0)
      expect(library.generation).toBe(2)
    } finally {
      log.mockRestore()
    }
  })

  test('what it imports and nobody gives is named, all of it', () => {
    const module = compiled(`(module
      (import "host" "clock" (func)) (import "host" "given" (func)) (import "other" "limit" (global i32))
      (memory (export "memory") 1))`)
    const given = () => {}
    expect(() => open({ module, imports: { host: { given } } }, {})).toThrow(
      failing('GUEST_INCOMPATIBLE', 'imports host.clock, other.limit, which'),
    )
    using library = open({ module, imports: { host: { clock: () => {}, given }, other: { limit: 5 } } }, {})
    expect(library.generation).toBe(1)
  })

  test('a nested end is the outer call’s too, whoever hides it', () => {
    const module = compiled(`(module (import "host" "hook" (func $hook (result i32))) (memory (export "memory") 1)
      (func (export "outer") (result i32) (call $hook)) (func (export "trap") unreachable))`)
    const hook = () => {
      expect(() => library.symbols.trap()).toThrow(failing('GUEST_TRAPPED'))
      return 5
    }
    const definitions = {
      outer: { parameters: [], result: 'i32' },
      trap: { parameters: [], result: 'void' },
    } as const
    using library = open({ module, imports: { host: { hook } } }, definitions)
    expect(() => library.symbols.outer()).toThrow(failing('GUEST_'))
    expect(library.generation).toBe(1)
    expect(() => library.symbols.trap()).toThrow(failing('GUEST_TRAPPED', 'generation 3'))
  })

  test('a memory that it imports is new for each instance', () => {
    const module = compiled(`(module (import "env" "memory" (memory 1)) (import "env" "base" (global $base i32))
      (func (export "count") (result i32)
        (i32.store (global.get $base) (i32.add (i32.load (global.get $base)) (i32.const 1)))
        (i32.load (global.get $base)))
      (func (export "trap") unreachable))`)
    const definitions = {
      count: { parameters: [], result: 'i32' },
      trap: { parameters: [], result: 'void' },
    } as const
    const imports = () => ({ env: { memory: new WebAssembly.Memory({ initial: 1 }), base: 64 } })
    using library = open({ module, imports }, definitions)
    expect([library.symbols.count(), library.symbols.count()]).toEqual([1, 2])
    expect(() => library.symbols.trap()).toThrow(failing('GUEST_TRAPPED'))
    expect([library.symbols.count(), library.generation]).toEqual([1, 2])

    using once = open({ module, imports: imports() }, definitions)
    expect(once.symbols.count()).toBe(1)
    expect(() => once.symbols.trap()).toThrow(failing('GUEST_TRAPPED'))
    expect(() => once.symbols.count()).toThrow(failing('GUEST_INCOMPATIBLE', 'function that makes a new one'))
  })

  test('with an allocator of its own names it', () => {
    const module = compiled(`(module (memory (export "memory") 2) (global $next (mut i32) (i32.const 1024))
      (global $taken (mut i32) (i32.const 0))
      (func (export "take") (param i32) (result i32) (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 0)))
        (global.set $taken (i32.add (global.get $taken) (local.get 0))))
      (func (export "give") (param i32 i32) (global.set $taken (i32.sub (global.get $taken) (local.get 1))))
      (func (export "taken") (result i32) (global.get $taken))
      (func (export "first") (param i32) (result i32) (i32.load8_u (local.get 0))))`)
    const definitions = {
      taken: { parameters: [], result: 'i32' },
      first: { parameters: ['buffer'], result: 'u8' },
    } as const
    using library = open({ module, allocator: { alloc: 'take', free: 'give' } }, definitions)
    const before = library.symbols.taken()
    expect(before).toBeGreaterThanOrEqual(32_768)
    expect(library.symbols.first(new Uint8Array(20_000).fill(9))).toBe(9)
    expect(library.symbols.taken()).toBe(before)
    expect(() => open({ module, allocator: { alloc: 'take', free: 'nothing' } }, definitions)).toThrow(
      failing('SYMBOL_NOT_FOUND', 'nothing'),
    )
  })

  test('without an allocator gets pages of its own, which serve again', () => {
    const module = compiled(`(module (memory (export "memory") 1)
      (func (export "last") (param i32 i32) (result i32) (i32.load8_u (i32.add (local.get 0) (i32.sub (local.get 1) (i32.const 1))))))`)
    using library = open({ module }, { last: { parameters: ['buffer', { lengthOf: 0 }], result: 'u8' } })
    expect(library.toolchain).toBe('plain')
    const large = new Uint8Array(300_000).fill(7)
    expect(library.symbols.last(large)).toBe(7)
    const before = library.memoryBytes
    for (let call = 0; call < 100; call++) expect(library.symbols.last(large)).toBe(7)
    expect(library.memoryBytes).toBe(before)
  })

  test('without memory is refused', () => {
    expect(() => open({ module: compiled('(module)') }, {})).toThrow(failing('GUEST_INCOMPATIBLE', 'no memory'))
  })

  // Node 20 compiles no such module; Deno does.
  test('with addresses of 64 bits is refused', { timeout: 120_000 }, () => {
    const script = join(projectFolder, 'test/runtimes/wide-addresses.mjs')
    const deno = join(projectFolder, 'node_modules/.bin/deno')
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
    const run = spawnSync(deno, ['run', '--no-lock', '--no-remote', '--allow-env', script], { encoding: 'utf8', env })
    expect(run.stderr).toBe('')
    expect(run.stdout).toMatch(/^GUEST_INCOMPATIBLE .*64 bits/)
  })

  test('that traps when it starts is refused', () => {
    const module = compiled('(module (memory (export "memory") 1) (func $start unreachable) (start $start))')
    expect(() => open({ module }, {})).toThrow(failing('GUEST_TRAPPED', 'unreachable'))
  })
})

function failing(code: string, text = ''): unknown {
  return expect.objectContaining({ code: expect.stringContaining(code), message: expect.stringContaining(text) })
}
