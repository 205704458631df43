import { describe, expect, test } from 'vitest'
import { layOut } from './plan.ts'
import { renderReport } from './report.ts'
import type { CellResult, WrongReply } from './result.ts'
import type { RowId } from './rows.ts'
import { judge, outcomeOf } from './verdict.ts'

const wanted = { workers: [1, 2], seconds: 1, backends: ['wasm', 'native'] } as const
const noneWrong = { another: 0, nothing: 0, argument: 0, unknown: 0 }

/** A result of every cell of the plan as it should be. */
function goodResults(plan = layOut(wanted, undefined)): CellResult[] {
  return plan.cells.map(({ row, workers }) => {
    const isControl = row === 'pooled-frames' || row === 'cached-string'
    return {
      ...{ row, workers, operations: 1000, seconds: 1, crash: null, examples: [] },
      wrong: isControl ? { ...noneWrong, another: 2, argument: 1 } : noneWrong,
      firstWrong: isControl ? 0.25 : null,
    }
  })
}

/** The same with one row changed in all of its cells. */
function resultsWith(changed: RowId, change: Partial<CellResult>): CellResult[] {
  return goodResults().map((result) => (result.row === changed ? { ...result, ...change } : result))
}

describe('the verdict', () => {
  const plan = layOut(wanted, undefined)

  test('is "proved" when every control was caught and every other row is clean', () => {
    const verdict = judge(plan, goodResults())
    expect(verdict).toMatchObject({ proved: true, reasons: [], leftOut: [] })
    expect(verdict.summary).toBe('12,000 operations in 12 runs, 0 wrong; every control was caught.')
  })

  test.each<[string, RowId, Partial<CellResult>, RegExp]>([
    ['a control that was not caught', 'pooled-frames', { wrong: noneWrong }, /pooled frames, 2 threads was not caught/],
    [
      'the other control',
      'cached-string',
      { wrong: noneWrong },
      /cached argument, one thread was not caught in 1\.0 s/,
    ],
    [
      'a wrong reply',
      'wasm-full',
      { wrong: { ...noneWrong, nothing: 1 } },
      /^wasm, full, 1 thread gave 1 wrong reply\.$/,
    ],
    [
      'a crash',
      'native-full',
      { crash: 'its process was ended by SIGSEGV' },
      /crashed: its process was ended by SIGSEGV/,
    ],
    ['a crash of a control', 'pooled-frames', { crash: 'it hung' }, /pooled frames, 2 threads crashed: it hung/],
    ['a row that did nothing', 'native-nonblocking', { operations: 0 }, /2 calls in flight did nothing/],
    [
      'a wrong reply of the reference',
      'c-threads',
      { wrong: { ...noneWrong, unknown: 7 } },
      /2 C threads gave 7 wrong replies/,
    ],
  ])('is not, and says why, for %s', (_, row, change, reason) => {
    const verdict = judge(plan, resultsWith(row, change))
    expect(verdict.proved).toBe(false)
    expect(
      verdict.reasons.some((text) => reason.test(text)),
      verdict.reasons.join('\n'),
    ).toBe(true)
    expect(verdict.reasons).toHaveLength(plan.cells.filter((cell) => cell.row === row).length)
  })

  test('names the wrong reply that was seen first', () => {
    const examples: WrongReply[] = [{ kind: 'another', worker: 1, asked: 'mine', got: 'yours' }]
    const verdict = judge(plan, resultsWith('wasm-minimal', { wrong: { ...noneWrong, another: 1 }, examples }))
    expect(verdict.reasons[0]).toBe('wasm, minimal, 1 thread gave 1 wrong reply, the first for mine: yours.')
  })

  test('is not for a cell that has no result, nor without controls, nor without a real row', () => {
    expect(judge(plan, goodResults().slice(1)).reasons).toEqual(['wasm, minimal, 1 thread was not run.'])
    const isControl = (row: RowId) => row === 'pooled-frames' || row === 'cached-string'
    const without = { ...plan, cells: plan.cells.filter(({ row }) => !isControl(row)) }
    expect(judge(without, goodResults(without)).reasons).toHaveLength(2)
    const only = { ...plan, cells: plan.cells.filter(({ row }) => isControl(row)) }
    expect(judge(only, goodResults(only)).reasons).toEqual(['No real row was part of the run.'])
  })

  test('says which rows were left out and why, and that does not make it false', () => {
    const wasmOnly = layOut(wanted, 'koffi is not installed')
    const verdict = judge(wasmOnly, goodResults(wasmOnly))
    expect(verdict.proved).toBe(true)
    expect(verdict.summary).toMatch(/; 4 rows left out\.$/)
    expect(verdict.leftOut).toContainEqual({ row: 'native-full', reason: 'koffi is not installed' })
  })

  test('a wrong reply weighs more than the crash that followed it', () => {
    const [result] = resultsWith('wasm-minimal', { crash: 'SIGSEGV', wrong: { ...noneWrong, another: 1 } })
    expect(outcomeOf(result!)).toBe('wrong')
  })
})

