/** Flipt's client, an engine in Rust as WebAssembly. Its boolean flags know no share within a segment, so these have two variants. */
import { audience, everybody, flagNames, type Person, segment } from '../workloads/flags/definition.ts'
import { type FlagEngine, flagEngine } from './flag-engine.ts'
import { loadPeer, nowhere, peerVersion } from './peer.ts'

const packageName = '@flipt-io/flipt-client-js'

interface Client {
  evaluateVariant(request: Readonly<{ flagKey: string; entityId: string; context: object }>): {
    readonly variantKey: string
  }
}

export async function start(): Promise<FlagEngine> {
  const { FliptClient } = loadPeer<{ FliptClient: { init(options: object): Promise<Client> } }>(packageName)
  const state = JSON.stringify({ namespace: { key: 'default' }, flags: flagNames.map(flag) })
  // Its own loader warns of itself on standard error.
  const { warn } = console
  console.warn = () => {}
  const client = await FliptClient.init({ url: nowhere, updateInterval: 0, fetcher: async () => new Response(state) })
  console.warn = warn
  return flagEngine(
    peerVersion(packageName),
    contextOf,
    ({ entityId, context }, flagKey) => client.evaluateVariant({ flagKey, entityId, context }).variantKey === 'on',
  )
}

function contextOf({ id, email, country, plan, age }: Person) {
  return { entityId: id, context: { email, country, plan, age: String(age) } }
}

const constraint = (type: 'STRING' | 'NUMBER', property: string, operator: string, value: string) => ({
  id: property,
  type: `${type}_CONSTRAINT_COMPARISON_TYPE`,
  property,
  operator,
  value,
})

const inAudience = [
  constraint('STRING', 'country', 'isoneof', JSON.stringify(audience.countries)),
  constraint('STRING', 'plan', 'eq', audience.plan),
  constraint('NUMBER', 'age', 'gte', String(audience.age)),
]

const rules = [
  { name: segment.name, constraints: [constraint('STRING', 'email', 'suffix', segment.emailEnding)], percent: 100 },
  { name: 'audience', constraints: inAudience, percent: audience.percent },
  { name: 'everybody', constraints: [], percent: everybody.percent },
]

function flag(key: string): object {
  return {
    key,
    name: key,
    description: '',
    enabled: true,
    type: 'VARIANT_FLAG_TYPE',
    rollouts: [],
    rules: rules.map(({ name, constraints, percent }, index) => ({
      id: `${key}-${name}`,
      rank: index + 1,
      segmentOperator: 'OR_SEGMENT_OPERATOR',
      segments: [{ key: name, matchType: 'ALL_SEGMENT_MATCH_TYPE', constraints }],
      distributions: [
        {
          id: 'on',
          ruleId: `${key}-${name}`,
          variantId: 'on',
          variantKey: 'on',
          variantAttachment: '',
          rollout: percent,
        },
        {
          id: 'off',
          ruleId: `${key}-${name}`,
          variantId: 'off',
          variantKey: 'off',
          variantAttachment: '',
          rollout: 100 - percent,
        },
      ].filter(({ rollout }) => rollout > 0),
    })),
  }
}
