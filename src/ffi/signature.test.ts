import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { compiledWat } from '../../test/wat/compile.ts'
import { codeOf, thrownBy } from '../../test/wat/thrown.ts'
import type { Definitions } from './definitions.ts'
import { type Koffi, open } from './index.ts'
import { shaped, signaturesOf } from './signature.ts'

const koffi = createRequire(import.meta.url)('koffi') as Koffi

/** What is wrong with a definition of `f`, as untyped callers can write it. */
function faultOf(definition: unknown): string {
  const error = thrownBy(() => signaturesOf({ f: definition } as Definitions))
  expect(error.code).toBe('DEFINITION_INVALID')
  return error.message
}
const faultOfParameters = (...parameters: unknown[]) => faultOf({ parameters, result: 'void' })
const faultOfResult = (result: unknown, ...parameters: unknown[]) => faultOf({ parameters, result })

const anyLength = 'are bytes of no known length; write a number, or { parameter: the index of an integer }'

describe('a definition is refused with the place and the remedy', () => {
  test('where it is none', () => {
    for (const definition of [undefined, null, {}, { parameters: 'i32' }, 'i32', { result: 'void' }]) {
      expect(faultOf(definition)).toBe('f has no list of parameters; write parameters: []')
    }
    for (const definitions of [undefined, null, 'f']) {
      expect(codeOf(() => signaturesOf(definitions as never))).toBe('DEFINITION_INVALID')
    }
  })

  test('where it is variadic', () => {
    const message = 'is variadic, which has no ABI of its own; define the symbol once for each list of types'
    expect(faultOfParameters('cstring', '...')).toBe(`parameter 2 of f ${message}`)
    expect(faultOfParameters('...')).toBe(`parameter 1 of f ${message}`)
  })

  test.each([
    ['"int"', 'int'],
    ['"I32"', 'I32'],
    ['"toString"', 'toString'],
    ['null', null],
    ['undefined', undefined],
    ['4', 4],
    ['{}', {}],
    ['[]', []],
    ['{"type":"union"}', { type: 'union' }],
    ['1', 1n],
  ])('where a type is none: %s', (text, type) => {
    const fault = `has the type ${text}, which is none; docs/ffi.md lists the types`
    expect(faultOfParameters('i32', type)).toBe(`parameter 2 of f ${fault}`)
    expect(faultOfResult(type)).toBe(`the result of f ${fault}`)
    // What points to nothing defined is shown as a whole.
    if (type === undefined) return
    expect(faultOfParameters({ in: type })).toBe(`parameter 1 of f ${fault}`)
    expect(faultOfParameters({ out: type })).toBe(`parameter 1 of f ${fault}`)
    expect(faultOfParameters({ inout: type })).toBe(`parameter 1 of f ${fault}`)
    expect(faultOfResult({ pointer: type })).toBe(`the result of f ${fault}`)
    const struct = { type: 'struct', fields: { a: 'i32', b: { type: 'array', of: type, length: 2 } } }
    expect(faultOfParameters(struct)).toBe(`an element of field b of parameter 1 of f ${fault}`)
    const callback = { type: 'callback', parameters: ['i32', type], result: 'void' }
    expect(faultOfParameters(callback)).toBe(`parameter 2 of the callback at parameter 1 of f ${fault}`)
    expect(faultOfParameters({ type: 'callback', parameters: [], result: type })).toContain(fault)
  })

  test('where void is no result', () => {
    expect(faultOfParameters('void')).toContain('parameter 1 of f has the type "void"')
    expect(faultOfParameters({ out: 'void' })).toContain('has the type "void"')
    expect(faultOfResult({ pointer: 'void' })).toContain('has the type "void"')
  })

  test('where a length is of nothing that has one', () => {
    for (const of of [1, 2, -1, 0.5, 9, 'buffer', undefined, null]) {
      expect(faultOfParameters('buffer', { lengthOf: of }, 'i32')).toBe(
        `parameter 2 of f is the length of parameter ${of}, which is no buffer or cstring`,
      )
    }
    expect(faultOfParameters({ lengthOf: 1 }, null)).toContain('parameter 1 of f is the length of parameter 1')
    for (const as of ['i64', 'u8', 'f64', 4, null]) {
      expect(faultOfParameters('buffer', { lengthOf: 0, as })).toBe(
        'parameter 2 of f is a length; its type can be i32, u32, isize or usize',
      )
    }
  })

  test('where a struct or an array is none of C’s', () => {
    expect(faultOfParameters({ type: 'struct', fields: {} })).toBe(
      'parameter 1 of f is a struct without fields, which C does not have',
    )
    expect(faultOfParameters({ type: 'struct' })).toContain('struct without fields')
    for (const length of [0, -1, 1.5, Number.NaN, '3', undefined]) {
      expect(faultOfParameters({ in: { type: 'array', of: 'i32', length } })).toBe(
        `parameter 1 of f is an array of ${length}; C's have 1 or more`,
      )
    }
    const array = { type: 'array', of: 'i32', length: 3 }
    for (const fault of [faultOfParameters(array), faultOfResult(array)]) {
      expect(fault).toContain('is an array by value, which C does not have; write { in: … } around it')
    }
  })

  test('where a struct contains itself', () => {
    const node: Record<string, unknown> = { value: 'i32' }
    const struct = { type: 'struct', fields: node }
    node.next = struct
    expect(faultOfParameters(struct)).toContain('contains itself')
  })

  test('where a buffer is only read, or a handle has no name, or an array of AssemblyScript no class', () => {
    expect(faultOfParameters({ in: 'buffer' })).toBe("parameter 1 of f is a buffer that is read; write 'buffer'")
    expect(faultOfParameters({ type: 'handle' })).toContain('is a handle without a name')
    expect(faultOfResult({ type: 'handle', free: 'end' })).toContain('is a handle without a name')
    expect(faultOfParameters({ out: { type: 'handle' } })).toContain('is a handle without a name')
    for (const array of [{ of: 'i32' }, { id: 'ID' }, { of: 'bool', id: 'ID' }, { of: 'i32', id: 4 }]) {
      expect(faultOfParameters({ type: 'typedarray', ...array })).toContain("write { type: 'typedarray', of: 'f64'")
    }
  })

  test('where what is owned has nothing that ends it', () => {
    expect(faultOfResult({ type: 'cstring' })).toContain("write free: 'name', or 'cstring'")
    expect(faultOfResult({ type: 'pointer' })).toContain("write free: 'name', or 'pointer'")
    expect(faultOfParameters({ out: { type: 'cstring' } })).toContain("write free: 'name', or 'cstring'")
    expect(faultOfResult({ type: 'cstring', free: 4 })).toContain('names no function that frees it')
  })

  test('where bytes have no length', () => {
    for (const length of [undefined, null, -1, 1.5, Number.NaN, 'all', {}, { parameter: 1 }, { parameter: -1 }]) {
      expect(faultOfResult({ type: 'bytes', length }, 'i32')).toBe(`the result of f ${anyLength}`)
    }
    for (const type of ['bool', 'pointer', 'cstring', 'buffer', { out: 'buffer' }, { out: 'bool' }]) {
      expect(faultOfResult({ type: 'bytes', length: { parameter: 1 } }, 'buffer', type)).toBe(
        `the result of f ${anyLength}`,
      )
    }
  })

  test('where a callback is none', () => {
    for (const callback of [{}, { parameters: 'i32', result: 'void' }, { parameters: null, result: 'i32' }]) {
      expect(faultOfParameters({ type: 'callback', ...callback })).toContain('has no list of parameters')
    }
    const returns = (result: unknown) => ({ type: 'callback', parameters: [], result })
    expect(faultOfParameters(returns('cstring'))).toContain('is a string, which nobody would free')
    expect(faultOfParameters(returns({ type: 'handle', name: 'Thing' }))).toContain('the result of the callback')
    const takes = (type: unknown) => ({ type: 'callback', parameters: [type], result: 'void' })
    for (const type of [
      'buffer',
      'frame',
      '...',
      'void',
      returns('void'),
      { lengthOf: 0 },
      { type: 'array', of: 'i32', length: 2 },
    ]) {
      expect(faultOfParameters(takes(type))).toContain('parameter 1 of the callback at parameter 1 of f')
    }
  })

  test('where two returned values have one name', () => {
    const a = { out: 'i32', name: 'a' }
    expect(faultOfParameters(a, 'i32', { inout: 'f64', name: 'a' })).toContain('parameter 3 of f has the name a')
    expect(faultOfResult('i32', { out: 'i32', name: 'result' })).toContain('parameter 1 of f has the name result')
    // Without a result, `result` is free.
    expect(() => signaturesOf({ f: { parameters: [{ out: 'i32', name: 'result' }], result: 'void' } })).not.toThrow()
  })

  test.each([
    ['a frame', 'frame'],
    ['a pointer', 'pointer'],
    ['a pointer in a slot', { out: 'pointer' }],
    ['a callback', { type: 'callback', parameters: [], result: 'void' }],
    ['a handle', { type: 'handle', name: 'Thing' }],
    ['a handle in a slot', { out: { type: 'handle', name: 'Thing', free: 'end' } }],
    ['a pointer in a struct', { in: { type: 'struct', fields: { at: 'pointer' } } }],
    [
      'a pointer in an array in a struct',
      { type: 'struct', fields: { at: { type: 'array', of: 'pointer', length: 2 } } },
    ],
  ])('where it is nonblocking and takes %s', (_, type) => {
    const fault = 'f is nonblocking; it can take no frame, callback, handle or pointer of this thread'
    expect(faultOf({ parameters: ['i32', type], result: 'void', nonblocking: true })).toBe(fault)
  })

  test.each([
    ['a pointer', 'pointer'],
    ['an owned pointer', { type: 'pointer', free: 'end' }],
    ['a handle', { type: 'handle', name: 'Thing', free: 'end' }],
    ['the pointer behind a pointer', { pointer: 'pointer' }],
    ['a struct with a pointer', { type: 'struct', fields: { at: 'pointer' } }],
  ])('where it is nonblocking and returns %s', (_, result) => {
    expect(faultOf({ parameters: [], result, nonblocking: true })).toContain('f is nonblocking')
  })

  test('on each backend, before the guest is touched', () => {
    const definitions = { f: { parameters: ['...' as never], result: 'void' } } as const
    expect(codeOf(() => open({ module: compiledWat('start-traps') }, definitions))).toBe('DEFINITION_INVALID')
    expect(codeOf(() => open({ library: 'no such library', koffi }, definitions))).toBe('DEFINITION_INVALID')
  })
})

