import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import wabt from 'wabt'
import { isLeftOut } from './bindings.ts'
import { moduleBindings } from './module-bindings.ts'
import { readModuleExports } from './module-exports.ts'
import { typescriptDefinitions } from './typescript-definitions.ts'

const { parseWat } = await wabt()
const engine = readFileSync(new URL('../../../dist/engine.wasm', import.meta.url))

function bindingsOf(wat: string, debugNames = false) {
  const parsed = parseWat('test.wat', `(module ${wat})`, { reference_types: true, multi_value: true, simd: true })
  try {
    const { buffer } = parsed.toBinary({ write_debug_names: debugNames })
    return moduleBindings(readModuleExports(buffer), 'lib')
  } finally {
    parsed.destroy()
  }
}

const definitionsOf = (wat: string, debugNames = false) =>
  Object.fromEntries(
    bindingsOf(wat, debugNames).functions.map((each) => [each.name, isLeftOut(each) ? each.reason : each.definition]),
  )

describe('definitions of a module', () => {
  it('have the width that its numbers have', () => {
    const wat = '(func (export "all") (param i32 i64 f32 f64) (result i64) unreachable) (func (export "none"))'
    expect(definitionsOf(wat)).toEqual({
      all: { parameters: ['i32', 'i64', 'f32', 'f64'], result: 'i64' },
      none: { parameters: [], result: 'void' },
    })
  })

  it('take an i32 for a pointer only where the module keeps a name that says so', () => {
    const wat =
      '(func (export "copy") (param $dest i32) (param $src_ptr i32) (param $count i32) (param $data i64) (param i32))'
    expect(definitionsOf(wat)).toEqual({ copy: { parameters: ['i32', 'i32', 'i32', 'i64', 'i32'], result: 'void' } })
    expect(definitionsOf(wat, true)).toEqual({
      copy: { parameters: ['pointer', 'pointer', 'i32', 'i64', 'i32'], result: 'void' },
    })
    const [copy] = bindingsOf(wat, true).functions
    expect(copy).toMatchObject({ prototype: 'copy(dest: i32, src_ptr: i32, count: i32, data: i64, _4: i32)' })
  })

  it('leave out, by name and reason, what no definition can say', () => {
    const wat = `
      (func (export "vector") (param v128))
      (func (export "reference") (result externref) unreachable)
      (func (export "function_reference") (param funcref))
      (func (export "two") (result i32 i32) unreachable)
      (func (export "one") (result i32) unreachable)`
    expect(definitionsOf(wat)).toEqual({
      vector: 'takes or returns v128, which only WebAssembly knows',
      reference: 'takes or returns externref, which only WebAssembly knows',
      function_reference: 'takes or returns funcref, which only WebAssembly knows',
      two: 'returns 2 values; a definition has one result',
      one: { parameters: [], result: 'i32' },
    })
  })

  it('do not name what a toolchain exports for itself', () => {
    const machinery = [
      ...['malloc', 'free', '_initialize', 'emscripten_stack_get_current', '_emscripten_stack_restore', 'dynCall_vi'],
      ...['__wbindgen_malloc', '__wbindgen_start', '__wbg_counter_free', '__externref_table_alloc'],
      ...['__new', '__pin', '__unpin', '__collect', '__wasm_call_ctors'],
    ]
    const own = ['add', 'freeze', 'main_loop', '__custom']
    const wat = [...machinery, ...own].map((name) => `(func (export "${name}"))`).join('')
    expect(
      Object.keys(definitionsOf(`${wat} (memory (export "memory") 1) (global (export "g") i32 (i32.const 1))`)),
    ).toEqual(own)
  })

  it('quote names that are none in JavaScript and make every character of them visible', () => {
    const wat = String.raw`
      (func (export "_ZN3foo3barEi")) (func (export "a-b")) (func (export "it's")) (func (export "\u{202e}*/")) (func (export "__proto__"))
      (func (export "new\0aline") (param v128))`
    const text = typescriptDefinitions(bindingsOf(wat), 'odd', 'odd.wasm')
    expect(text).toContain(`export const odd = {
  _ZN3foo3barEi: { parameters: [], result: 'void' },
  'a-b': { parameters: [], result: 'void' },
  "it's": { parameters: [], result: 'void' },
  '\\u{202e}*/': { parameters: [], result: 'void' },
  ['__proto__']: { parameters: [], result: 'void' },
  // new\\u{a}line is left out: it takes or returns v128, which only WebAssembly knows.
} as const satisfies Definitions
`)
  })

  it('of the engine take as many parameters as its functions do', () => {
    const { functions } = moduleBindings(readModuleExports(engine), 'engine')
    const instance = new WebAssembly.Instance(new WebAssembly.Module(engine)).exports
    const exported = Object.entries(instance).filter(([, value]) => typeof value === 'function')
    expect(functions.map(({ name }) => name).sort()).toEqual(exported.map(([name]) => name).sort())
    for (const each of functions)
      expect(isLeftOut(each) ? undefined : each.definition.parameters.length, each.name).toBe(
        (instance[each.name] as () => void).length,
      )
  })
})

