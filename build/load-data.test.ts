import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createEvaluator } from '../src/node.ts'
import type { Item } from './linked-module.ts'
import { loadDataText, loadOnlyRanges, withoutRanges } from './load-data.ts'
import { customSection } from './seal-wasm.ts'

const item = (name: string, kind: Item['kind'], address = 0, size = 0): Item => ({
  name,
  kind,
  address,
  size,
  refersTo: new Set(),
})
const refer = (from: Item, ...to: Item[]) => {
  for (const one of to) from.refersTo.add(one)
}

describe('the ranges that only lookups lead to', () => {
  const page = 4096
  const graph = () => {
    const abi = item('abi_load', 'function')
    const lookup = item('lookup', 'function')
    const table = item('', 'data', 0, page)
    const rows = item('', 'data', page + 4, page)
    refer(abi, lookup)
    refer(lookup, table)
    refer(table, rows)
    return { abi, lookup, table, rows, items: [abi, lookup, table, rows] }
  }
  const rangesOf = (items: Item[]) => loadOnlyRanges(items, (name) => name.startsWith('abi_'), /^lookup$/)

  it('reach over tables that others name, and over what lies between them', () => {
    expect(rangesOf(graph().items)).toEqual([{ start: 0, end: 2 * page + 4 }])
  })

  it('leave out a table that any other function reads, and what that names', () => {
    const { abi, items, rows, table } = graph()
    const match = item('match', 'function')
    refer(abi, match)
    refer(match, rows)
    expect(rangesOf([...items, match])).toEqual([{ start: 0, end: page }])
    refer(match, table)
    expect(rangesOf([...items, match])).toEqual([])
  })

  it('leave out what nothing refers to, and bytes shared with what is kept', () => {
    const { abi, items } = graph()
    const shared = item('', 'data', 100, 10)
    refer(abi, shared)
    expect(rangesOf([...items, shared])).toEqual([{ start: page + 4, end: 2 * page + 4 }])
    expect(rangesOf([...items, item('', 'data', page, 4)])).toEqual([
      { start: 0, end: page },
      { start: page + 4, end: 2 * page + 4 },
    ])
  })
})

describe('a module without its ranges', () => {
  const exporting = (...names: string[]) => [names.length, ...names.flatMap((name) => [14, ...Buffer.from(name), 0, 0])]
  const load = exporting('framegate_load', 'framegate_seal')
  const dataAt16 = [1, 0, 0x41, 16, 0x0b, 4, 1, 2, 3, 4]
  const module = (...sections: [number, number[]][]) =>
    Buffer.concat([
      Buffer.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
      ...sections.map(([id, content]) => Buffer.of(id, content.length, ...content)),
    ])

  it('has zeros there, and nothing of the linker', () => {
    const linked = Buffer.concat([
      module([7, load], [11, dataAt16]),
      customSection('linking'),
      customSection('reloc.CODE'),
    ])
    const { module: rest, taken } = withoutRanges(linked, [{ start: 17, end: 19 }])
    expect(taken).toEqual([Uint8Array.of(2, 3)])
    const renamed = exporting('framegate-load', 'framegate-seal')
    expect(rest).toEqual(module([7, renamed], [11, [1, 0, 0x41, 16, 0x0b, 4, 1, 0, 0, 4]]))
    expect(loadDataText([{ start: 17, end: 19 }], taken)).toContain('(data $range0 "\\02\\03")')
  })

  it('is none where it has no such data or no framegate_load', () => {
    expect(() => withoutRanges(module([7, load], [11, dataAt16]), [{ start: 17, end: 21 }])).toThrow(
      'no data from 17 to 21',
    )
    expect(() => withoutRanges(module([11, dataAt16]), [{ start: 17, end: 19 }])).toThrow('no function framegate_load')
  })
})

interface Exports {
  memory: WebAssembly.Memory
  framegate_load_data(): void
  framegate_drop_load_data(): void
}

describe('an instance of dist/engine.wasm', () => {
  const module = new WebAssembly.Module(readFileSync(new URL('../dist/engine.wasm', import.meta.url)))
  const instance = () => new WebAssembly.Instance(module).exports as unknown as Exports
  /** 4 KiB blocks of memory that are not all zeros. */
  const blocks = ({ memory }: Exports) => {
    const zeros = Buffer.alloc(4096)
    let count = 0
    for (let at = 0; at < memory.buffer.byteLength; at += 4096)
      if (!zeros.equals(new Uint8Array(memory.buffer, at, 4096))) count++
    return count
  }

  it('starts with at most 160 KiB of data', () => {
    expect(blocks(instance())).toBeLessThanOrEqual(40)
  })

  it('has what only loading needs when asked for it, as often as it is asked', () => {
    const engine = instance()
    const fresh = Buffer.from(engine.memory.buffer.slice(0))
    engine.framegate_load_data()
    const whole = Buffer.from(engine.memory.buffer.slice(0))
    expect(blocks(engine)).toBeGreaterThan(80)
    engine.framegate_drop_load_data()
    expect(fresh.equals(new Uint8Array(engine.memory.buffer))).toBe(true)
    engine.framegate_load_data()
    expect(whole.equals(new Uint8Array(engine.memory.buffer))).toBe(true)
  })
})

describe('expressions match without the data that compiled them', () => {
  const expressions = [
    { expression: String.raw`^\p{Greek}+$`, matching: 'λόγος', other: 'logos' },
    { expression: String.raw`^\p{Lu}\w+\d$`, matching: 'Übung٣', other: 'übung٣' },
    { expression: String.raw`(?i)\bstraße\b`, matching: 'eine STRAẞE', other: 'eine STRAẞEN' },
    // Compiled anew by each match: its text is not ASCII.
    { expression: String.raw`(?i)^(\p{L}+)-\1$`, matching: 'müll-MÜLL', other: 'müll-MULL' },
    { expression: String.raw`^[\p{Script_Extensions=Cyrillic}&&\p{Age=3.0}]+$`, matching: 'слово', other: 'word' },
  ]
  const specs = {
    has_updates: true,
    time: 1,
    dynamic_configs: [],
    layer_configs: [],
    feature_gates: expressions.map(({ expression }) => gate(expression)),
  }

  it.each(expressions)('$expression', ({ expression, matching, other }) => {
    for (const backend of ['wasm', 'native'] as const) {
      using evaluator = createEvaluator({ specs: JSON.stringify(specs), backend })
      const passes = (email: string) => evaluator.checkGate({ userID: 'u', email }, expression)
      expect([passes(matching), passes(other)]).toEqual([true, false])
    }
  })
})

function gate(expression: string) {
  const condition = {
    type: 'user_field',
    field: 'email',
    operator: 'str_matches',
    targetValue: expression,
    additionalValues: {},
    idType: 'userID',
  }
  const rule = {
    name: 'rule',
    id: 'rule',
    salt: 'rule',
    passPercentage: 100,
    returnValue: true,
    idType: 'userID',
    conditions: [condition],
  }
  return {
    name: expression,
    type: 'feature_gate',
    entity: 'feature_gate',
    salt: 'salt',
    enabled: true,
    defaultValue: false,
    idType: 'userID',
    rules: [rule],
  }
}
