/** What goes wrong elsewhere after a call that did not return, and while one is under way. */
import { describe, expect, test } from 'vitest'
import { open } from '../../src/ffi/index.ts'
import { createEvaluator, engineModule } from '../../src/node.ts'
import { probe } from '../probe/guests.ts'
import { backends } from '../support/backends.ts'
import { condition, payload, publicCondition, rule, spec } from '../support/specs.ts'
import { compiledWat } from '../wat/compile.ts'
import { codeOf, thrownBy } from '../wat/thrown.ts'

const event = { type: 'callback', parameters: [], result: 'void' } as const
const onI32 = { type: 'callback', parameters: ['i32', 'pointer'], result: 'i32' } as const

const gates = {
  control: spec([rule('everybody', ['public'])]),
  students: spec([rule('students', ['student'])]),
}
const student = condition('user_field', { field: 'email', operator: 'str_ends_with_any', targetValue: ['@student'] })
const specs = payload({ feature_gates: gates, condition_map: { public: publicCondition, student } })

describe('wasm', () => {
  const faults = {
    probe_trap: { parameters: [], result: 'void' },
    probe_recurse: { parameters: ['u32'], result: 'u32' },
    probe_recurse_wide: { parameters: ['u32'], result: 'u32' },
  } as const

  test('pitfall 6: an instance that trapped is not used again, and the next has its whole stack', () => {
    using library = open(probe('wasm'), faults)
    const { symbols } = library
    // The depth that the stack in memory has room for, found out beforehand: a level takes about 4 KiB.
    let depth = 1
    while (depth < 100_000 && succeeds(() => symbols.probe_recurse_wide(depth * 2))) depth *= 2
    symbols.probe_recurse_wide(1)
    const { generation } = library
    for (let round = 1; round <= 20; round++) {
      // The trap comes out of the depth: where the stack's pointer stayed there, the next call would trap as well.
      expect(codeOf(() => symbols.probe_recurse_wide(100_000))).toBe('GUEST_TRAPPED')
      expect(symbols.probe_recurse_wide(depth)).toBe(depth)
      expect(library.generation).toBe(generation + round)
    }
  })

  test('pitfall 7: an exception of a host function leaves no lock of the guest taken', () => {
    const cause = new Error('the log is full')
    let isFull = true
    const log = () => {
      if (isFull) throw cause
    }
    using library = open(
      { module: compiledWat('locks'), imports: { host: { log } } },
      { with_callback: { parameters: [event], result: 'void' }, with_import: { parameters: [], result: 'void' } },
    )
    const { symbols } = library
    for (const call of [() => symbols.with_callback(log), () => symbols.with_import()]) {
      isFull = true
      expect(thrownBy(call)).toMatchObject({ code: 'GUEST_INTERRUPTED', cause })
      isFull = false
      expect(call).not.toThrow()
    }
    expect(library.generation).toBe(3)
  })

  test('pitfall 7: the engine calls no host function', () => {
    expect(WebAssembly.Module.imports(engineModule())).toEqual([])
  })

  test('pitfall 8: a full stack is a trap as well', () => {
    using library = open(probe('wasm'), faults)
    const { symbols } = library
    for (let generation = 2; generation < 6; generation++) {
      expect(thrownBy(() => symbols.probe_recurse(1_000_000_000))).toMatchObject({
        code: 'GUEST_STACK_EXHAUSTED',
        cause: expect.any(RangeError),
      })
      expect(symbols.probe_recurse(100)).toBe(100)
      expect(library.generation).toBe(generation)
    }
  })

  test('pitfall 8: memory that is not to be had is a typed error, for a frame and for an instance', () => {
    using library = open({ module: compiledWat('results') }, { size: { parameters: [], result: 'usize' } })
    // The guest's maximum is 1 MiB.
    expect(codeOf(() => library.frame(2 ** 20))).toBe('GUEST_MEMORY_EXHAUSTED')
    expect(library.symbols.size()).toBeLessThanOrEqual(2 ** 20)
    expect(library.generation).toBe(1)
    const { Instance } = WebAssembly
    try {
      // What engines throw when there is no address space left for another memory.
      WebAssembly.Instance = class {
        constructor() {
          throw new RangeError('WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance')
        }
      } as unknown as typeof Instance
      expect(codeOf(() => open({ module: compiledWat('results') }, {}))).toBe('GUEST_MEMORY_EXHAUSTED')
    } finally {
      WebAssembly.Instance = Instance
    }
  })
})