describe('a signature', () => {
  const of = (definition: unknown) => signaturesOf({ f: definition } as Definitions)[0]!

  test('counts what the caller passes, and names arguments as the caller counts them', () => {
    const { arity, parameters } = of({
      parameters: [
        'buffer',
        { lengthOf: 0 },
        { out: 'i32' },
        'i32',
        { out: 'buffer' },
        { inout: 'f64' },
        { in: 'i32' },
      ],
      result: 'void',
    })
    expect(arity).toBe(5)
    expect(parameters.map(({ argument }) => argument)).toEqual([0, -1, -1, 1, 2, 3, 4])
    expect(parameters.filter(({ argument }) => argument >= 0).map(({ place }) => place)).toEqual(
      [1, 2, 3, 4, 5].map((index) => `argument ${index} of f`),
    )
  })

  test('returns a tuple, or an object where every out has a name', () => {
    const tuple = of({ parameters: [{ out: 'i32' }, { inout: 'i32', name: 'b' }, { out: 'buffer' }], result: 'i32' })
    expect(tuple.outs).toEqual([0, 1])
    expect(shaped(tuple, 1, [2, 3])).toEqual([1, 2, 3])
    const object = of({
      parameters: [
        { out: 'i32', name: 'a' },
        { inout: 'i32', name: 'b' },
      ],
      result: 'i32',
    })
    expect(shaped(object, 1, [2, 3])).toEqual({ result: 1, a: 2, b: 3 })
    const silent = of({ parameters: [{ out: 'i32', name: 'a' }], result: 'void' })
    expect(shaped(silent, undefined, [2])).toEqual({ a: 2 })
    expect(shaped(of({ parameters: [{ out: 'i32' }], result: 'void' }), undefined, [2])).toEqual([2])
    expect(shaped(of({ parameters: [{ out: 'buffer' }], result: 'i32' }), 1, [])).toBe(1)
  })

  test('calls the exported name where it is another', () => {
    expect(of({ parameters: [], result: 'void' }).symbol).toBe('f')
    expect(of({ parameters: [], result: 'void', symbol: 'g' }).symbol).toBe('g')
  })
})

