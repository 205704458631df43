/**
 * The types that follow from a definition. `tsc --noEmit`, which `make lint` and CI run, is what checks them: the tests'
 * calls themselves are never made.
 */
import { describe, expectTypeOf, test } from 'vitest'
import {
  type Callback,
  type CallbackFunction,
  type Definitions,
  type Frame,
  type Guest,
  type Handle,
  type Library,
  open,
  type Pointer,
  type Symbols,
} from './index.ts'

/** The types of a guest's functions; there is no guest. */
function typed<const Defined extends Definitions>(_definitions: Defined): Symbols<Defined> {
  const callable = (): undefined => undefined
  return new Proxy({}, { get: () => callable }) as Symbols<Defined>
}
/** What is only type-checked. */
function compiled(_calls: () => unknown): void {}

const Point = { type: 'struct', fields: { x: 'f64', y: 'f64' } } as const
const Segment = {
  type: 'struct',
  fields: {
    ends: { type: 'array', of: Point, length: 2 },
    name: 'cstring',
    id: 'u64',
    owner: 'pointer',
    grid: { type: 'array', of: { type: 'array', of: 'i32', length: 3 }, length: 2 },
  },
} as const

describe('scalars', () => {
  const scalars = typed({
    small: { parameters: ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'isize', 'usize'], result: 'i32' },
    large: { parameters: ['i64', 'u64'], result: 'i64' },
    floats: { parameters: ['f32', 'f64'], result: 'f32' },
    bool: { parameters: ['bool'], result: 'bool' },
    pointer: { parameters: ['pointer'], result: 'pointer' },
    unsigned: { parameters: [], result: 'u64' },
    nothing: { parameters: [], result: 'void' },
  })

  test('are numbers, bigints, booleans and pointers', () => {
    type Eight = [number, number, number, number, number, number, number, number]
    expectTypeOf(scalars.small).toEqualTypeOf<(...parameters: Eight) => number>()
    expectTypeOf(scalars.large).toEqualTypeOf<(a: bigint, b: bigint) => bigint>()
    expectTypeOf(scalars.floats).toEqualTypeOf<(a: number, b: number) => number>()
    expectTypeOf(scalars.bool).toEqualTypeOf<(a: boolean) => boolean>()
    expectTypeOf(scalars.pointer).toEqualTypeOf<(a: Pointer | null) => Pointer | null>()
    expectTypeOf(scalars.unsigned).toEqualTypeOf<() => bigint>()
    expectTypeOf(scalars.nothing).toEqualTypeOf<() => void>()
  })

  test('of a wrong type, or too few or too many, do not compile', () => {
    compiled(() => {
      // @ts-expect-error a bigint is no i32
      scalars.small(1n, 2, 3, 4, 5, 6, 7, 8)
      // @ts-expect-error a string is no i32
      scalars.small('1', 2, 3, 4, 5, 6, 7, 8)
      // @ts-expect-error one too few
      scalars.small(1, 2, 3, 4, 5, 6, 7)
      // @ts-expect-error one too many
      scalars.small(1, 2, 3, 4, 5, 6, 7, 8, 9)
      // @ts-expect-error a number is no i64
      scalars.large(1, 2n)
      // @ts-expect-error null is no number
      scalars.floats(null, 1)
      // @ts-expect-error a number is no bool
      scalars.bool(1)
      // @ts-expect-error a number of one's own is no pointer
      scalars.pointer(1024)
      // @ts-expect-error there is no such function
      scalars.missing()
    })
    // A pointer can be looked at as a number.
    expectTypeOf<Pointer>().toExtend<number>()
  })
})