describe.each(backends)('%s', (backend) => {
  test('pitfall 9: a guest that is busy can be entered again, and each call keeps its own', () => {
    using library = open(probe(backend), {
      probe_hash_around: { parameters: ['cstring', onI32, 'i32'], result: 'u32' },
      probe_text_hash: { parameters: ['cstring'], result: 'u32' },
      probe_call_times: { parameters: [onI32, 'u32', 'pointer'], result: 'i64' },
    })
    const { symbols } = library
    let calls = 0
    const nest = (depth: number): number => {
      calls++
      const text = `level ${depth}`
      if (depth > 0) expect(symbols.probe_hash_around(text, nest, depth - 1)).toBe(symbols.probe_text_hash(text))
      return depth
    }
    // Three calls under way at a time, 50 deep.
    const sum = symbols.probe_call_times((value) => nest(50) + value, 3, null)
    expect([sum, calls]).toEqual([153n, 3 * 51])
    expect(library.generation).toBe(1)
  })

  test('pitfall 9: a getter of a user asks the evaluator that is reading it', () => {
    using evaluator = createEvaluator({ specs, backend })
    const inner: boolean[] = []
    const user = {
      userID: 'outer',
      get email(): string {
        inner.push(evaluator.checkGate({ userID: 'inner', email: 'inner@elsewhere' }, 'students'))
        inner.push(evaluator.checkGate({ userID: 'inner', email: 'inner@student' }, 'students'))
        return 'outer@student'
      },
    }
    expect(evaluator.checkGate(user, 'students')).toBe(true)
    expect(evaluator.getFeatureGate({ userID: 'next', email: 'next@elsewhere' }, 'students').value).toBe(false)
    expect(inner.slice(0, 2)).toEqual([false, true])
  })

  test('pitfall 9: a getter of a user that throws leaves the evaluator as it was', () => {
    using evaluator = createEvaluator({ specs, backend })
    const cause = new Error('not today')
    const user = {
      userID: 'outer',
      get email(): string {
        throw cause
      },
    }
    for (let round = 0; round < 100; round++) {
      expect(() => evaluator.checkGate(user, 'students')).toThrow(cause)
      expect(evaluator.checkGate({ userID: 'next', email: `${round}@student` }, 'students')).toBe(true)
    }
    expect(evaluator.generation).toBe(1)
  })
})

describe('the engine', () => {
  const ENGINE = {
    framegate_evaluate: { parameters: ['usize', 'frame'], result: 'u32' },
    framegate_abi_version: { parameters: [], result: 'u32' },
  } as const
  const guest = {
    module: engineModule(),
    allocator: { alloc: 'framegate_alloc', free: 'framegate_free' },
    panicMessage: 'framegate_panic_message',
  }

  test('pitfall 27: a panic of the WebAssembly build is a trap: nothing there pretends to catch it', () => {
    using library = open(guest, ENGINE)
    for (let generation = 1; generation <= 3; generation++) {
      expect(library.symbols.framegate_abi_version()).toBe(6)
      expect(library.generation).toBe(generation)
      // Specs at an address where there are none.
      const frame = library.frame(96)
      expect(codeOf(() => library.symbols.framegate_evaluate(0xffff_fff0, frame))).toBe('GUEST_TRAPPED')
      frame.release()
    }
  })
})

function succeeds(call: () => unknown): boolean {
  try {
    call()
    return true
  } catch {
    return false
  }
}
