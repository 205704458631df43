/** Unleash's client for servers, from bootstrapped features. Its strategies are alternatives: the second and third draw the same lot. */
import { audience, everybody, flagNames, type Person, segment } from '../workloads/flags/definition.ts'
import { type FlagEngine, flagEngine } from './flag-engine.ts'
import { loadPeer, nowhere, peerVersion } from './peer.ts'

const packageName = 'unleash-client'

interface Client {
  on(event: string, listener: () => void): Client
  once(event: string, listener: () => void): Client
  isEnabled(flag: string, context: object): boolean
}

interface Exports {
  readonly Unleash: new (options: object) => Client
  readonly InMemStorageProvider: new () => object
}

export async function start(): Promise<FlagEngine> {
  const { Unleash, InMemStorageProvider } = loadPeer<Exports>(packageName)
  const client = new Unleash({
    appName: 'bench',
    url: nowhere,
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: flagNames.map(feature), segments: [corporate] },
  })
  // It tries to reach its server once, in vain.
  client.on('error', () => {}).on('warn', () => {})
  await new Promise<void>((resolve) => client.once('ready', resolve))
  return flagEngine(peerVersion(packageName), contextOf, (context, flag) => client.isEnabled(flag, context))
}

function contextOf({ id, email, country, plan, age }: Person) {
  return { userId: id, properties: { email, country, plan, age: String(age) } }
}

const constraint = (contextName: string, operator: string, given: object) => ({
  contextName,
  operator,
  inverted: false,
  values: [],
  ...given,
})

const corporate = { id: 1, constraints: [constraint('email', 'STR_ENDS_WITH', { values: [segment.emailEnding] })] }

const rollout = (groupId: string, percent: number, constraints: readonly object[]) => ({
  name: 'flexibleRollout',
  parameters: { rollout: String(percent), stickiness: 'userId', groupId },
  constraints,
})

function feature(name: string): object {
  return {
    name,
    enabled: true,
    type: 'release',
    variants: [],
    strategies: [
      { name: 'default', parameters: {}, constraints: [], segments: [corporate.id] },
      rollout(name, audience.percent, [
        constraint('country', 'IN', { values: audience.countries }),
        constraint('plan', 'IN', { values: [audience.plan] }),
        constraint('age', 'NUM_GTE', { value: String(audience.age) }),
      ]),
      rollout(name, everybody.percent, []),
    ],
  }
}
