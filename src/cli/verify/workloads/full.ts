/** The full workload: decisions of the engine, each of which must be the one for its own request's tag. */
import { createEvaluator, engineModule, type User } from '../../../node.ts'
import type { Tally } from '../counters.ts'
import type { Place, Workload } from '../workload.ts'
import { classifyAnswer, type TaggedRequest, taggedRequests, taggedSpecs, userOf } from './tagged-specs.ts'

interface Wasm {
  readonly module: WebAssembly.Module
  readonly specs: Uint8Array<ArrayBuffer>
}

/** An evaluator per thread, each on an instance of its own. */
export const wasmFull: Workload<Wasm> = {
  share: ({ workers }) => ({ module: engineModule(), specs: taggedSpecs(workers) }),
  prepare: ({ module, specs }, place) => requesting(createEvaluator({ module, specs }), place),
}

/** An evaluator per thread, all on one shared object. */
export const nativeFull: Workload<Uint8Array<ArrayBuffer>> = {
  share: ({ workers }) => taggedSpecs(workers),
  prepare: (specs, place) => requesting(createEvaluator({ backend: 'native', specs }), place),
}

/** What is read of a decision. */
interface Decision<Value> {
  readonly ruleID: string
  readonly value: Value
}

type Values = Readonly<Record<string, unknown>>

/** The part of an evaluator that is asked. */
export interface Decider {
  getFeatureGate(user: User, name: string): Decision<boolean>
  getDynamicConfig(user: User, name: string): Decision<Values>
}

/**
 * Makes all of a thread's requests, and only then looks whether each decision is the request's own: a decision that were
 * read from memory which a later call uses again would be a later call's by then.
 */
export function requesting(decider: Decider, { thread, workers }: Place): (tally: Tally) => void {
  const requests = taggedRequests(thread, workers)
  return (tally) => {
    do {
      const gates = requests.map((request) => decider.getFeatureGate(userOf(request), request.gate))
      const configs = requests.map((request) => decider.getDynamicConfig(userOf(request), request.config))
      for (const [index, request] of requests.entries()) {
        checkGate(gates[index] as Decision<boolean>, request, thread, tally)
        checkConfig(configs[index] as Decision<Values>, request, thread, tally)
      }
    } while (tally.more(2 * requests.length))
  }
}

function checkGate({ ruleID, value }: Decision<boolean>, request: TaggedRequest, worker: number, tally: Tally): void {
  if (ruleID === request.gateRule && value === request.passes) return
  tally.wrong({
    // A rule id that is right beside a boolean that is not belongs to nobody.
    kind: ruleID === request.gateRule ? 'unknown' : classifyAnswer(ruleID, undefined),
    worker,
    asked: `${request.gate} for ${request.attribute}, ${request.passes} by ${request.gateRule}`,
    got: `${value} by ${ruleID || 'no rule'}`,
  })
}

function checkConfig({ ruleID, value }: Decision<Values>, request: TaggedRequest, worker: number, tally: Tally): void {
  const { tag } = value
  if (ruleID === request.configRule && tag === request.value) return
  tally.wrong({
    kind: classifyAnswer(ruleID, typeof tag === 'string' ? tag : ''),
    worker,
    asked: `${request.config} for ${request.attribute}, ${request.value} by ${request.configRule}`,
    got: `${JSON.stringify(tag) ?? 'no value'} by ${ruleID || 'no rule'}`,
  })
}
