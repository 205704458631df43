/** The memory of an instance at rest: what was given back is zero, and what is kept of specs lies side by side. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engineModule } from '../src/node.ts'
import { projectFolder } from './support/data.ts'
import { condition, payload, rule, spec } from './support/specs.ts'

interface Exports {
  readonly memory: WebAssembly.Memory
  readonly __stack_pointer: WebAssembly.Global
  framegate_alloc(size: number): number
  framegate_free(block: number, size: number): void
  framegate_prepare(length: number): void
  framegate_load(payload: number, length: number, app: number, appLength: number): number
  framegate_seal(specs: number): number
  framegate_memory_end(): number
  framegate_unload(specs: number): void
  framegate_panic_message(): number
}

const PAGE = 65_536
const BLOCK = 4096
/** Has asked for a block of its own, as the host does for its frames. */
const instance = () => {
  const exports = new WebAssembly.Instance(engineModule()).exports as unknown as Exports
  exports.framegate_alloc(16)
  return exports
}

function given(exports: Exports, bytes: Uint8Array): number {
  const at = exports.framegate_alloc(bytes.length)
  new Uint8Array(exports.memory.buffer).set(bytes, at)
  return at
}

/** Loads a payload and gives its bytes back, as the evaluator does. */
function loaded(exports: Exports, text: string): number {
  const bytes = new TextEncoder().encode(text)
  exports.framegate_prepare(bytes.length)
  const at = given(exports, bytes)
  const specs = exports.framegate_load(at, bytes.length, 0, 0)
  exports.framegate_free(at, bytes.length)
  return specs
}

const sealed = (exports: Exports, text: string) => exports.framegate_seal(loaded(exports, text))

/** All memory in use but the stack, which lies first. */
const memoryOf = ({ memory, __stack_pointer: stack, framegate_memory_end: end }: Exports) =>
  Buffer.from(memory.buffer).subarray(stack.value, Math.ceil(end() / PAGE) * PAGE || undefined)

/** Blocks that an image of the memory must hold: those that a new instance does not have by itself. */
function blocksInUse(exports: Exports): number {
  const [bytes, fresh] = [memoryOf(exports), memoryOf(instance())]
  const nothing = Buffer.alloc(BLOCK)
  const starts = Array.from({ length: bytes.length / BLOCK }, (_, block) => block * BLOCK)
  return starts.filter((start) => {
    const expected = start < fresh.length ? fresh.subarray(start, start + BLOCK) : nothing
    return !bytes.subarray(start, start + BLOCK).equals(expected)
  }).length
}

const specs = (marker: string) =>
  payload({
    feature_gates: { g: spec([rule('r', ['c'], { name: marker, salt: marker })], { salt: marker }) },
    condition_map: { c: condition('user_field', { field: 'email', operator: 'any', targetValue: [marker, 'x'] }) },
  })

describe('memory at rest', () => {
  test('holds the example project in 26 blocks of 4 KiB', () => {
    const exports = instance()
    sealed(exports, readFileSync(join(projectFolder, 'examples/shop.specs.json'), 'utf8'))
    expect(blocksInUse(exports)).toBeLessThanOrEqual(26)
  })

  test('grows with the specs, by half a kilobyte a gate', () => {
    const named = (count: number) => {
      const rules = (gate: number) =>
        [1, 2, 3].map((number) => rule(`${gate}-${number}`, ['c'], { passPercentage: 10 * number }))
      const gates = Array.from({ length: count }, (_, number) => [`gate_${number}`, spec(rules(number))] as const)
      const conditions = { c: condition('user_field', { field: 'email', operator: 'any', targetValue: ['x'] }) }
      return payload({ feature_gates: Object.fromEntries(gates), condition_map: conditions })
    }
    const [few, many] = [100, 500].map((count) => {
      const exports = instance()
      sealed(exports, named(count))
      return exports.framegate_memory_end()
    }) as [number, number]
    expect((many - few) / 400).toBeLessThanOrEqual(512)
  })

  test('ends below what loading took, which instances that start from it do not have', () => {
    const exports = instance()
    sealed(exports, specs('x'))
    expect(exports.framegate_memory_end()).toBeLessThan(exports.memory.buffer.byteLength - PAGE)
  })

  test('holds nothing of a payload that only loading read', () => {
    const exports = instance()
    const marker = 'SECRET-OF-THE-PAYLOAD'
    sealed(exports, specs(marker))
    // The target, and no copy of it.
    const bytes = memoryOf(exports)
    const first = bytes.indexOf(marker.toLowerCase())
    expect(first).toBeGreaterThan(0)
    expect(bytes.indexOf(marker.toLowerCase(), first + 1)).toBe(-1)
    expect(bytes.indexOf(marker)).toBe(-1)
  })

  test('holds nothing of specs that were unloaded, nor of a block that was freed', () => {
    const exports = instance()
    exports.framegate_unload(loaded(exports, specs('secret-of-a-tenant')))
    const block = new TextEncoder().encode('secret-of-a-user'.repeat(20))
    exports.framegate_free(given(exports, block), block.length)
    expect(memoryOf(exports).indexOf('secret-of-a')).toBe(-1)
  })
})

test('memory that cannot be had ends the instance with a message', () => {
  const exports = instance()
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`gate_${index}`, spec([])]))
  const bytes = new TextEncoder().encode(payload({ feature_gates: many }))
  const at = given(exports, bytes)
  exports.memory.grow(PAGE - exports.memory.buffer.byteLength / PAGE)
  expect(exports.framegate_alloc(1 << 30)).toBe(0)
  expect(() => exports.framegate_load(at, bytes.length, 0, 0)).toThrow(WebAssembly.RuntimeError)
  const view = new DataView(exports.memory.buffer, exports.framegate_panic_message())
  const message = Buffer.from(exports.memory.buffer, view.byteOffset + 4, view.getUint32(0, true)).toString()
  expect(message).toMatch(/^memory allocation of \d+ bytes failed$/)
})
