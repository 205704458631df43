/** The committed payload and lists are what the generator writes, and users depend on nothing but seed and index. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { idListTexts, specsText, userChunks, writeUsers } from './generate.ts'
import type { Condition } from './generator/conditions.ts'

interface Spec {
  readonly rules: readonly { readonly conditions: readonly string[]; readonly configDelegate?: string }[]
}

const folder = mkdtempSync(join(tmpdir(), 'framegate-example-'))
afterAll(() => rmSync(folder, { recursive: true }))

const committed = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')
const users = (count: number, seed: number): string => [...userChunks(count, seed)].join('')

describe('the example project', () => {
  it('is committed as the generator writes it', () => {
    expect(committed('shop.specs.json')).toBe(specsText())
    const names = readdirSync(fileURLToPath(new URL('id-lists', import.meta.url)))
    expect(Object.fromEntries(names.map((name) => [name, committed(`id-lists/${name}`)]))).toEqual(idListTexts())
  })

  it('refers only to conditions, gates and experiments that it holds', () => {
    const specs = JSON.parse(specsText())
    const all = [specs.feature_gates, specs.dynamic_configs, specs.layer_configs].flatMap((kind) =>
      Object.values<Spec>(kind),
    )
    for (const rule of all.flatMap((spec) => spec.rules)) {
      for (const id of rule.conditions) expect(specs.condition_map).toHaveProperty(id)
      if (rule.configDelegate) expect(specs.dynamic_configs).toHaveProperty(rule.configDelegate)
    }
    const nested = Object.values<Condition>(specs.condition_map).filter(({ type }) => type.endsWith('_gate'))
    for (const { targetValue } of nested) expect(specs.feature_gates).toHaveProperty([String(targetValue)])
  })
})

describe('users', () => {
  it('are the same whatever the count', () => {
    const few = users(300, 5)
    expect(users(1000, 5).startsWith(few)).toBe(true)
    expect(few.trimEnd().split('\n')).toHaveLength(300)
  })

  it('differ between seeds', () => {
    expect(users(10, 5)).not.toBe(users(10, 6))
  })

  it('appear in a file, one JSON object a line, with nothing left beside it', async () => {
    await writeUsers(join(folder, 'deep', 'users.ndjson'), 600, 5)
    expect(readFileSync(join(folder, 'deep', 'users.ndjson'), 'utf8')).toBe(users(600, 5))
    expect(readdirSync(join(folder, 'deep'))).toEqual(['users.ndjson'])
  })
})
