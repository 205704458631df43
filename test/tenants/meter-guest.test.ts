/** What meterGuest refuses, and that what it lets through cannot go on for free. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { FramegateError } from '../../src/ffi/index.ts'
import { type MeterOptions, meterGuest } from '../../src/tenants/meter-guest.ts'
import { bare, exampleBytes, hostileBytes, MEBIBYTE, metered, wat, withInstructions, withOperator } from './metering.ts'

async function refusal(bytes: Uint8Array, options: Partial<MeterOptions> = {}): Promise<FramegateError> {
  try {
    await meterGuest(bytes, { maxBytes: MEBIBYTE, ...options })
  } catch (error) {
    if (error instanceof FramegateError) return error
    throw new Error(`an error without a code came out: ${String(error)}`, { cause: error })
  }
  return expect.fail('it was let through')
}

const NOP = 0x01
const blocks = (count: number) => [...Array(count).fill([0x02, 0x40]).flat(), ...Array(count).fill(0x0b)]
const memory = (text: string) => withOperator('', undefined, text)

describe('meterGuest refuses a module', () => {
  test.each<[string, () => Uint8Array, RegExp]>([
    ['of no bytes', () => new Uint8Array(), /magic|wasm|BufferSource/i],
    ['that is a text', () => new TextEncoder().encode('(module)'), /magic/i],
    ['that was cut off', () => exampleBytes('c').subarray(0, 300), /./],
    ['that does not validate', () => withOperator('', '(i64.const 1)'), /type error|expected type/],
    ['that is larger than any', () => new Uint8Array(5 * MEBIBYTE), /4194304 is the most/],
    ['that imports a function', () => withOperator('(import "env" "now" (func))'), /env\.now \(function\)/],
    ['that imports a global', () => withOperator('(import "env" "g" (global i32))'), /env\.g \(global\)/],
    ['that imports a table', () => withOperator('(import "env" "t" (table 1 funcref))'), /env\.t \(table\)/],
    [
      'that imports its memory',
      () => memory('(import "env" "m" (memory 1)) (export "memory" (memory 0))'),
      /env\.m \(memory\)/,
    ],
    [
      'that imports several things: each is named',
      () => withOperator('(import "a" "b" (func)) (import "a" "c" (func))'),
      /a\.b \(function\), a\.c \(function\)/,
    ],
    [
      'that exports fuel of its own',
      () => withOperator('(global (export "framegate_fuel") (mut i32) (i32.const 9))'),
      /exports framegate_fuel/,
    ],
    ['with shared memory', () => memory('(memory (export "memory") 1 2 shared)'), /a kind that no guest may have/],
    ['with a 64-bit memory', () => memory('(memory (export "memory") i64 1)'), /64-bit|memory64|invalid memory limits/],
    ['with two memories', () => memory('(memory (export "memory") 1) (memory 1)'), /several memories|memory|memories/i],
    ['that keeps its memory to itself', () => memory('(memory 1)'), /exports no memory/],
    ['without memory', () => memory(''), /exports no memory/],
    ['that begins without a page', () => memory('(memory (export "memory") 0)'), /memory of 0 pages/],
    ['that begins beyond its cap', () => memory('(memory (export "memory") 17)'), /memory of 17 pages; 1 to 16/],
    ['that begins with 4 GiB', () => memory('(memory (export "memory") 65536)'), /memory of 65536 pages/],
    ['with a large table', () => withOperator('(table 16385 funcref)'), /table of 16385 elements/],
    ['with many tables', () => withOperator('(table 1 funcref)'.repeat(5)), /more than 4 tables/],
    ['without operator', () => wat('(module (memory (export "memory") 1))'), /exports no function framegate_operator/],
    [
      'whose operator has another type',
      () => wat('(module (memory (export "memory") 1) (func (export "framegate_operator") (param i32)))'),
      /has the type \(i32\) -> nothing/,
    ],
    ['with exceptions', () => withOperator('(tag $t)', '(throw $t)'), /exceptions|invalid/i],
    ['with tail calls', () => withOperator('(func $f (return_call $f))'), /instruction 0x12/],
    ['with atomic instructions', () => withOperator('', '(i32.atomic.load (i32.const 0))'), /instruction 0xfe|atomic/],
    ['of blocks without end', () => withInstructions(blocks(1001)), /1000 blocks/],
    ['with an endless function', () => withInstructions(Array(300_000).fill(NOP)), /262144 is the most/],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes())).toMatchObject({ code: 'OPERATOR_INVALID', message: expect.stringMatching(message) })
  })

  test('whose operator is a function that it imports, though it was granted', async () => {
    const bytes = wat(`(module
      (import "host" "f" (func $f (param i32 i32 i32 i32) (result i32)))
      (export "framegate_operator" (func $f)) (memory (export "memory") 1))`)
    expect(await refusal(bytes, { grants: ['host.f'] })).toMatchObject({
      message: expect.stringMatching(/is a function that it imports/),
    })
  })

  test('that it metered before', async () => {
    const once = await meterGuest(exampleBytes('c'), { maxBytes: MEBIBYTE })
    expect(await refusal(once)).toMatchObject({
      code: 'OPERATOR_INVALID',
      message: expect.stringMatching(/was it metered before/),
    })
  })

  test.each([
    { maxBytes: 1 },
    { maxBytes: 2 ** 40 },
    { maxBytes: Number.NaN },
    { startFuel: -1 },
    { startFuel: 2 ** 31 },
  ])('with the options %j', async (options) =>
    expect((await refusal(exampleBytes('c'), options)).code).toBe('ARGUMENT_OUT_OF_RANGE'),
  )
})

describe('meterGuest', () => {
  test('gives the same bytes for the same bytes, and leaves those alone', async () => {
    const bytes = exampleBytes('rust')
    const before = bytes.toString()
    const [first, second] = await Promise.all([1, 2].map(() => meterGuest(bytes, { maxBytes: MEBIBYTE })))
    expect(second).toEqual(first)
    expect(bytes.toString()).toBe(before)
  })

  test('ends the module with the digest of what is before it', async () => {
    const made = await meterGuest(exampleBytes('c'), { maxBytes: MEBIBYTE })
    const [content] = WebAssembly.Module.customSections(await WebAssembly.compile(made), 'build_id')
    const [length, ...digest] = new Uint8Array(content as ArrayBuffer)
    const before = made.subarray(0, made.length - 32 - 12)
    expect([length, Buffer.from(digest).toString('hex')]).toEqual([
      32,
      createHash('sha256').update(before).digest('hex'),
    ])
  })

  test('drops custom sections, which may say anything', async () => {
    const named = wat(
      '(module $evil (memory (export "memory") 1) (func $log (export "framegate_operator") (param i32 i32 i32 i32) (result i32) (i32.const 1)))',
    )
    const noisy = Uint8Array.from([...named, 0, 4, 3, 0x61, 0x62, 0x63])
    const module = await metered(noisy)
    expect(WebAssembly.Module.customSections(module, 'abc')).toEqual([])
  })

  test('keeps a maximum that is smaller than the cap, and granted imports', async () => {
    const bytes = withOperator('(import "host" "m" (func))', undefined, '(memory (export "memory") 1 2)')
    const { memory } = bare(await metered(bytes, { grants: ['host.m'] }), { host: { m: () => {} } })
    expect(memory.grow(1)).toBe(1)
    expect(() => memory.grow(1)).toThrow(RangeError)
  })

  test('caps memory for the guest and for its host', async () => {
    const { memory } = bare(await metered(exampleBytes('assemblyscript')))
    expect(memory.grow(15)).toBe(1)
    expect(() => memory.grow(1)).toThrow(RangeError)
  })

  test('caps an imported memory that was granted', async () => {
    const bytes = memory('(import "env" "m" (memory 1)) (export "memory" (memory 0))')
    const module = await metered(bytes, { grants: ['env.m'] })
    const given = (maximum?: number) => ({
      env: { m: new WebAssembly.Memory({ initial: 1, ...(maximum && { maximum }) }) },
    })
    expect(() => bare(module, given())).toThrow(WebAssembly.LinkError)
    expect(() => bare(module, given(17))).toThrow(WebAssembly.LinkError)
    expect(bare(module, given(16)).ask(1000).answer).toBe(1)
  })

  test('gives a start function its fuel, and no more', async () => {
    const start = (rounds: number) => `(func $start (local i32) (loop
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 0) (i32.const ${rounds}))))) (start $start)`
    const opened = async (rounds: number) => bare(await metered(withOperator(start(rounds)), { startFuel: 100_000 }))
    expect((await opened(1000)).fuel.value).toBeGreaterThan(0)
    await expect(opened(1_000_000)).rejects.toThrow(WebAssembly.RuntimeError)
  })
})

describe('fuel', () => {
  const FUEL = 20_000_000
  const endless = ['a', 'b', 'c', 'e', 'f', 'j', 'k', 'l', 'm', 'o', 'p']

  test.each(endless)('ends %s at the same place each time', async (letter) => {
    const module = await metered(hostileBytes())
    const ends = Array.from({ length: 3 }, () => {
      const { ask, memory, fuel } = bare(module)
      // Little enough that recursion ends before the host's stack does.
      const began = performance.now()
      const { answer } = ask(30_000, `"${letter}"`)
      expect(performance.now() - began).toBeLessThan(5_000)
      expect(answer).toBeUndefined()
      expect(fuel.value).toBeLessThan(0)
      return createHash('sha256').update(new Uint8Array(memory.buffer)).digest('hex')
    })
    expect(new Set(ends).size).toBe(1)
  })

  test.each(endless)('bounds the time of %s', async (letter) => {
    const { ask } = bare(await metered(hostileBytes()))
    const began = performance.now()
    expect(ask(FUEL, `"${letter}"`).answer).toBeUndefined()
    const took = performance.now() - began
    console.log(`${letter}: ${took.toFixed(1)} ms for up to ${FUEL} units`)
    // Some ten milliseconds to a few hundred; a unit that bought a thousand instructions would take many times more.
    expect(took).toBeLessThan(5_000)
  })

  /** Fuel that one question takes, by a body that leaves its answer. */
  async function taken(body: string, more = ''): Promise<number> {
    const { ask } = bare(await metered(withOperator(more, body)))
    const { answer, left } = ask(FUEL)
    expect(answer).toBe(1)
    return FUEL - left
  }

  test('is taken for the longest of several ways, not for all', async () => {
    const work = (count: number) => '(drop (i32.const 1))'.repeat(count)
    const none = await taken('(i32.const 1)')
    const arms = await taken(`(if (local.get 3) (then ${work(500)}) (else ${work(400)})) (i32.const 1)`)
    expect(arms - none).toBeGreaterThan(1000)
    expect(arms - none).toBeLessThan(1100)
    const cases = `(block $out (block $b (block $a (br_table $a $b $out (local.get 3)))
      ${work(500)} (br $out)) ${work(500)}) (i32.const 1)`
    expect((await taken(cases)) - none).toBeLessThan(1100)
  })

  test('is taken for a way that leaves a loop for the code behind it', async () => {
    const work = '(drop (i32.const 1))'.repeat(500)
    const body = `(block $out (loop (loop (br $out)))) ${work} (i32.const 1)`
    expect(await taken(body)).toBeGreaterThan(1000)
    const skipped = `(block $out (br $out) ${work}) (i32.const 1)`
    expect(await taken(skipped)).toBeLessThan(100)
  })

  test('is taken for what an instruction does, not for its being one', async () => {
    const none = await taken('(i32.const 1)')
    const fill = (bytes: number) => `(memory.fill (i32.const 0) (i32.const 0) (i32.const ${bytes})) (i32.const 1)`
    expect((await taken(fill(64_000))) - (await taken(fill(0)))).toBe(8000)
    const grow = '(drop (memory.grow (i32.const 1)))'
    expect((await taken(`${grow} (i32.const 1)`)) - none).toBeGreaterThan(2000)
    expect((await taken(`${grow} ${grow} (i32.const 1)`)) - (await taken(`${grow} (i32.const 1)`))).toBeGreaterThan(
      3000,
    )
    const locals = await taken('(call $f) (i32.const 1)', `(func $f (local ${'i64 '.repeat(10_000)}))`)
    expect(locals - none).toBeGreaterThan(10_000)
    const passing = (count: number) => `(func $f (param ${'i64 '.repeat(count)}) (local.get 0) drop)`
    const zeros = '(i64.const 0)'.repeat(100)
    expect((await taken(`${zeros} (call $f) (i32.const 1)`, passing(100))) - none).toBeGreaterThan(290)
  })

  test('cannot be had by a length below zero', async () => {
    const body = '(drop (table.grow $t (ref.null func) (i32.const -1000000000))) (i32.const 1)'
    const { ask, fuel } = bare(await metered(withOperator('(table $t 1 funcref)', body)))
    ask(FUEL)
    expect(fuel.value).toBeLessThan(FUEL)
  })

  test('is never more than the instructions took before: a straight line costs one for each', async () => {
    for (const count of [1, 10, 1000]) {
      const straight = await taken(`${'(drop (i32.const 1))'.repeat(count)} (i32.const 1)`)
      expect(straight).toBe((await taken('(i32.const 1)')) + 2 * count)
    }
  })

  test('costs a loop some of its time (printed)', async () => {
    const loop = `(local $i i32) (local $x i32) (loop $l
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 100000)))) (i32.eq (local.get $x) (local.get $x))`
    const bytes = withOperator('(global (export "fuel") (mut i32) (i32.const 0))', loop)
    const plain = new WebAssembly.Instance(await WebAssembly.compile(Uint8Array.from(bytes))).exports
    const fuelled = bare(await metered(bytes))
    const time = (call: () => unknown) => {
      const rounds = Array.from({ length: 30 }, () => {
        const began = performance.now()
        for (let index = 0; index < 10; index++) call()
        return performance.now() - began
      })
      return Math.min(...rounds) / 10
    }
    const operator = plain.framegate_operator as (...parameters: number[]) => number
    const [without, with_] = [time(() => operator(0, 0, 0, 0)), time(() => fuelled.ask(2_000_000_000))]
    console.log(`100,000 rounds of a small loop: ${without.toFixed(4)} ms, metered ${with_.toFixed(4)} ms`)
  })
})
