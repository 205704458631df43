/** Operators of tenants: the examples in three languages, and those that mean ill. */
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../src/evaluator/index.ts'
import { openOperator } from '../../src/tenants/operator.ts'
import { codeOf, thrownBy } from '../wat/thrown.ts'
import { exampleBytes, hostileBytes, MEBIBYTE, metered, withOperator } from './metering.ts'

const languages = ['assemblyscript', 'c', 'rust']
const fuel = 1_000_000

const cases: [value: JsonValue | undefined, target: JsonValue, matches: boolean][] = [
  ['alice@example.com', '*@example.com', true],
  ['alice@example.com', ['*@example.org', '*@example.com'], true],
  ['alice@example.com', '@example.com', false],
  ['', '', true],
  ['', '*', true],
  ['', '?', false],
  ['a', [], false],
  ['abcabcabd', '*abd', true],
  ['abcabcabd', 'a*b*d', true],
  ['abcabcabd', 'a*e*d', false],
  ['aaa', '**a**', true],
  ['aaa', '???', true],
  ['aaa', '????', false],
  ['ñandú', '?and?', true],
  ['日本語', '日?語', true],
  ['\u{1f600}!', '?!', true],
  ['a"b\\c\n\t', 'a"b\\c\n?', true],
  ['a\u0001\u001f', '*\u001f', true],
  ['"]', ['"[', '"]'], true],
  ['Alice', 'alice', false],
  [42, ['4?'], true],
  [true, 'true', true],
  [null, 'null', false],
  [undefined, '*', false],
  [['a'], '*', false],
  [{ a: 'b' }, '*', false],
  ['a', { a: 'a' }, false],
  ['a', [['a'], { a: 'a' }], false],
  ['a', [1, null, 'a'], true],
  ['a', 7, false],
]

describe.each(languages)('the example operator in %s', (language) => {
  test.each(cases)('%j meets %j: %s', async (value, target, matches) => {
    using operator = openOperator(await metered(exampleBytes(language)), { fuel })
    expect(operator(value, target)).toBe(matches)
  })

  test('answers for long texts, and needs no more memory for many', async () => {
    using operator = openOperator(await metered(exampleBytes(language)), { fuel: 100_000_000 })
    const long = `${'é'.repeat(100_000)}!`
    expect(operator(long, ['x', '*!'])).toBe(true)
    const { memoryBytes } = operator.stats
    for (let index = 0; index < 100; index++) expect(operator(`${index}${long}`, '*!')).toBe(true)
    expect(operator.stats).toEqual({ calls: 101, faults: 0, fuelExhausted: 0, generation: 1, memoryBytes })
  })

  test('needs the same fuel for the same question, and not one unit less', async () => {
    const module = await metered(exampleBytes(language))
    const target = ['*@example.org', 'a*@example.com']
    const answers = (given: number) => {
      using operator = openOperator(module, { fuel: given })
      try {
        return operator('alice@example.com', target)
      } catch {
        return undefined
      }
    }
    const least = () => {
      let [under, enough] = [0, fuel]
      while (enough - under > 1) {
        const middle = (under + enough) >> 1
        if (answers(middle)) enough = middle
        else under = middle
      }
      return enough
    }
    const first = least()
    expect([least(), least()]).toEqual([first, first])
    expect([answers(first - 1), answers(first)]).toEqual([undefined, true])
  })
})

