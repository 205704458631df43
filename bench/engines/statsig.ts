/** framegate and Statsig's engines, which all read the same specs and must give the same answers. */
import type { EngineName } from '../../src/cli/bench/engine.ts'
import { benchFolder, built } from '../project.ts'
import { statsigSpecs, statsigUser } from '../workloads/flags/statsig-specs.ts'
import type { FlagEngine } from './flag-engine.ts'

const { startEngine } = await built<typeof import('../../src/cli/bench/engines.ts')>('cli/bench/engines.js')

export async function start(name: EngineName): Promise<FlagEngine> {
  const engine = await startEngine(name, { specs: statsigSpecs(), idLists: {}, packagesFrom: benchFolder })
  return {
    version: engine.version,
    isOn: (person, flag) => engine.checkGate(statsigUser(person), flag),
    countOn: (person, flags) => {
      const asked = engine.about(statsigUser(person))
      let on = 0
      for (const flag of flags) if (asked.gate(flag)) on++
      return on
    },
  }
}