describe('strings, buffers and frames', () => {
  const calls = typed({
    text: { parameters: ['cstring'], result: 'cstring' },
    owned: { parameters: [], result: { type: 'cstring', free: 'end' } },
    sized: { parameters: [], result: { type: 'cstring', free: 'end', sized: true } },
    fixed: { parameters: [], result: { type: 'bytes', length: 16 } },
    counted: { parameters: ['usize'], result: { type: 'bytes', length: { parameter: 0 }, free: 'end' } },
    hash: { parameters: ['buffer', { lengthOf: 0 }, 'i32', { lengthOf: 0, as: 'i32' }], result: 'u32' },
    fill: { parameters: [{ out: 'buffer' }, { lengthOf: 0 }], result: 'void' },
    change: { parameters: [{ inout: 'buffer' }], result: 'i32' },
    evaluate: { parameters: ['frame'], result: 'void' },
    managed: { parameters: ['string', { type: 'typedarray', of: 'f64', id: 'ID' }], result: 'string' },
    array: { parameters: [], result: { type: 'typedarray', of: 'i64', id: 'ID' } },
  })

  test('have their types, and null where C has a null pointer', () => {
    expectTypeOf(calls.text).toEqualTypeOf<(text: string | null) => string | null>()
    expectTypeOf(calls.owned).toEqualTypeOf<() => string | null>()
    expectTypeOf(calls.sized).toEqualTypeOf<() => string | null>()
    expectTypeOf(calls.fixed).toEqualTypeOf<() => Uint8Array | null>()
    expectTypeOf(calls.counted).toEqualTypeOf<(length: number) => Uint8Array | null>()
    expectTypeOf(calls.evaluate).toEqualTypeOf<(frame: Frame | null) => void>()
    expectTypeOf(calls.managed).toEqualTypeOf<(text: string | null, array: Float64Array | null) => string | null>()
    expectTypeOf(calls.array).toEqualTypeOf<() => BigInt64Array | null>()
  })

  test('are passed without their lengths, and a buffer that is filled is passed', () => {
    expectTypeOf(calls.hash).toEqualTypeOf<(bytes: ArrayBufferView | null, number: number) => number>()
    expectTypeOf(calls.fill).toEqualTypeOf<(bytes: ArrayBufferView | null) => void>()
    expectTypeOf(calls.change).toEqualTypeOf<(bytes: ArrayBufferView | null) => number>()
    compiled(() => {
      calls.hash(new Float64Array(2), 1)
      calls.fill(new DataView(new ArrayBuffer(8)))
      // @ts-expect-error the length is the shim's
      calls.hash(new Uint8Array(2), 2, 1)
      // @ts-expect-error an array of numbers is no buffer
      calls.hash([1, 2], 1)
      // @ts-expect-error a buffer without a view has no place to begin
      calls.hash(new ArrayBuffer(2), 1)
      // @ts-expect-error bytes are no text
      calls.text(new Uint8Array(2))
      // @ts-expect-error undefined is not null
      calls.text(undefined)
      // @ts-expect-error a number is no frame
      calls.evaluate(1024)
      // @ts-expect-error an array of another element type
      calls.managed('text', new Float32Array(2))
    })
  })
})

describe('structs', () => {
  const calls = typed({
    value: { parameters: [Segment], result: Segment },
    pointer: { parameters: [{ in: Segment }], result: { pointer: Segment, free: 'end' } },
    numbers: {
      parameters: [{ in: { type: 'array', of: 'f32', length: 4 } }, { in: 'i64' }],
      result: { pointer: 'i32' },
    },
  })
  interface SegmentOut {
    ends: { x: number; y: number }[]
    name: string | null
    id: bigint
    owner: Pointer | null
    grid: number[][]
  }
  interface SegmentIn {
    readonly ends: ArrayLike<{ readonly x: number; readonly y: number }>
    readonly name: string | null
    readonly id: bigint
    readonly owner: Pointer | null
    readonly grid: ArrayLike<ArrayLike<number>>
  }

  test('nest with arrays, are read-only as arguments and one’s own as results', () => {
    expectTypeOf(calls.value).parameters.toEqualTypeOf<[SegmentIn]>()
    expectTypeOf(calls.value).returns.toEqualTypeOf<SegmentOut>()
    expectTypeOf(calls.pointer).parameters.toEqualTypeOf<[SegmentIn | null]>()
    expectTypeOf(calls.pointer).returns.toEqualTypeOf<SegmentOut | null>()
    expectTypeOf(calls.numbers).toEqualTypeOf<(a: ArrayLike<number> | null, b: bigint | null) => number | null>()
  })

  test('of a wrong shape do not compile', () => {
    const point = { x: 1, y: 2 }
    const grid = [Int32Array.of(1, 2, 3), [4, 5, 6]]
    compiled(() => {
      calls.value({ ends: [point, point], name: null, id: 1n, owner: null, grid })
      // @ts-expect-error a field is missing
      calls.value({ ends: [point, point], name: null, id: 1n, owner: null })
      // @ts-expect-error a field of a nested struct is missing
      calls.value({ ends: [{ x: 1 }], name: null, id: 1n, owner: null, grid })
      // @ts-expect-error a field has another type
      calls.value({ ends: [point, point], name: null, id: 1, owner: null, grid })
      // @ts-expect-error a field too many
      calls.value({ ends: [point, point], name: null, id: 1n, owner: null, grid, more: 1 })
      // @ts-expect-error by value there is no null
      calls.value(null)
    })
  })
})

