import { describe, expect, test } from 'vitest'
import { createEvaluator, type Evaluator } from '../../../node.ts'
import { CellCounters, Tally } from '../counters.ts'
import type { WrongReply } from '../result.ts'
import { classifyText, Seeds } from '../seeds.ts'
import { requesting } from './full.ts'
import { allocating } from './minimal.ts'
import { taggedSpecs } from './tagged-specs.ts'

const noneWrong = { another: 0, nothing: 0, argument: 0, unknown: 0 }

/** Runs a workload for one round in this thread; returns what it counted and described. */
function oneRound(run: (tally: Tally) => void) {
  const counters = new CellCounters(1)
  const replies: WrongReply[] = []
  const tally = new Tally(counters.memory, 0, (reply) => replies.push(reply))
  counters.start()
  counters.stop()
  run(tally)
  return { ...counters.read(), replies }
}

describe('the workloads see a reply that is not their own', () => {
  const place = { row: 'wasm-minimal', workers: 2, seconds: 1, thread: 0 } as const
  const evaluator = createEvaluator({ specs: taggedSpecs(2) })
  const other = requestsSeen(1)

  /** What worker `thread` asks of its evaluator in one round. */
  function requestsSeen(thread: number) {
    const seen: Parameters<Evaluator['getFeatureGate']>[] = []
    const recorder = {
      getFeatureGate: (...request: Parameters<Evaluator['getFeatureGate']>) => {
        seen.push(request)
        return evaluator.getFeatureGate(...request)
      },
      getDynamicConfig: evaluator.getDynamicConfig.bind(evaluator),
    }
    oneRound(requesting(recorder, { ...place, thread }))
    return seen
  }

  test('minimal: nothing is wrong when every call has its own', () => {
    const { wrong, operations, firstWrong } = oneRound(allocating((seed) => String(seed), place))
    expect({ wrong, firstWrong }).toEqual({ wrong: noneWrong, firstWrong: null })
    expect(operations).toBeGreaterThan(0)
  })

  test.each([
    ["another worker's text", () => new Seeds(1).next().toString(), 'another'],
    ["the text of the worker's own call before", laggingProbe(), 'another'],
    ['no text', () => null, 'nothing'],
    ['an empty text', () => '', 'nothing'],
    ['the text of a worker that is not there', () => new Seeds(2).next().toString(), 'unknown'],
    ['a piece of the right text', (seed: bigint) => String(seed).slice(0, -1), 'unknown'],
  ] as const)('minimal: %s', (_, probe, kind) => {
    const { wrong, operations, firstWrong, replies } = oneRound(allocating(probe, place))
    expect(wrong[kind]).toBe(operations)
    expect(firstWrong).toBeGreaterThan(0)
    expect(replies[0]).toMatchObject({ kind, worker: 0 })
  })

  /** Answers each call with the result of the one before. */
  function laggingProbe() {
    let last = new Seeds(0).next()
    return (seed: bigint) => {
      const answer = String(last === seed ? seed + 1n : last)
      last = seed
      return answer
    }
  }

  test('full: nothing is wrong when every request has its own decision', () => {
    const { wrong, operations } = oneRound(requesting(evaluator, place))
    expect(wrong).toEqual(noneWrong)
    expect(operations).toBe(64)
  })

  test("full: another worker's decisions", () => {
    let turn = 0
    const swapped = {
      getFeatureGate: () => evaluator.getFeatureGate(...other[turn++ % other.length]!),
      getDynamicConfig: evaluator.getDynamicConfig.bind(evaluator),
    }
    const { wrong, replies } = oneRound(requesting(swapped, place))
    expect(wrong).toEqual({ ...noneWrong, another: 32 })
    expect(replies[0]).toMatchObject({ asked: 'gate_0 for ask-0-0, true by gate-0-0', got: 'true by gate-1-0' })
  })

  test('full: decisions that are read where a later call has written, as from a frame that was released', () => {
    let latest = { ruleID: '', value: false }
    const byReference = {
      getFeatureGate: (...request: Parameters<Evaluator['getFeatureGate']>) => {
        latest = evaluator.getFeatureGate(...request)
        return {
          get ruleID() {
            return latest.ruleID
          },
          get value() {
            return latest.value
          },
        }
      },
      getDynamicConfig: evaluator.getDynamicConfig.bind(evaluator),
    }
    expect(oneRound(requesting(byReference, place)).wrong).toEqual({ ...noneWrong, another: 31 })
  })

  test('full: a decision for nobody, and an attribute in the place of a value', () => {
    const nobody = {
      getFeatureGate: (_: unknown, name: string) => evaluator.getFeatureGate({}, name),
      getDynamicConfig: () => ({ ruleID: 'config-0-0', value: { tag: 'ask-1-3' } }),
    }
    const { wrong } = oneRound(requesting(nobody, place))
    expect(wrong).toEqual({ ...noneWrong, nothing: 32, argument: 32 })
  })

  test('full: the right rule with the wrong value', () => {
    const inverted = {
      getFeatureGate: (...request: Parameters<Evaluator['getFeatureGate']>) => {
        const { ruleID, value } = evaluator.getFeatureGate(...request)
        return { ruleID, value: !value }
      },
      getDynamicConfig: evaluator.getDynamicConfig.bind(evaluator),
    }
    expect(oneRound(requesting(inverted, place)).wrong).toEqual({ ...noneWrong, unknown: 32 })
  })

  test("seeds of workers never meet, also where a worker's range begins anew", () => {
    const seeds = [0, 1, 255].map((worker) => new Seeds(worker))
    for (let round = 0; round < 1000; round++)
      for (const [index, worker] of [0, 1, 255].entries()) {
        const seed = seeds[index]!.next()
        expect(seeds[index]!.text).toBe(String(seed))
        expect(seed / 10_000_000_000n).toBe(BigInt(worker + 1))
      }
    expect(classifyText('2560000000001', 256)).toBe('unknown')
  })
})
