/** Starts an engine by its name. */
import type { EngineName, EngineSource, StatsigEngine } from './engine.ts'
import { startFramegate } from './engines/framegate.ts'
import { startCore } from './engines/statsig-core.ts'
import { startStatsigNode } from './engines/statsig-node.ts'

export function startEngine(name: EngineName, source: EngineSource): Promise<StatsigEngine> {
  if (name === 'statsig-node-core') return startCore(source)
  if (name === 'statsig-node') return startStatsigNode(source)
  return startFramegate(name === 'framegate wasm' ? 'wasm' : 'native', source)
}
