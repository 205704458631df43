/** Statsig's plain JavaScript engine, `statsig-node`: specs as bootstrap values, in the older format that it takes. */
import type { User } from '../../../node.ts'
import { loadPackage, packageVersion } from '../../packages.ts'
import type { EngineSource, Read, StatsigEngine } from '../engine.ts'
import { legacySpecs } from './legacy-specs.ts'

const packageName = 'statsig-node'

/** What is used of the package. */
interface StatsigNode {
  initialize(key: string, options: object): Promise<unknown>
  checkGate(user: User, name: string, options: object): boolean
  getConfig(user: User, name: string, options: object): LegacyConfig
  getExperiment(user: User, name: string, options: object): LegacyConfig
  getLayer(user: User, name: string, options: object): LegacyConfig
}

interface LegacyConfig {
  readonly value: unknown
  getRuleID(): string
  getValue(parameter: string, fallback: null): unknown
}

const quiet = { disableExposureLogging: true }
const silent = { debug() {}, info() {}, warn() {}, error() {}, logLevel: 'none' }

export async function startStatsigNode({ specs, packagesFrom }: EngineSource): Promise<StatsigEngine> {
  const { default: statsig } = loadPackage<{ default: StatsigNode }>(packageName, packagesFrom)
  await statsig.initialize('secret-bench', {
    bootstrapValues: legacySpecs(specs),
    disableRulesetsSync: true,
    disableIdListsSync: true,
    disableDiagnostics: true,
    localMode: false,
    // Nobody listens there.
    api: 'http://127.0.0.1:9',
    initStrategyForIP3Country: 'await',
    initStrategyForIDLists: 'none',
    logger: silent,
  })
  return {
    version: packageVersion(packageName, packagesFrom),
    checkGate: (user, gate) => statsig.checkGate(user, gate, quiet),
    about: (user) => ({
      gate: (name) => statsig.checkGate(user, name, quiet),
      config<Result>(name: string, read: Read<Result>) {
        const config = statsig.getConfig(user, name, quiet)
        return read(config.value, config.getRuleID())
      },
      experiment<Result>(name: string, read: Read<Result>) {
        const experiment = statsig.getExperiment(user, name, quiet)
        return read(experiment.value, experiment.getRuleID())
      },
      layer<Result>(name: string, parameters: readonly string[], read: Read<Result>) {
        const layer = statsig.getLayer(user, name, quiet)
        return read(
          parameters.map((parameter) => layer.getValue(parameter, null)),
          layer.getRuleID(),
        )
      },
    }),
  }
}
