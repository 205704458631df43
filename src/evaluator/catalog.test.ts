import { describe, expect, test } from 'vitest'
import { payload, publicCondition, rule, spec } from '../../test/support/specs.ts'
import { engineModule } from '../node.ts'
import { Catalog } from './catalog.ts'
import { CATALOG } from './layout.ts'

interface Exports {
  readonly memory: WebAssembly.Memory
  framegate_alloc(size: number): number
  framegate_load(payload: number, length: number, app: number, appLength: number): number
  framegate_catalog(specs: number, out: number, capacity: number): number
}

/** The bytes that the engine lays out for a payload. */
function laidOut(text: string): Uint8Array {
  const exports = new WebAssembly.Instance(engineModule()).exports as unknown as Exports
  const bytes = new TextEncoder().encode(text)
  const at = exports.framegate_alloc(bytes.length)
  new Uint8Array(exports.memory.buffer).set(bytes, at)
  const specs = exports.framegate_load(at, bytes.length, 0, 0)
  const length = exports.framegate_catalog(specs, 0, 0)
  const out = exports.framegate_alloc(length)
  exports.framegate_catalog(specs, out, length)
  return new Uint8Array(exports.memory.buffer, out, length).slice()
}

const gate = spec([rule('r', ['public'])])

function named(names: readonly string[], fields: Record<string, unknown> = {}): string {
  // Not an object literal: `__proto__` would be no member of it.
  const gates = Object.fromEntries(names.map((name) => [name, gate]))
  return payload({ feature_gates: gates, condition_map: { public: publicCondition }, ...fields })
}

function catalogOf(names: readonly string[], fields: Record<string, unknown> = {}): Catalog {
  return new Catalog(laidOut(named(names, fields)), { payloadBytes: 0, receivedAt: 0 })
}

describe('names', () => {
  const odd = [
    '',
    'é',
    '😀',
    '名前',
    '\uFEFFmark',
    '\0',
    '__proto__',
    'constructor',
    'a'.repeat(10_000),
    'e\u0301',
    '\uFFFD',
  ]

  test('of every kind of character are found', () => {
    const { gates } = catalogOf(odd)
    for (const name of odd) {
      expect(gates.get(name)).toMatchObject({ name, entity: 'feature_gate', bandit: false })
      expect(gates.get(name)).toBe(gates.get(name))
    }
    expect(new Set(odd.map((name) => gates.get(name)?.number)).size).toBe(odd.length)
  })

  test('that nobody defines are not found, nor what is no name', () => {
    const { gates, configs } = catalogOf(odd)
    for (const name of ['\uD800', '\uDC00', 'mark', 'toString', 'É', '\u0000\u0000', 'a'.repeat(9999)]) {
      expect(gates.get(name)).toBeUndefined()
    }
    for (const name of [undefined, null, 0, {}, [''], Symbol('é')]) {
      expect(gates.get(name as unknown as string)).toBeUndefined()
    }
    for (const name of odd) expect(configs.get(name)).toBeUndefined()
  })

  test('with one hash are told apart', () => {
    // Pairs that FNV-1a gives the same 32 bits.
    const pairs = ['costarring', 'liquid', 'declinate', 'macallums', 'altarage', 'zinke']
    const { gates } = catalogOf(pairs)
    expect(pairs.map((name) => gates.get(name)?.name)).toEqual(pairs)
    const { gates: first } = catalogOf(['costarring', 'zinke'])
    expect(first.get('costarring')?.name).toBe('costarring')
    expect(first.get('liquid')).toBeUndefined()
    expect(first.get('altarage')).toBeUndefined()
  })

  test.each([0, 1, 2, 3, 64, 65, 5000])('are all found among %d gates, and no others', (count) => {
    const names = Array.from({ length: count }, (_, index) => `gate_${index}`)
    const { gates, list } = catalogOf(names)
    expect(names.map((name) => gates.get(name)?.number)).toEqual(names.map((_, number) => number))
    expect(names.filter((name) => gates.get(`${name}_`) !== undefined)).toEqual([])
    expect(list.gates).toEqual(names)
  })
})

describe('the bytes', () => {
  const experiment = (value: unknown) =>
    spec([rule('r', ['public'], { returnValue: value, groupName: 'Grün' })], {
      entity: 'experiment',
      explicitParameters: ['a', 'ü'],
    })
  const text = named(['g'], {
    dynamic_configs: { e: experiment({ deep: [{ n: 1 }] }) },
    default_environment: 'staging',
    time: 1_700_000_000_123,
  })

  test('may be shared and lie anywhere', () => {
    const bytes = laidOut(text)
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 12), 8, bytes.length)
    shared.set(bytes)
    const catalog = new Catalog(shared, { payloadBytes: 7, receivedAt: 0 })
    expect(catalog.gates.get('g')?.name).toBe('g')
    expect(catalog.time).toBe(1_700_000_000_123)
    expect(catalog.report).toMatchObject({ format: 'v2', bytes: 7, time: 1_700_000_000_123, needsCountryTable: false })
    expect(catalog.report).toBe(catalog.report)
    expect(catalog.list).toMatchObject({ gates: ['g'], experiments: ['e'], layers: [] })
  })

  test('give values that are made once and deeply frozen', () => {
    const catalog = new Catalog(laidOut(text), { payloadBytes: 0, receivedAt: 0 })
    const values = [0, 1].map((number) => catalog.value(number))
    const value = values.find((value) => 'deep' in value) as { deep: [{ n: number }] }
    expect(value).toEqual({ deep: [{ n: 1 }] })
    expect(Object.isFrozen(value.deep[0])).toBe(true)
    expect([0, 1].map((number) => catalog.value(number))).toEqual(values)
    expect(catalog.value(0)).toBe(values[0])
    expect(catalog.explicit(0)).toEqual(['a', 'ü'])
    expect(Object.isFrozen(catalog.explicit(0))).toBe(true)
    for (const none of [-1, 1, 2 ** 32 - 1]) expect(catalog.explicit(none)).toBeUndefined()
  })

  test('of another version, or cut short, are refused', () => {
    const bytes = laidOut(text)
    const refused = expect.objectContaining({ code: 'GUEST_INCOMPATIBLE' })
    expect(() => new Catalog(bytes.subarray(0, bytes.length - 4), { payloadBytes: 0, receivedAt: 0 })).toThrow(refused)
    expect(() => new Catalog(new Uint8Array(0), { payloadBytes: 0, receivedAt: 0 })).toThrow(refused)
    bytes[CATALOG.version] = 99
    expect(() => new Catalog(bytes, { payloadBytes: 0, receivedAt: 0 })).toThrow(refused)
  })
})