describe('out-parameters', () => {
  const handle = { type: 'handle', name: 'File', free: 'close' } as const
  const calls = typed({
    tuple: { parameters: ['i32', { out: 'i64' }, { out: Point }], result: 'bool' },
    silent: { parameters: [{ out: 'cstring' }, { out: { type: 'cstring', free: 'end' } }], result: 'void' },
    object: { parameters: [{ out: 'u8', name: 'a' }, 'i32', { inout: 'f64', name: 'b' }], result: 'bool' },
    silent_object: {
      parameters: [
        { out: 'u8', name: 'a' },
        { out: handle, name: 'file' },
      ],
      result: 'void',
    },
    half_named: { parameters: [{ out: 'u8', name: 'a' }, { out: 'u16' }], result: 'void' },
    with_buffer: { parameters: [{ out: 'buffer' }, { lengthOf: 0 }, { out: 'usize', name: 'written' }], result: 'i32' },
    bytes: { parameters: [{ out: 'usize' }], result: { type: 'bytes', length: { parameter: 0 }, free: 'end' } },
  })

  test('are not passed, and returned as a tuple after the result', () => {
    expectTypeOf(calls.tuple).toEqualTypeOf<(a: number) => [boolean, bigint, { x: number; y: number }]>()
    expectTypeOf(calls.silent).toEqualTypeOf<() => [string | null, string | null]>()
    expectTypeOf(calls.half_named).toEqualTypeOf<() => [number, number]>()
    expectTypeOf(calls.bytes).toEqualTypeOf<() => [Uint8Array | null, number]>()
  })

  test('are returned as an object where each has a name', () => {
    expectTypeOf(calls.object).parameters.toEqualTypeOf<[number, number]>()
    expectTypeOf(calls.object).returns.toExtend<{ result: boolean; a: number; b: number }>()
    expectTypeOf<ReturnType<typeof calls.object>['b']>().toEqualTypeOf<number>()
    expectTypeOf(calls.silent_object).returns.toExtend<{ a: number; file: Handle<'File'> | null }>()
    expectTypeOf(calls.with_buffer).parameters.toEqualTypeOf<[ArrayBufferView | null]>()
    expectTypeOf(calls.with_buffer).returns.toExtend<{ result: number; written: number }>()
    compiled(() => {
      // @ts-expect-error a function without a result has none
      calls.silent_object().result
      // @ts-expect-error a slot is the shim's
      calls.tuple(1, 2n)
      // @ts-expect-error what is read and changed is passed
      calls.object(1)
    })
  })
})

describe('callbacks', () => {
  const compare = { type: 'callback', parameters: ['i64', 'cstring', 'bool', 'pointer'], result: 'i32' } as const
  const visit = {
    type: 'callback',
    parameters: [Point, { in: Point }, { type: 'handle', name: 'File' }, { type: 'bytes', length: 4 }],
    result: 'void',
  } as const
  const calls = typed({
    order: { parameters: [compare], result: 'void' },
    walk: { parameters: [visit], result: 'void' },
  })

  test('are functions, or callbacks that the library registered', () => {
    type Compare = (a: bigint, b: string | null, c: boolean, d: Pointer | null) => number
    expectTypeOf<CallbackFunction<typeof compare>>().toEqualTypeOf<Compare>()
    expectTypeOf(calls.order).parameter(0).toEqualTypeOf<Compare | Callback<typeof compare> | null>()
    type Visit = CallbackFunction<typeof visit>
    expectTypeOf<Parameters<Visit>[0]>().toEqualTypeOf<{ x: number; y: number }>()
    expectTypeOf<Parameters<Visit>[1]>().toEqualTypeOf<{ x: number; y: number } | null>()
    expectTypeOf<Parameters<Visit>[2]>().toEqualTypeOf<Handle<'File'> | null>()
    expectTypeOf<Parameters<Visit>[3]>().toEqualTypeOf<Uint8Array | null>()
    expectTypeOf<ReturnType<Visit>>().toEqualTypeOf<void>()
  })

  test('of another signature do not compile', () => {
    compiled(() => {
      calls.order(() => 0)
      calls.order((a, b) => (a > 0n && b === null ? 1 : -1))
      // @ts-expect-error it returns a string
      calls.order(() => 'less')
      // @ts-expect-error it returns nothing
      calls.order(() => {})
      // @ts-expect-error the first argument is a bigint
      calls.order((a: number) => a)
      // @ts-expect-error a callback of another type
      calls.order({} as Callback<typeof visit>)
      const library = {} as Library<Record<string, never>>
      expectTypeOf(library.callback(compare, () => 1)).toEqualTypeOf<Callback<typeof compare>>()
      // @ts-expect-error it returns a bigint
      library.callback(compare, () => 1n)
    })
  })
})

