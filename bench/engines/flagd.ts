/** flagd's evaluation in process. Its targeting is JSON logic; the segment is one of its shared evaluators. */
import { audience, everybody, flagNames, type Person, segment } from '../workloads/flags/definition.ts'
import { type FlagEngine, flagEngine } from './flag-engine.ts'
import { loadPeer, peerVersion } from './peer.ts'

const packageName = '@openfeature/flagd-core'

interface Core {
  setConfigurations(configuration: string): unknown
  resolveBooleanEvaluation(
    flag: string,
    fallback: boolean,
    context: object,
    logger: object,
  ): { readonly value: boolean }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export async function start(): Promise<FlagEngine> {
  const { FlagdCore } = loadPeer<{ FlagdCore: new (storage: undefined, logger: object) => Core }>(packageName)
  const core = new FlagdCore(undefined, silent)
  core.setConfigurations(JSON.stringify(configuration()))
  return flagEngine(
    peerVersion(packageName),
    contextOf,
    (context, flag) => core.resolveBooleanEvaluation(flag, false, context, silent).value,
  )
}

function contextOf({ id, email, country, plan, age }: Person) {
  return { targetingKey: id, email, country, plan, age }
}

function configuration(): object {
  const variable = (name: string) => ({ var: name })
  const lot = { cat: [variable('$flagd.flagKey'), variable('targetingKey')] }
  const share = (percent: number) => ({ fractional: [lot, ['on', percent], ['off', 100 - percent]] })
  const isAudience = {
    and: [
      { in: [variable('country'), audience.countries] },
      { '==': [variable('plan'), audience.plan] },
      { '>=': [variable('age'), audience.age] },
    ],
  }
  const flag = {
    state: 'ENABLED',
    variants: { on: true, off: false },
    defaultVariant: 'off',
    targeting: { if: [{ $ref: segment.name }, 'on', isAudience, share(audience.percent), share(everybody.percent)] },
  }
  return {
    flags: Object.fromEntries(flagNames.map((name) => [name, flag])),
    $evaluators: { [segment.name]: { ends_with: [variable('email'), segment.emailEnding] } },
  }
}
