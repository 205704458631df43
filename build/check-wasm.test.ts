import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { engineBuilds, engineFaults, expectedExports, summarise } from './check-wasm.ts'
import { customSection, sealed, sha256 } from './seal-wasm.ts'

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
const importOfMemory = section(2, 1, ...name('env'), ...name('memory'), 2, 0, 17)
// (i32.const 2147483647)
const most = [0x41, 0xff, 0xff, 0xff, 0xff, 0x07, 0x0b]
const globals = (fuel: number[]) => section(6, 2, 0x7f, 1, 0x41, 0x80, 0x80, 0xc0, 0x00, 0x0b, ...fuel)
const stackAndFuel = globals([0x7f, 1, ...most])
const exportsWithFuel = section(
  7,
  3,
  ...exported('memory', 2, 0),
  ...exported('__stack_pointer', 3, 0),
  ...exported('framegate_fuel', 3, 1),
)
const startAtFunction0 = section(8, 0)

const module = (...sections: number[][]) => Uint8Array.from([...preamble, ...sections.flat()])
const expected = ['memory', '__stack_pointer']
const plain = engineBuilds['engine.wasm']
const metered = engineBuilds['engine.metered.wasm']
const plainFaults = (...sections: number[][]) => engineFaults(sealed(module(...sections)), expected, plain)
const meteredFaults = (...sections: number[][]) => engineFaults(sealed(module(...sections)), expected, metered)

describe('what a module is said to be', () => {
  it('names its exports and measures its stack', () => {
    expect(summarise(module(memory, stackOfOneMiB, exports))).toEqual({
      imports: [],
      exports: expected,
      start: undefined,
      stackBytes: 1024 * 1024,
      fuel: undefined,
      hiddenState: [],
      customs: [],
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
    expect(plainFaults(memory, stackOfOneMiB, exports)).toEqual([])
  })

  it('is an import', () => {
    const faults = plainFaults(emptyFunctionType, importOfFunction, memory, stackOfOneMiB, exports)
    expect(faults).toEqual(['it imports env.now; it must import nothing'])
  })

  it('is a start function', () => {
    const faults = plainFaults(memory, stackOfOneMiB, exports, startAtFunction0)
    expect(faults).toEqual(['it runs function 0 when instantiated'])
  })

  it('is a small stack', () => {
    const faults = plainFaults(memory, stackOf64KiB, exports)
    expect(faults).toEqual(['its stack has 65536 bytes; 163840 are the least'])
  })

  it('is state that an instance keeps when its memory and exported globals are set back', () => {
    const function0 = section(3, 1, 0)
    const body = (...code: number[]) => section(10, 1, code.length + 2, 0, ...code, 0x0b)
    const faults = (...code: number[]) =>
      plainFaults(emptyFunctionType, function0, memory, stackOfOneMiB, exports, body(...code))
    const fault = (what: string) => [`it changes ${what}; instances could not follow one another`]
    expect(faults(0x41, 0x26, 0x1a)).toEqual([])
    expect(faults(0x41, 0, 0xd0, 0x70, 0x26, 0)).toEqual(fault('a table'))
    expect(faults(0xd0, 0x70, 0x41, 1, 0xfc, 15, 0, 0x1a)).toEqual(fault('a table'))
    expect(faults(0xfc, 9, 0)).toEqual(fault('a segment'))
    const hidden = section(6, 2, ...stackOfOneMiB.slice(3), 0x7f, 1, 0x41, 0, 0x0b)
    expect(plainFaults(memory, hidden, exports)).toEqual(fault('global 1, which is not exported'))
  })

  it('is an export too many or too few', () => {
    const bytes = sealed(module(memory, stackOfOneMiB, exports))
    expect(engineFaults(bytes, [...expected, 'framegate_load'], plain)).toEqual([
      'it lacks framegate_load, which build/engine.exports lists',
    ])
    expect(engineFaults(bytes, ['__stack_pointer'], plain)).toEqual([
      'it exports memory, which build/engine.exports does not list',
    ])
  })

  it('is a build id that is missing, not last, or that of other bytes', () => {
    const bare = module(memory, stackOfOneMiB, exports)
    expect(engineFaults(bare, expected, plain)).toEqual(['its custom sections are nothing; they must be build_id'])
    const continued = Buffer.concat([sealed(bare), customSection('name')])
    expect(engineFaults(continued, expected, plain)).toEqual([
      'its custom sections are build_id, name; they must be build_id',
    ])
    const changed = sealed(bare)
    changed[bare.indexOf(17)] = 18 // the memory's pages
    expect(engineFaults(changed, expected, plain)).toEqual([
      'its build_id is not the SHA-256 of the bytes before that section',
    ])
  })
})

describe('what is wrong with a metered engine', () => {
  it('is nothing where it imports its memory alone and exports its fuel', () => {
    expect(meteredFaults(importOfMemory, stackAndFuel, exportsWithFuel)).toEqual([])
  })

  it('is a memory of its own', () => {
    expect(meteredFaults(memory, stackAndFuel, exportsWithFuel)).toEqual([
      'it imports nothing; it must import env.memory',
      'its custom sections are build_id; they must be framegate.memory, build_id',
    ])
  })

  it('is fuel that a host cannot set, that is no i32, or that has run out at the start', () => {
    const fault = 'its framegate_fuel is no mutable i32 that starts at 2147483647'
    for (const fuel of [
      [0x7f, 0, ...most],
      [0x7e, 1, ...most],
      [0x7f, 1, 0x41, 0, 0x0b],
    ])
      expect(meteredFaults(importOfMemory, globals(fuel), exportsWithFuel)).toEqual([fault])
  })

  it('is a wrong number of pages', () => {
    const bytes = Buffer.concat([
      module(importOfMemory, stackAndFuel, exportsWithFuel),
      customSection('framegate.memory', Buffer.of(18, 0, 0, 0)),
    ])
    const withId = Buffer.concat([bytes, customSection('build_id', Buffer.of(32), sha256(bytes))])
    expect(engineFaults(withId, expected, metered)).toEqual([
      'its framegate.memory does not say that its memory has 17 pages',
    ])
  })
})

it('a module is not sealed twice', () => {
  expect(() => sealed(sealed(module(memory)))).toThrow('it has a build id')
})

describe.each(Object.entries(engineBuilds))('dist/%s', (file, build) => {
  const bytes = readFileSync(new URL(`../dist/${file}`, import.meta.url))

  it('imports and exports exactly what is listed, runs nothing at instantiation, hides no state, has its stack and its build id', () => {
    expect(engineFaults(bytes, expectedExports(), build)).toEqual([])
  })
})
