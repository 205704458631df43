import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { built, probeModuleName } from '../../built-files.ts'
import { newPool, PooledCaller } from './pooled-frames.ts'
import { instantiateProbe } from './probe-instance.ts'

describe('the control with pooled frames', () => {
  const module = new WebAssembly.Module(readFileSync(built(probeModuleName)))
  const callers = () => {
    const pool = newPool()
    return [0, 1].map((worker) => new PooledCaller(instantiateProbe(module), pool, worker)) as [
      PooledCaller,
      PooledCaller,
    ]
  }

  test('gives the right text to a call that reads before any other begins', () => {
    const [mine] = callers()
    for (let round = 0; round < 100; round++) {
      const seed = mine.nextSeed()
      expect(mine.check(mine.alloc(seed).value, seed)).toBeUndefined()
      mine.free()
    }
  })

  // What the race does now and then, done step by step: the reference outlives the frame.
  test.each([
    ["another's value", (other: PooledCaller) => other.alloc(other.nextSeed()), 'another'],
    ['nothing', (other: PooledCaller) => other.free(), 'nothing'],
  ] as const)('gives %s to a call that reads after another one has had its frame', (_, between, kind) => {
    const [mine, other] = callers()
    const seed = mine.nextSeed()
    const reference = mine.alloc(seed)
    between(other)
    expect(mine.check(reference.value, seed)).toBe(kind)
  })

  test('is told an argument from a value by the word alone', () => {
    const [mine, other] = callers()
    expect(mine.check(other.nextSeed(), mine.nextSeed())).toBe('argument')
  })
})
