import { describe, expect, it } from 'vitest'
import { readModuleExports } from './module-exports.ts'

const preamble = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const section = (id: number, ...content: number[]) => [id, content.length, ...content]
const name = (text: string) => [text.length, ...Buffer.from(text)]
const module = (...sections: number[][]) => Uint8Array.from([...preamble, ...sections.flat()])

const i32 = 0x7f
const types = section(1, 1, 0x60, 2, i32, i32, 1, i32)
const functions = (...typeIndices: number[]) => section(3, typeIndices.length, ...typeIndices)
const exported = (text: string, index: number) => [...name(text), 0, index]
// (func unreachable)
const bodies = (count: number) => section(10, count, ...Array.from({ length: count }, () => [3, 0, 0x00, 0x0b]).flat())
const exportsOf = (...entries: number[][]) => section(7, entries.length, ...entries.flat())

describe('the exports of a module', () => {
  it('have their types, and functions that share one keep their own parameter names', () => {
    const names = (index: number, ...locals: string[]) => [
      index,
      locals.length,
      ...locals.flatMap((text, place) => [place, ...name(text)]),
    ]
    const locals = [2, ...names(0, 'left', 'right'), ...names(1, 'text', 'length')]
    const nameSection = section(0, ...name('name'), 2, locals.length, ...locals)
    const { functions: read } = readModuleExports(
      module(types, functions(0, 0), exportsOf(exported('add', 0), exported('hash', 1)), bodies(2), nameSection),
    )
    expect(read).toEqual([
      { name: 'add', parameters: ['i32', 'i32'], results: ['i32'], parameterNames: ['left', 'right'] },
      { name: 'hash', parameters: ['i32', 'i32'], results: ['i32'], parameterNames: ['text', 'length'] },
    ])
  })

  it('are numbered after imported functions, whatever else is imported between', () => {
    const imports = section(
      2,
      5,
      ...[...name('env'), ...name('table'), 1, 0x70, 1, 1, 2],
      ...[...name('env'), ...name('memory'), 2, 4, 1],
      ...[...name('env'), ...name('base'), 3, i32, 0],
      ...[...name('env'), ...name('tag'), 4, 0, 1],
      ...[...name('env'), ...name('now'), 0, 1],
    )
    const twoTypes = section(1, 2, 0x60, 1, i32, 0, 0x60, 0, 1, 0x7c)
    const { functions: read, imports: wanted } = readModuleExports(
      module(twoTypes, imports, functions(0), exportsOf(exported('own', 1), exported('passed_on', 0)), bodies(1)),
    )
    expect(read.map(({ name, parameters, results }) => [name, parameters, results])).toEqual([
      ['own', ['i32'], []],
      ['passed_on', [], ['f64']],
    ])
    expect(wanted.map(({ name }) => name)).toEqual(['table', 'memory', 'base', 'tag', 'now'])
  })

  it('are read beside types of a garbage collector', () => {
    // (rec (type $s (struct (field i32))) (type $a (sub (array (mut i8)))) (type (func (param (ref null $s)) (result i32))))
    const group = [0x4e, 3, 0x5f, 1, i32, 0, 0x50, 0, 0x5e, 0x78, 1, 0x60, 1, 0x63, 0, 1, i32]
    const { functions: read } = readModuleExports(
      module(
        section(1, 2, ...group, 0x60, 0, 0),
        functions(2, 3),
        exportsOf(exported('gc', 0), exported('plain', 1)),
        bodies(2),
      ),
    )
    expect(read.map(({ parameters, results }) => [parameters, results])).toEqual([
      [['(ref 0)'], ['i32']],
      [[], []],
    ])
  })

  it('come with the width of addresses', () => {
    const memory = (...limits: number[]) => readModuleExports(module(section(5, 1, ...limits))).hasWideMemory
    expect(memory(1, 1, 2)).toBe(false)
    expect(memory(4, 1)).toBe(true)
  })

  it('have no parameter names where the name section is none', () => {
    const broken = section(0, ...name('name'), 2, 99, 1)
    const { functions: read } = readModuleExports(
      module(types, functions(0), exportsOf(exported('add', 0)), bodies(1), broken),
    )
    expect(read[0]?.parameterNames).toEqual([undefined, undefined])
  })
})

describe('what is no module', () => {
  const whole = module(types, functions(0), exportsOf(exported('add', 0)), bodies(1))

  it('is refused wherever it is cut off', () => {
    const readable: number[] = []
    for (let length = 0; length < whole.length; length++) {
      try {
        readModuleExports(whole.subarray(0, length))
        readable.push(length)
      } catch (error) {
        expect(error).toMatchObject({ name: 'MalformedModule' })
      }
    }
    // An empty module is one, and so is one of types alone.
    expect(readable).toEqual([preamble.length, preamble.length + types.length])
  })

  it.each([
    ['other bytes', Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), /not a WebAssembly module/],
    ['a component', Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), /component; give the core module/],
    ['another version', Uint8Array.from([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]), /version 2; 1 is the one/],
    ['an unknown form of type', module(section(1, 1, 0x40)), /unknown form 0x40/],
    ['an unknown type', module(section(1, 1, 0x60, 1, 0x11, 0)), /unknown value type 0x11/],
    ['an unknown import', module(section(2, 1, ...name('a'), ...name('b'), 9)), /imports a\.b.* unknown kind 9/],
    ['an export of nothing', module(exportsOf(exported('lost', 3))), /exports lost, a function of no type/],
    ['a number without end', module(section(1, ...Array(11).fill(0x80))), /does not end/],
  ])('is refused: %s', (_, bytes, message) => {
    expect(() => readModuleExports(bytes)).toThrow(message)
  })
})