describe('the lines that open a module', () => {
  const plain = '(func (export "add"))'
  const imported = (module: string, name: string) => `(import "${module}" "${name}" (func))`
  const exported = (...names: string[]) => names.map((name) => `(func (export "${name}"))`).join('')
  const allocates = (type: string) =>
    `(func (export "lib_alloc") (param i32) (result i32) unreachable) (func (export "lib_free") ${type})`

  it.each([
    ['without allocator', plain, ['const library = open({ module }, DEFINITIONS)']],
    [
      'of Emscripten, standalone',
      `${imported('wasi_snapshot_preview1', 'fd_write')} ${imported('env', 'emscripten_notify_memory_growth')} ${exported('malloc', 'free')}`,
      ['const library = open({ module }, DEFINITIONS)'],
    ],
    [
      "of Emscripten, with its JavaScript's imports",
      `${imported('env', 'emscripten_date_now')} ${exported('malloc', 'free')}`,
      ["import factory from './lib.js'", 'const library = open({ module, factory }, DEFINITIONS)'],
    ],
    [
      'of Emscripten, with shortened names',
      `${imported('a', 'a')} ${exported('b', 'c')}`,
      ["import factory from './lib.js'", 'const library = open({ module, factory }, DEFINITIONS)'],
    ],
    [
      'of wasm-bindgen',
      `${imported('./lib_bg.js', '__wbindgen_throw')} ${exported('__wbindgen_malloc')}`,
      ["import * as glue from './lib_bg.js'", 'const library = open({ module, glue }, DEFINITIONS)'],
    ],
    [
      'of wasm-pack without glue',
      exported('__wbindgen_malloc', '__wbindgen_free'),
      ['const library = open({ module }, DEFINITIONS)'],
    ],
    [
      'of AssemblyScript',
      `${imported('env', 'abort')} ${exported('__new', '__pin')}`,
      ["import loader from '@assemblyscript/loader'", 'const library = open({ module, loader }, DEFINITIONS)'],
    ],
    [
      'with an allocator of its own',
      allocates('(param i32 i32)'),
      ["const library = open({ module, allocator: { alloc: 'lib_alloc', free: 'lib_free' } }, DEFINITIONS)"],
    ],
    [
      'with functions that are only named like an allocator',
      allocates('(param f64)'),
      ['const library = open({ module }, DEFINITIONS)'],
    ],
    [
      'with imports',
      imported('host', 'now') + plain,
      ['const imports = { … } // the module needs host.now', 'const library = open({ module, imports }, DEFINITIONS)'],
    ],
  ])('%s', (_, wat, lines) => {
    expect(bindingsOf(wat).opening).toEqual(["import { open } from 'framegate/ffi'", ...lines])
  })

  it('of the engine name its allocator and where it leaves its panics', () => {
    const { opening } = moduleBindings(readModuleExports(engine), 'engine')
    expect(opening.join('\n')).toContain("allocator: { alloc: 'framegate_alloc', free: 'framegate_free' }")
    expect(opening.join('\n')).toContain("panicMessage: 'framegate_panic_message'")
  })

  it('are of no use for shortened names, which is said', () => {
    expect(bindingsOf(`${imported('a', 'a')} ${exported('b')}`).remarks.join()).toContain(
      'Emscripten shortened the names',
    )
  })
})
