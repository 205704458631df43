import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { importedPages, sha256 } from './seal-wasm.ts'

const bytes = readFileSync(new URL('../dist/engine.metered.wasm', import.meta.url))
const module = new WebAssembly.Module(bytes)
const payload = readFileSync(new URL('../examples/shop.specs.json', import.meta.url))
const pages = importedPages(bytes) ?? 0

interface Exports {
  framegate_fuel: WebAssembly.Global
  framegate_alloc(size: number): number
  framegate_load(payload: number, length: number, appId: number, appIdLength: number): number
}

/** Loads the example project with so much fuel; how that ended. */
function load(fuel: number | undefined, morePages = 64) {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages + morePages })
  const engine = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports
  const at = engine.framegate_alloc(payload.length)
  if (at !== 0) new Uint8Array(memory.buffer).set(payload, at)
  if (fuel !== undefined) engine.framegate_fuel.value = fuel
  let specs: number | undefined
  try {
    specs = engine.framegate_load(at, payload.length, 0, 0)
  } catch (error) {
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError)
  }
  return {
    specs,
    fuel: engine.framegate_fuel.value as number,
    memory: sha256(new Uint8Array(memory.buffer)).toString('hex'),
  }
}

describe('the metered engine', () => {
  it('loads with the fuel that it starts with', () => {
    const { specs, fuel } = load(undefined)
    expect(specs).toBeGreaterThan(0)
    expect(fuel).toBeGreaterThan(2 ** 30)
  })

  it('traps with its fuel below zero, at the same place for the same fuel and at another for more', () => {
    const first = load(500_000)
    expect(first).toMatchObject({ specs: undefined, fuel: -1 })
    expect(load(500_000)).toEqual(first)
    expect(load(500_100).memory).not.toBe(first.memory)
  })

  it('burns as much each time, and needs no more than that', () => {
    const { fuel: left } = load(2 ** 30)
    const needed = 2 ** 30 - left
    expect(load(needed)).toMatchObject({ specs: expect.any(Number), fuel: 0 })
    expect(load(needed - 1)).toMatchObject({ specs: undefined, fuel: -1 })
  })

  it('takes no more memory than its host allows', () => {
    expect(load(undefined, 0).specs).toBeUndefined()
  })
})
