import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createEvaluator } from '../src/node.ts'
import { projectFolder } from '../test/support/data.ts'
import type { Item } from './linked-module.ts'
import { loadDataText, loading, loadOnly, renameExport } from './load-data.ts'

const item = (name: string, kind: Item['kind']): Item => ({ name, kind, address: 0, size: 8, refersTo: new Set() })
const refer = (from: Item, ...to: Item[]) => {
  for (const one of to) from.refersTo.add(one)
}

describe('the data that only lookups lead to', () => {
  const graph = () => {
    const abi = item('abi_load', 'function')
    const lookup = item('lookup', 'function')
    const [table, rows] = [item('table', 'data'), item('rows', 'data')]
    refer(abi, lookup)
    refer(lookup, table)
    refer(table, rows)
    return { abi, lookup, table, rows, items: [abi, lookup, table, rows] }
  }
  const found = (items: Item[]) => {
    const { loading, unused } = loadOnly(items, (name) => name.startsWith('abi_'), /^lookup$/)
    const names = (set: Set<Item>) => [...set].map(({ name }) => name)
    return { loading: names(loading), unused: names(unused) }
  }

  it('are tables, and what those name', () => {
    expect(found(graph().items)).toEqual({ loading: ['table', 'rows'], unused: [] })
  })

  it('are not those that any other function reads, nor what these name', () => {
    const { abi, items, rows, table } = graph()
    const match = item('match', 'function')
    refer(abi, match)
    refer(match, rows)
    expect(found([...items, match]).loading).toEqual(['table'])
    refer(match, table)
    expect(found([...items, match]).loading).toEqual([])
  })

  it('are not those that a function in the table reads, whoever may call it', () => {
    const { items, rows } = graph()
    const compare: Item = { ...item('compare', 'function'), isInTable: true }
    refer(compare, rows)
    expect(found([...items, compare]).loading).toEqual(['table'])
  })

  it('are not those that nothing leads to', () => {
    expect(found([...graph().items, item('stray', 'data')])).toEqual({ loading: ['table', 'rows'], unused: ['stray'] })
  })
})

describe('the wrapped loaders', () => {
  it('have names of their own', () => {
    const name = 'framegate_load'
    const exporting = (text: string) => {
      const content = Buffer.of(1, text.length, ...Buffer.from(text), 0, 0)
      return Buffer.concat([Buffer.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 7, content.length), content])
    }
    const module = Uint8Array.from(exporting(name))
    renameExport(module, name, 'framegate-load')
    expect(Buffer.from(module)).toEqual(exporting('framegate-load'))
    expect(() => renameExport(module, name, 'framegate-load')).toThrow('no function framegate_load')
  })

  it('bring the bytes', () => {
    expect(loadDataText(Uint8Array.of(2, 3))).toContain('(data $tables "\\02\\03")')
  })

  it('work where the engine leaves memory free', () => {
    const stages = readFileSync(join(projectFolder, 'wasm/engine/src/memory/stages.rs'), 'utf8')
    const [, start, end] = /TABLES: std::ops::Range<usize> = (\w+)\.\.(\w+);/.exec(stages) ?? []
    expect([Number(start?.replace('_', '')), Number(end?.replace('_', ''))]).toEqual([loading.guard, loading.end])
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

  it('starts with at most 136 KiB of data', () => {
    expect(blocks(instance())).toBeLessThanOrEqual(34)
  })

  it('has what only loading needs when asked for it, as often as it is asked', () => {
    const engine = instance()
    const fresh = Buffer.alloc(loading.end)
    fresh.set(new Uint8Array(engine.memory.buffer))
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
    // Letters beyond ASCII are folded by the standard library's tables.
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
