/** Every engine that can be asked about the flags, by the name that it has in tables. */
import { type EngineName, engineNames } from '../../src/cli/bench/engine.ts'
import type { FlagEngine } from './flag-engine.ts'
import { loadPeer } from './peer.ts'

const peers = {
  'flagd-core': { module: () => import('./flagd.ts'), packageName: '@openfeature/flagd-core' },
  featurevisor: { module: () => import('./featurevisor.ts'), packageName: '@featurevisor/sdk' },
  configcat: { module: () => import('./configcat.ts'), packageName: '@configcat/sdk' },
  growthbook: { module: () => import('./growthbook.ts'), packageName: '@growthbook/growthbook' },
  launchdarkly: { module: () => import('./launchdarkly.ts'), packageName: '@launchdarkly/node-server-sdk' },
  'unleash-client': { module: () => import('./unleash.ts'), packageName: 'unleash-client' },
  'flipt-client-js': { module: () => import('./flipt.ts'), packageName: '@flipt-io/flipt-client-js' },
  'devcycle bucketing': { module: () => import('./devcycle.ts'), packageName: '@devcycle/bucketing-assembly-script' },
} as const
type PeerName = keyof typeof peers

export type FlagEngineName = EngineName | PeerName

export const flagEngineNames: readonly FlagEngineName[] = [...engineNames, ...(Object.keys(peers) as PeerName[])]

/** Whether its answers must be core's, and not only as many of them. */
export function isStatsig(name: string): name is EngineName {
  return (engineNames as readonly string[]).includes(name)
}

export async function startFlagEngine(name: FlagEngineName): Promise<FlagEngine> {
  return (await flagEngineModule(name))(name)
}

/** Loads everything that the engine is made of, and gives what starts it. */
export async function flagEngineModule(name: FlagEngineName): Promise<(name: FlagEngineName) => Promise<FlagEngine>> {
  if (isStatsig(name)) {
    const { start } = await import('./statsig.ts')
    loadStatsig(name)
    return () => start(name)
  }
  loadPeer(peers[name].packageName)
  return (await peers[name].module()).start
}

/** framegate is loaded with what starts it. */
export function loadStatsig(name: EngineName): void {
  if (name === 'statsig-node') loadPeer('statsig-node')
  if (name === 'statsig-node-core') loadPeer('@statsig/statsig-node-core')
}