describe('the plan', () => {
  test('runs the racing control with two workers at least, and the nested one once', () => {
    const cells = layOut({ ...wanted, workers: [1] }, undefined).cells
    expect(cells.filter(({ row }) => row === 'pooled-frames').map(({ workers }) => workers)).toEqual([2])
    expect(cells.filter(({ row }) => row === 'cached-string').map(({ workers }) => workers)).toEqual([1])
  })

  test('leaves out the rows of a backend that was not asked for, never the controls', () => {
    const { cells, leftOut } = layOut({ ...wanted, backends: ['wasm'] }, undefined)
    expect([...new Set(cells.map(({ row }) => row))]).toEqual([
      'wasm-minimal',
      'wasm-full',
      'pooled-frames',
      'cached-string',
    ])
    expect(leftOut.map(({ row }) => row)).toEqual(['native-minimal', 'native-full', 'native-nonblocking', 'c-threads'])
  })
})

describe('the report', () => {
  const machine = {
    ...{ processor: 'A <fast> one', cores: 2, memory: 2 ** 33, system: 'linux', node: 'v20', framegate: '0.1.0' },
    ...{ koffi: null, guests: { 'probe.wasm': 'abc' }, time: '2026-01-01T00:00:00.000Z' },
  }
  const report = (results: CellResult[], plan = layOut(wanted, undefined)) =>
    renderReport({ verdict: judge(plan, results), results, wanted, machine })

  test('holds verdict, matrix, chart and what each row means, and loads nothing', () => {
    const html = report(goodResults())
    expect(html).toMatch(/<strong>proved<\/strong>/)
    expect(html.match(/class="outcome (clean|caught)"/g)).toHaveLength(14)
    expect(html.match(/<svg/g), 'one chart for wide screens, one for narrow ones').toHaveLength(2)
    expect(html).toContain('prefers-color-scheme: dark')
    expectSelfContained(html)
  })

  test('says why it is not proved, and shows text from outside as text', () => {
    const examples: WrongReply[] = [{ kind: 'another', worker: 1, asked: 'mine', got: '<img src=x>' }]
    const html = report(
      resultsWith('wasm-full', { wrong: { ...noneWrong, another: 1 }, examples, crash: '<script>alert(1)</script>' }),
    )
    expect(html).toMatch(/<strong>not proved<\/strong>/)
    expect(html).toContain('A &lt;fast&gt; one')
    expect(html).toContain('&lt;img src=x&gt;')
    expect(html).not.toMatch(/<(script|img)/)
  })
})

/** Nothing in it makes a browser fetch anything. */
function expectSelfContained(html: string): void {
  expect(html).toMatch(/^<!doctype html>/)
  expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|base)\b/i)
  expect(html).not.toMatch(/\b(src|href|srcset|action)\s*=/i)
  expect(html).not.toMatch(/@import|url\(/i)
  // The namespace of SVG is a name, not an address.
  expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/)
}