describe('a hostile operator that', () => {
  test.each([
    ['loops endlessly', 'a', 'FUEL_EXHAUSTED'],
    ['descends endlessly', 'b', 'FUEL_EXHAUSTED|GUEST_STACK_EXHAUSTED'],
    ['grows its memory page by page', 'c', 'FUEL_EXHAUSTED'],
    ['grows beyond its cap and traps', 'd', 'GUEST_TRAPPED'],
    ['grows its table', 'e', 'FUEL_EXHAUSTED'],
    ['fills its memory again and again', 'f', 'FUEL_EXHAUSTED'],
    ['traps', 'g', 'GUEST_TRAPPED'],
    ['goes around by br_table', 'j', 'FUEL_EXHAUSTED'],
    ['grows its table by lengths below zero', 'k', 'FUEL_EXHAUSTED'],
    ['fills nothing', 'l', 'FUEL_EXHAUSTED'],
    ['descends through its table', 'm', 'FUEL_EXHAUSTED|GUEST_STACK_EXHAUSTED'],
    ['fills more than there is', 'n', 'FUEL_EXHAUSTED|GUEST_TRAPPED'],
    ['moves values in circles', 'o', 'FUEL_EXHAUSTED'],
    ['enters loops anew', 'p', 'FUEL_EXHAUSTED'],
  ])('%s (%s) gets %s, and the next question an answer', async (_, letter, codes) => {
    using operator = openOperator(await metered(hostileBytes()), { fuel })
    expect(operator('z', [])).toBe(true)
    for (let generation = 1; generation <= 3; generation++) {
      expect(operator.stats.generation).toBe(generation)
      expect(codes.split('|')).toContain(codeOf(() => operator(letter, [])))
      expect(operator('z', [])).toBe(true)
    }
    const { calls, faults, fuelExhausted, memoryBytes } = operator.stats
    expect({ calls, faults }).toEqual({ calls: 7, faults: 3 })
    if (codes === 'FUEL_EXHAUSTED') expect(fuelExhausted).toBe(3)
    expect(memoryBytes).toBeLessThanOrEqual(MEBIBYTE)
  })

  test('answers 7 gets RESULT_INVALID', async () => {
    using operator = openOperator(await metered(hostileBytes()), { fuel })
    expect(thrownBy(() => operator('h', []))).toMatchObject({
      code: 'RESULT_INVALID',
      message: expect.stringMatching(/answered 7/),
    })
    expect(operator('z', [])).toBe(true)
  })

  test('overwrites its texts harms no later question', async () => {
    using operator = openOperator(await metered(hostileBytes()), { fuel })
    const target = ['a', 'b']
    expect(operator('i', target)).toBe(true)
    expect(operator('i', target)).toBe(true)
    expect(target).toEqual(['a', 'b'])
    expect(codeOf(() => operator('g', target))).toBe('GUEST_TRAPPED')
  })

  test('begins endlessly cannot be opened', async () => {
    const module = await metered(withOperator('(func $forever (loop (br 0))) (start $forever)'))
    expect(['GUEST_TRAPPED', 'FUEL_EXHAUSTED']).toContain(codeOf(() => openOperator(module, { fuel })))
  })

  test('constructs endlessly cannot be opened', async () => {
    const module = await metered(withOperator('(func (export "_initialize") (loop (br 0)))'))
    expect(['GUEST_TRAPPED', 'FUEL_EXHAUSTED']).toContain(codeOf(() => openOperator(module, { fuel })))
  })

  test('allocates endlessly gets FUEL_EXHAUSTED', async () => {
    const allocator = `(func (export "malloc") (param i32) (result i32)
      (if (i32.gt_u (local.get 0) (i32.const 70000)) (then (loop (br 0)))) (i32.const 65536))
      (func (export "free") (param i32))`
    const module = await metered(withOperator(allocator, undefined, '(memory (export "memory") 4)'))
    using operator = openOperator(module, { fuel })
    expect(codeOf(() => operator('x'.repeat(80_000), []))).toBe('FUEL_EXHAUSTED')
    expect(operator('x', [])).toBe(true)
  })
})

describe('an operator', () => {
  test('that was not metered is refused, with what to do', async () => {
    const module = await WebAssembly.compile(Uint8Array.from(exampleBytes('c')))
    expect(thrownBy(() => openOperator(module, { fuel }))).toMatchObject({
      code: 'OPERATOR_INVALID',
      message: expect.stringMatching(/meterGuest/),
    })
  })

  test('gets what it was granted and no more', async () => {
    const bytes = withOperator('(import "host" "yes" (func $yes (result i32)))', '(call $yes)')
    const module = await metered(bytes, { grants: ['host.yes'] })
    expect(thrownBy(() => openOperator(module, { fuel }))).toMatchObject({
      code: 'OPERATOR_INVALID',
      message: expect.stringMatching(/host\.yes \(function\)/),
    })
    using operator = openOperator(module, { fuel, imports: { host: { yes: () => 1 } } })
    expect(operator('a', 'b')).toBe(true)
    // No default of the library's stands in, and nothing that every object inherits.
    for (const name of ['"wasi_snapshot_preview1" "fd_write"', '"constructor" "keys"']) {
      const [from, each] = name.replaceAll('"', '').split(' ')
      const asks = await metered(withOperator(`(import ${name} (func))`), { grants: [`${from}.${each}`] })
      expect(codeOf(() => openOperator(asks, { fuel }))).toBe('OPERATOR_INVALID')
    }
  })

  test('whose import throws fails that question', async () => {
    const bytes = withOperator('(import "host" "fail" (func $fail))', '(call $fail) (i32.const 1)')
    const module = await metered(bytes, { grants: ['host.fail'] })
    let fails = true
    const fail = () => {
      if (fails) throw new Error('not today')
    }
    using operator = openOperator(module, { fuel, imports: { host: { fail } } })
    expect(codeOf(() => operator('a', 'b'))).toBe('GUEST_INTERRUPTED')
    fails = false
    expect(operator('a', 'b')).toBe(true)
    expect(operator.stats.generation).toBe(2)
  })

  test('gets typed errors for what cannot be asked', async () => {
    const module = await metered(hostileBytes())
    for (const wrong of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
      expect(codeOf(() => openOperator(module, { fuel: wrong }))).toBe('ARGUMENT_OUT_OF_RANGE')
    }
    const operator = openOperator(module, { fuel })
    const circular: JsonValue[] = []
    circular.push(circular)
    expect(codeOf(() => operator(circular, []))).toBe('STRING_INVALID')
    expect(codeOf(() => operator('z', undefined as never))).toBe('STRING_INVALID')
    expect(codeOf(() => operator('z'.repeat(MEBIBYTE), []))).toBe('GUEST_MEMORY_EXHAUSTED')
    expect(operator('z', [])).toBe(true)
    operator.close()
    expect(codeOf(() => operator('z', []))).toBe('DISPOSED')
  })
})
