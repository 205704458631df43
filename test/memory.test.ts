/** The memory of an instance at rest: what was given back is zero, and what is in use lies close together. */
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
  framegate_load(payload: number, length: number, app: number, appLength: number): number
  framegate_unload(specs: number): void
  framegate_panic_message(): number
}

const PAGE = 65_536
const BLOCK = 4096
const instance = () => new WebAssembly.Instance(engineModule()).exports as unknown as Exports

function given(exports: Exports, bytes: Uint8Array): number {
  const at = exports.framegate_alloc(bytes.length)
  new Uint8Array(exports.memory.buffer).set(bytes, at)
  return at
}

/** Loads a payload and gives its bytes back, as the evaluator does. */
function loaded(exports: Exports, text: string): number {
  const bytes = new TextEncoder().encode(text)
  const at = given(exports, bytes)
  const specs = exports.framegate_load(at, bytes.length, 0, 0)
  exports.framegate_free(at, bytes.length)
  return specs
}

/** All memory but the stack, which lies first. */
const memoryOf = ({ memory, __stack_pointer: stack }: Exports) => Buffer.from(memory.buffer).subarray(stack.value)

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
  test('holds the example project in 80 blocks of 4 KiB', () => {
    const exports = instance()
    loaded(exports, readFileSync(join(projectFolder, 'examples/shop.specs.json'), 'utf8'))
    expect(blocksInUse(exports)).toBeLessThanOrEqual(80)
  })

  test('holds nothing of a payload that only loading read', () => {
    const exports = instance()
    const marker = 'SECRET-OF-THE-PAYLOAD'
    loaded(exports, specs(marker))
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
