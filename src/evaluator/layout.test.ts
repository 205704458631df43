import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as layout from './layout.ts'

const source = readFileSync(new URL('../../wasm/engine/src/frame.rs', import.meta.url), 'utf8')
const catalog = readFileSync(new URL('../../wasm/engine/src/catalog.rs', import.meta.url), 'utf8')
const evaluate = readFileSync(new URL('../../wasm/engine/src/evaluate.rs', import.meta.url), 'utf8')

/** Offsets of the fields of a struct of numbers, one after the other. */
function offsets(struct: string, text = source): { fields: Record<string, number>; size: number } {
  const body = new RegExp(`pub struct ${struct} \\{([^}]*)\\}`).exec(text)?.[1] ?? ''
  const sizes: Record<string, [size: number, alignment: number]> = { u32: [4, 4], f64: [8, 8], '[u32; 2]': [8, 4] }
  const fields: Record<string, number> = {}
  let end = 0
  for (const [, name, type] of body.matchAll(/^\s*(?:pub )?(\w+): ([^,]+),$/gm)) {
    const [size, alignment] = sizes[type as string] as [number, number]
    end = Math.ceil(end / alignment) * alignment
    fields[name as string] = end
    end += size
  }
  return { fields, size: end }
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
}

describe('the frame is laid out as the engine has it', () => {
  test('head', () => {
    const { fields, size } = offsets('Head')
    const camelCased = Object.entries(fields).map(([name, offset]) => [camelCase(name), offset])
    const expected = { ...Object.fromEntries(camelCased) }
    delete expected.reserved
    delete expected.reservedOut
    const { entity, ...head } = layout.HEAD
    expect({ entity, ...head }).toEqual(expected)
    expect(layout.HEAD_SIZE).toBe(size)
  })

  test('slots', () => {
    expect(offsets('Slot')).toEqual({ fields: { tag: 0, length: 4, payload: 8 }, size: layout.SLOT_SIZE })
    for (const [name, tag] of Object.entries({ Absent: 0, Null: 1, 'Bool(false)': 2, 'Bool(true)': 3 })) {
      expect(source).toContain(`${tag} => Dynamic::${name},`)
    }
    expect(source).toMatch(/4 => Dynamic::Number\(/)
    expect(layout.TAG).toEqual({ absent: 0, null: 1, false: 2, true: 3, number: 4, text: 5, array: 6, object: 7 })
    for (const [name, tag] of [
      ['Text', layout.TAG.text],
      ['Array', layout.TAG.array],
      ['Object', layout.TAG.object],
    ]) {
      expect(source).toMatch(new RegExp(`${tag} => Dynamic::${name}\\(`))
    }
  })

  test('flags', () => {
    const bits = [...source.matchAll(/pub const (\w+): u32 = 1(?: << (\d))?;/g)].map(([, name, shift]) => [
      camelCase((name as string).toLowerCase()),
      1 << Number(shift ?? 0),
    ])
    const { panicked, ...known } = layout.FLAG
    expect(known).toEqual(Object.fromEntries(bits))
    expect(panicked).toBe(2 ** 31)
  })

  test('kinds and the bits of plans', () => {
    expect(evaluate).toContain('[Kind::Gate, Kind::Config, Kind::Experiment, Kind::Layer][head.kind as usize]')
    expect(layout.KIND).toEqual({ gate: 0, config: 1, experiment: 2, layer: 3 })
    const bits =
      /u32::from\(plan\.reads_time\) \| u32::from\(plan\.reads_seed\) << 1 \| u32::from\(plan\.reads_country\) << 2/
    expect(catalog).toMatch(bits)
    expect(layout.PLAN).toEqual({ time: 1, seed: 2, country: 4 })
  })

  test('log and temporary memory', () => {
    expect(source).toContain(`pub const SIZE: usize = ${layout.LOGGED_WORDS};`)
    expect(source).toContain(`pub const REPEAT: u32 = ${layout.LOGGED_REPEAT};`)
    expect(evaluate).toContain(`pub const TEMPORARY: usize = ${layout.TEMPORARY};`)
  })
})

describe('the catalog is laid out as the engine has it', () => {
  test('head', () => {
    const { fields, size } = offsets('Head', catalog)
    const camelCased = Object.entries(fields).map(([name, offset]) => [camelCase(name), offset])
    expect(layout.CATALOG).toEqual(Object.fromEntries(camelCased))
    expect(layout.CATALOG_SIZE).toBe(size)
    expect(catalog).toContain(`const VERSION: u32 = ${layout.CATALOG_VERSION};`)
    // The engine writes the head word by word.
    const written = [...catalog.matchAll(/^ {12}head\.(\w+)(?:\[\d\])?,$/gm)].map(([, name]) =>
      camelCase(name as string),
    )
    expect([...new Set(written)]).toEqual(Object.keys(layout.CATALOG))
    expect(written).toHaveLength(size / 4)
  })

  test('rows', () => {
    const rows = [...catalog.matchAll(/self\.words\(\[([^;]*?)\]\);/gs)].map(([, words]) =>
      [...(words as string).matchAll(/(?:^|,)\s*(hash|label|entity\.plan|u32|bits|plan\.scratch|fields|count)\b/g)].map(
        ([, word]) => word,
      ),
    )
    expect(rows).toContainEqual(['hash', 'label', 'entity.plan', 'u32'])
    expect(rows).toContainEqual(['bits', 'plan.scratch', 'fields', 'count'])
    expect(Object.keys(layout.NAME)).toEqual(['hash', 'label', 'plan', 'bits'])
    expect(Object.keys(layout.PLAN_ROW)).toEqual(['bits', 'scratch', 'fields', 'count'])
    for (const row of [layout.NAME, layout.PLAN_ROW]) {
      expect(Object.values(row)).toEqual([0, 4, 8, 12])
      expect(layout.ROW_WORDS).toBe(4)
    }
  })
})