describe('a call with a wrong number of arguments is refused before anything crosses', () => {
  const { symbols } = open(
    { module: compiledWat('results') },
    {
      none: { symbol: 'size', parameters: [], result: 'usize' },
      one: { symbol: 'address', parameters: ['i32'], result: 'i32' },
      two: { symbol: 'bytes', parameters: ['i32', 'i32'], result: 'i32' },
      three: { symbol: 'bytes_out', parameters: ['i32', 'i32', 'usize'], result: 'i32' },
      text: { symbol: 'echo', parameters: ['cstring'], result: 'cstring' },
      texts: { symbol: 'bytes', parameters: ['cstring', 'cstring'], result: 'cstring' },
      measured: { symbol: 'length', parameters: ['buffer', { lengthOf: 0 }], result: 'usize' },
      out: { symbol: 'address_out', parameters: ['usize', { out: 'usize' }], result: 'void' },
    },
  )
  const counts = { none: 0, one: 1, two: 2, three: 3, text: 1, texts: 2, measured: 1, out: 1 } as const

  test.each(Object.entries(counts) as [keyof typeof counts, number][])('%s, which takes %i', (name, count) => {
    const call = symbols[name] as (...values: unknown[]) => unknown
    const values: unknown[] = { text: ['a'], texts: ['a', 'b'], measured: [new Uint8Array(3)] }[name as string] ?? [
      64, 64, 64,
    ]
    const noun = count === 1 ? 'argument' : 'arguments'
    for (const given of [count - 1, count + 1, count + 2, 20]) {
      if (given < 0) continue
      const passed = Array.from({ length: given }, (_, index) => values[index % Math.max(1, values.length)])
      const error = thrownBy(() => call(...passed))
      expect(error.code).toBe('ARGUMENT_INVALID')
      if (given > count || (name !== 'text' && name !== 'texts'))
        expect(error.message).toBe(`${name} takes ${count} ${noun}, not ${given}; see its definition`)
    }
    expect(() => call(...values.slice(0, count))).not.toThrow()
  })
})
