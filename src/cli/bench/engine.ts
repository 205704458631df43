/**
 * An engine with Statsig's semantics under measurement. What a program pays to get from a plain object to an answer is inside:
 * a `StatsigUser` for the native engine, a binding for framegate. Exposure logging is off everywhere, and nothing leaves the machine.
 */
import type { User } from '../../node.ts'

export const engineNames = ['framegate wasm', 'framegate native', 'statsig-node-core', 'statsig-node'] as const
export type EngineName = (typeof engineNames)[number]

/** What an engine is started with. */
export interface EngineSource {
  /** A `download_config_specs` payload as text. */
  readonly specs: string
  readonly idLists: Readonly<Record<string, string>>
  /** The folder whose packages are measured. */
  readonly packagesFrom: string
}

export interface StatsigEngine {
  readonly version: string
  checkGate(user: User, gate: string): boolean
  /** One user to be asked about many things. */
  about(user: User): AskedUser
}

/** What a caller does with a config: it reads value and rule. */
export type Read<Result> = (value: unknown, ruleID: string) => Result

export interface AskedUser {
  gate(name: string): boolean
  config<Result>(name: string, read: Read<Result>): Result
  experiment<Result>(name: string, read: Read<Result>): Result
  /** The value is the list of the parameters' values: that is how a layer is read. */
  layer<Result>(name: string, parameters: readonly string[], read: Read<Result>): Result
  /** The gates that were evaluated on the way, each as `gate gateValue ruleID`; only where the engine gives them. */
  gateExposures?(name: string): readonly string[]
  experimentExposures?(name: string): readonly string[]
}