describe('handles', () => {
  const calls = typed({
    open: { parameters: ['cstring'], result: { type: 'handle', name: 'File', free: 'close' } },
    listen: { parameters: [], result: { type: 'handle', name: 'Socket', free: 'close' } },
    read: { parameters: [{ type: 'handle', name: 'File' }], result: 'i32' },
    pointer: { parameters: [], result: { type: 'pointer', free: 'end' } },
  })

  test('of different names are not interchangeable, nor are they pointers', () => {
    expectTypeOf(calls.open).returns.toEqualTypeOf<Handle<'File'> | null>()
    expectTypeOf(calls.read).parameters.toEqualTypeOf<[Handle<'File'> | null]>()
    expectTypeOf(calls.pointer).returns.toEqualTypeOf<Pointer | null>()
    expectTypeOf<Handle<'File'>>().toExtend<Disposable>()
    compiled(() => {
      calls.read(calls.open('name'))
      // @ts-expect-error a socket is no file
      calls.read(calls.listen())
      // @ts-expect-error a pointer is no file
      calls.read(calls.pointer())
      // @ts-expect-error an object that looks like one is none
      calls.read({ name: 'File', disposed: false, dispose() {}, [Symbol.dispose]() {} })
    })
  })
})

describe('nonblocking functions', () => {
  const calls = typed({
    hash: { parameters: ['buffer', { lengthOf: 0 }], result: 'u32', nonblocking: true },
    nothing: { parameters: [], result: 'void', nonblocking: true },
    outs: { parameters: [{ out: 'i32' }], result: 'cstring', nonblocking: true },
    blocking: { parameters: [], result: 'u32', nonblocking: false },
  })

  test('give promises of what the others return', () => {
    expectTypeOf(calls.hash).toEqualTypeOf<(bytes: ArrayBufferView | null) => Promise<number>>()
    expectTypeOf(calls.nothing).toEqualTypeOf<() => Promise<void>>()
    expectTypeOf(calls.outs).toEqualTypeOf<() => Promise<[string | null, number]>>()
    expectTypeOf(calls.blocking).toEqualTypeOf<() => number>()
  })
})

describe('definitions', () => {
  test('that are no literal say nothing about their arguments', () => {
    expectTypeOf<Parameters<Symbols<Definitions>['anything'] & {}>>().toEqualTypeOf<
      // biome-ignore lint/suspicious/noExplicitAny: that is what is tested
      any[]
    >()
  })

  test('of what is no type do not compile', () => {
    compiled(() => {
      // @ts-expect-error there is no i128
      typed({ f: { parameters: ['i128'], result: 'void' } })
      // @ts-expect-error variadic functions have no type of their own
      typed({ f: { parameters: ['cstring', '...'], result: 'void' } })
      // @ts-expect-error void is no parameter
      typed({ f: { parameters: ['void'], result: 'void' } })
      // @ts-expect-error an array is no parameter by value
      typed({ f: { parameters: [{ type: 'array', of: 'i32', length: 2 }], result: 'void' } })
      // @ts-expect-error what is owned names what ends it
      typed({ f: { parameters: [], result: { type: 'cstring' } } })
      // @ts-expect-error bytes have a length
      typed({ f: { parameters: [], result: { type: 'bytes' } } })
      // @ts-expect-error a callback returns no string
      typed({ f: { parameters: [{ type: 'callback', parameters: [], result: 'cstring' }], result: 'void' } })
      // @ts-expect-error there is no result
      typed({ f: { parameters: [] } })
    })
  })

  test('need no `as const` where they are opened, and type the library', () => {
    compiled(() => {
      const library = open({} as Guest, { add: { parameters: ['i32', 'i32'], result: 'i32' } })
      expectTypeOf(library.symbols.add).toEqualTypeOf<(a: number, b: number) => number>()
      expectTypeOf(library.frame(8)).toEqualTypeOf<Frame>()
      expectTypeOf(library).toExtend<Disposable>()
      const glued = open({} as Guest<{ greet(name: string): string }>, {})
      expectTypeOf(glued.glue.greet).toEqualTypeOf<(name: string) => string>()
      open(
        {} as Guest,
        { one: { parameters: [], result: 'i32' } },
        {
          start: ({ symbols }) => expectTypeOf(symbols.one).toEqualTypeOf<() => number>(),
        },
      )
      // @ts-expect-error the functions cannot be replaced
      library.symbols.add = () => 1
    })
  })
})
