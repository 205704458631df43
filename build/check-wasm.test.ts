import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { engineFaults, expectedExports, summarise } from './check-wasm.ts'

const preamble = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const section = (id: number, ...content: number[]) => [id, content.length, ...content]
const name = (text: string) => [text.length, ...Buffer.from(text)]
const exported = (text: string, kind: number, index: number) => [...name(text), kind, index]

const emptyFunctionType = section(1, 1, 0x60, 0, 0)
const importOfFunction = section(2, 1, ...name('env'), ...name('now'), 0, 0)
const importOfGlobal = section(2, 1, ...name('env'), ...name('base'), 3, 0x7f, 0)
const memory = section(5, 1, 0, 17)
// (global (mut i32) (i32.const 1048576))
const stackOfOneMiB = section(6, 1, 0x7f, 1, 0x41, 0x80, 0x80, 0xc0, 0x00, 0x0b)
// (global (mut i32) (i32.const 65536))
const stackOf64KiB = section(6, 1, 0x7f, 1, 0x41, 0x80, 0x80, 0x04, 0x0b)
const exports = section(7, 2, ...exported('memory', 2, 0), ...exported('__stack_pointer', 3, 0))
const startAtFunction0 = section(8, 0)

const module = (...sections: number[][]) => Uint8Array.from([...preamble, ...sections.flat()])
const expected = ['memory', '__stack_pointer']

describe('what a module is said to be', () => {
  it('names its exports and measures its stack', () => {
    expect(summarise(module(memory, stackOfOneMiB, exports))).toEqual({
      imports: [],
      exports: expected,
      start: undefined,
      stackBytes: 1024 * 1024,
    })
  })

  it('counts imported globals before its own', () => {
    const stackIsGlobal1 = section(7, 1, ...exported('__stack_pointer', 3, 1))
    expect(summarise(module(importOfGlobal, stackOfOneMiB, stackIsGlobal1)).stackBytes).toBe(1024 * 1024)
  })

  it('refuses bytes that are not a module, or not a whole one', () => {
    expect(() => summarise(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]))).toThrow('not a WebAssembly module')
    expect(() => summarise(module(exports).subarray(0, -4))).toThrow('ends in the middle')
  })
})

describe('what is wrong with an engine', () => {
  it('is nothing where it keeps its promises', () => {
    expect(engineFaults(module(memory, stackOfOneMiB, exports), expected)).toEqual([])
  })

  it('is an import', () => {
    const faults = engineFaults(module(emptyFunctionType, importOfFunction, memory, stackOfOneMiB, exports), expected)
    expect(faults).toEqual(['it imports env.now; it must import nothing'])
  })

  it('is a start function', () => {
    const faults = engineFaults(module(memory, stackOfOneMiB, exports, startAtFunction0), expected)
    expect(faults).toEqual(['it runs function 0 when instantiated'])
  })

  it('is a small stack', () => {
    const faults = engineFaults(module(memory, stackOf64KiB, exports), expected)
    expect(faults).toEqual(['its stack has 65536 bytes; 262144 are the least'])
  })

  it('is an export too many or too few', () => {
    const faults = engineFaults(module(memory, stackOfOneMiB, exports), ['memory', '__stack_pointer', 'framegate_load'])
    expect(faults).toEqual(['it lacks framegate_load, which build/engine.exports lists'])
    expect(engineFaults(module(memory, stackOfOneMiB, exports), ['__stack_pointer'])).toEqual([
      'it exports memory, which build/engine.exports does not list',
    ])
  })
})

it('dist/engine.wasm imports nothing, runs nothing at instantiation, has its stack and exports exactly what is listed', () => {
  const bytes = readFileSync(new URL('../dist/engine.wasm', import.meta.url))
  expect(engineFaults(bytes, expectedExports())).toEqual([])
})
