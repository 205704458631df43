import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ENGINE, engineGuest } from '../evaluator/guest.ts'
import { engineModule } from '../node.ts'
import { type Frame, FramegateError, type Koffi, open } from './index.ts'

const guest = () => engineGuest(engineModule(), undefined)
const failing = (code: string, message?: string) =>
  expect.objectContaining({ code, ...(message ? { message: expect.stringContaining(message) } : {}) })

const sharedObject = fileURLToPath(new URL(`../../dist/libframegate-linux-${process.arch}.so`, import.meta.url))

const nativeGuest = () => ({ library: sharedObject, koffi: createRequire(import.meta.url)('koffi') as Koffi })

type Engine = ReturnType<typeof open<typeof ENGINE>>

function loadEmptySpecs(library: Engine): number {
  const members = ['feature_gates', 'dynamic_configs', 'layer_configs', 'condition_map', 'experiment_to_layer']
  const specs = { has_updates: true, time: 1, ...Object.fromEntries(members.map((name) => [name, {}])) }
  const bytes = new TextEncoder().encode(JSON.stringify(specs))
  const frame = library.frame(bytes.length)
  frame.memory.u8.set(bytes, frame.base)
  const handle = library.symbols.framegate_load(frame, bytes.length, null, 0)
  frame.release()
  return handle
}

/** A frame whose head asks for a kind that does not exist. */
function badFrame(library: Engine): Frame {
  const frame = library.frame(96)
  const head = frame.base >>> 2
  frame.memory.i32.fill(0, head, head + 24)
  frame.memory.i32[head] = 99
  return frame
}

describe('frames', () => {
  test('a nested frame lies above its outer one, and memory is used again after release', () => {
    const library = open(guest(), ENGINE)
    const outer = library.frame(100)
    const inner = library.frame(8)
    expect(outer.base % 8).toBe(0)
    expect(inner.base).toBeGreaterThanOrEqual(outer.base + 100)
    inner.release()
    outer.release()
    const next = library.frame(50)
    expect(next.base).toBe(outer.base)
    next.release()
  })

  test('a frame larger than the stack region has a block of its own, given back on release', () => {
    const library = open(guest(), ENGINE)
    for (let round = 0; round < 200; round++) {
      const frame = library.frame(1_000_000)
      frame.memory.u8.fill(0xff, frame.base, frame.base + frame.size)
      frame.release()
    }
    expect(library.memoryBytes).toBeLessThan(8_000_000)
  })

  test('growth replaces the views of frames that are in use', () => {
    const library = open(guest(), ENGINE)
    const frame = library.frame(16)
    frame.memory.u8[frame.base] = 42
    const before = library.memoryBytes
    library.frame(10_000_000).release()
    expect(library.memoryBytes).toBeGreaterThan(before)
    expect(frame.memory.u8[frame.base]).toBe(42)
    frame.release()
  })

  test.each(['wasm', 'native'])('a frame is released once and not used afterwards (%s)', (backend) => {
    const library = open(backend === 'wasm' ? guest() : nativeGuest(), ENGINE)
    const frame = library.frame(64)
    frame.release()
    expect(() => frame.release()).toThrow(failing('FRAME_STALE'))
    expect(() => library.symbols.framegate_load_error(frame, 0)).toThrow(failing('FRAME_STALE'))
    for (const size of [-8, 1.5, Number.NaN]) expect(() => library.frame(size)).toThrow(failing('ARGUMENT_INVALID'))
    expect(() => library.frame(2 ** 32)).toThrow(failing('GUEST_MEMORY_EXHAUSTED'))
  })

  test('an outer frame is not released before the inner one', () => {
    const library = open(guest(), ENGINE)
    const outer = library.frame(64)
    const inner = library.frame(64)
    expect(() => outer.release()).toThrow(failing('FRAME_STALE'))
    inner.release()
    outer.release()
    expect(library.frame(8).base).toBe(outer.base)
  })

  test('memory that the guest does not have is a typed error, and the instance goes on', () => {
    const library = open(guest(), ENGINE)
    expect(() => library.frame(2 ** 32)).toThrow(failing('GUEST_MEMORY_EXHAUSTED'))
    expect(library.generation).toBe(1)
    library.frame(16).release()
  })
})

describe('abrupt ends', () => {
  test('a trap retires the instance; the next frame is of a new one, which was started', () => {
    const started: number[] = []
    const library = open(guest(), ENGINE, { start: ({ generation }) => started.push(generation) })
    const stale = library.frame(64)
    expect(() => library.symbols.framegate_evaluate(0xffff_fff0, stale)).toThrow(
      failing('GUEST_TRAPPED', 'generation 2'),
    )
    expect(() => stale.release()).not.toThrow()
    const fresh = library.frame(64)
    expect(library.generation).toBe(2)
    expect(started).toEqual([1, 2])
    expect(() => library.symbols.framegate_evaluate(0, stale)).toThrow(failing('FRAME_STALE'))
    fresh.release()
  })

  test('the error carries the guest’s panic message', () => {
    const library = open(guest(), ENGINE)
    const handle = loadEmptySpecs(library)
    const frame = badFrame(library)
    expect(() => library.symbols.framegate_evaluate(handle, frame)).toThrow(
      failing('GUEST_TRAPPED', 'index out of bounds'),
    )
  })
})

test('a panic of the shared object ends at its boundary, with the message', () => {
  const library = open(nativeGuest(), ENGINE)
  const handle = loadEmptySpecs(library)
  expect(library.symbols.framegate_evaluate(handle, badFrame(library))).toBe(2 ** 31)
  const frame = library.frame(508)
  const length = library.symbols.framegate_panic(frame, frame.size)
  const message = new TextDecoder().decode(frame.memory.u8.subarray(frame.base, frame.base + length))
  expect(message).toContain('index out of bounds')
})

test('a wrong number of arguments is refused before anything crosses', () => {
  const { symbols } = open(guest(), ENGINE)
  expect(() => (symbols.framegate_unload as () => void)()).toThrow(
    failing('ARGUMENT_INVALID', 'framegate_unload takes 1'),
  )
})

test('a function that the module lacks is named when it is opened', () => {
  const definitions = { nothing_like_it: { parameters: [], result: 'void' } } as const
  expect(() => open(guest(), definitions)).toThrow(failing('SYMBOL_NOT_FOUND', 'nothing_like_it'))
})

test('a closed library answers no more', () => {
  const library = open(guest(), ENGINE)
  library.close()
  expect(() => library.frame(8)).toThrow(failing('DISPOSED'))
})

test('errors of another copy of the package are recognised', () => {
  const other = Object.assign(new Error('x'), { [Symbol.for('framegate.error')]: true })
  expect(other).toBeInstanceOf(FramegateError)
  expect(new Error('x')).not.toBeInstanceOf(FramegateError)
})
