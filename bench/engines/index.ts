/** Every engine that can be asked about the flags, by the name that it has in tables. */
import { type EngineName, engineNames } from '../../src/cli/bench/engine.ts'
import type { FlagEngine } from './flag-engine.ts'

const peers = {
  'flagd-core': () => import('./flagd.ts'),
  featurevisor: () => import('./featurevisor.ts'),
  configcat: () => import('./configcat.ts'),
  growthbook: () => import('./growthbook.ts'),
  launchdarkly: () => import('./launchdarkly.ts'),
  'unleash-client': () => import('./unleash.ts'),
  'flipt-client-js': () => import('./flipt.ts'),
  'devcycle bucketing': () => import('./devcycle.ts'),
} as const
type PeerName = keyof typeof peers

export type FlagEngineName = EngineName | PeerName

export const flagEngineNames: readonly FlagEngineName[] = [...engineNames, ...(Object.keys(peers) as PeerName[])]

/** Whether its answers must be core's, and not only as many of them. */
export function isStatsig(name: string): name is EngineName {
  return (engineNames as readonly string[]).includes(name)
}

export async function startFlagEngine(name: FlagEngineName): Promise<FlagEngine> {
  if (isStatsig(name)) return (await import('./statsig.ts')).start(name)
  return (await peers[name]()).start()
}
