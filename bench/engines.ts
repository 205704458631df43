/**
 * The engines under measurement behind one interface: ask one gate with a fresh user, or several gates with one fresh user. What a
 * program pays to get from a plain object to an answer is inside: a `StatsigUser` for the native engine, a binding for framegate.
 * Exposure logging is off everywhere. framegate is measured as built, from `dist/`.
 */

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { User } from '../src/node.ts'
import { startStatsig } from '../test/support/native-engine.ts'
import { legacySpecs } from './legacy-specs.ts'
import { projectFolder, type Workload } from './workload.ts'

export const engineNames = ['framegate wasm', 'framegate native', 'statsig-node-core', 'statsig-node'] as const
export type EngineName = (typeof engineNames)[number]

export interface Engine {
  readonly version: string
  checkGate(user: User, gate: string): boolean
  /** How many of the gates the user passes. */
  countPassed(user: User, gates: readonly string[]): number
}

export async function startEngine(name: EngineName, workload: Workload): Promise<Engine> {
  if (name === 'statsig-node-core') return startCore(workload)
  if (name === 'statsig-node') return startLegacy(workload)
  return startFramegate(name === 'framegate wasm' ? 'wasm' : 'native', workload)
}

async function startFramegate(backend: 'wasm' | 'native', { specs, idLists }: Workload): Promise<Engine> {
  const built = pathToFileURL(join(projectFolder, 'dist/node.js')).href
  const { createEvaluator } = (await import(built)) as typeof import('../src/node.ts')
  const evaluator = createEvaluator({ specs, idLists, backend })
  return {
    version: await packageVersion(pathToFileURL(join(projectFolder, 'package.json')).href),
    checkGate: (user, gate) => evaluator.checkGate(user, gate),
    countPassed: (user, gates) => {
      const bound = evaluator.bind(user)
      let passed = 0
      for (const gate of gates) if (bound.checkGate(gate)) passed++
      return passed
    },
  }
}

async function startCore({ specs, idLists }: Workload): Promise<Engine> {
  const { StatsigUser } = await import('@statsig/statsig-node-core')
  const statsig = await startStatsig(specs, idLists)
  type Fields = ConstructorParameters<typeof StatsigUser>[0]
  const quiet = { disableExposureLogging: true }
  return {
    version: await packageVersion(import.meta.resolve('@statsig/statsig-node-core/package.json')),
    checkGate: (user, gate) => statsig.checkGate(new StatsigUser(user as Fields), gate, quiet),
    countPassed: (user, gates) => {
      const statsigUser = new StatsigUser(user as Fields)
      let passed = 0
      for (const gate of gates) if (statsig.checkGate(statsigUser, gate, quiet)) passed++
      return passed
    },
  }
}

async function startLegacy({ specs }: Workload): Promise<Engine> {
  const statsigNode = (await import('statsig-node')).default.default
  const quiet = { disableExposureLogging: true }
  await statsigNode.initialize('secret-bench', {
    bootstrapValues: legacySpecs(specs),
    disableRulesetsSync: true,
    disableIdListsSync: true,
    disableDiagnostics: true,
    localMode: false,
    api: 'http://127.0.0.1:9',
    initStrategyForIP3Country: 'await',
    initStrategyForIDLists: 'none',
    logger: { debug() {}, info() {}, warn() {}, error() {}, logLevel: 'none' },
  } as Parameters<typeof statsigNode.initialize>[1])
  type LegacyUser = Parameters<typeof statsigNode.checkGate>[0]
  return {
    version: await packageVersion(import.meta.resolve('statsig-node/package.json')),
    checkGate: (user, gate) => statsigNode.checkGate(user as LegacyUser, gate, quiet),
    countPassed: (user, gates) => {
      let passed = 0
      for (const gate of gates) if (statsigNode.checkGate(user as LegacyUser, gate, quiet)) passed++
      return passed
    },
  }
}

async function packageVersion(url: string): Promise<string> {
  const { default: manifest } = (await import(url, { with: { type: 'json' } })) as { default: { version: string } }
  return manifest.version
}
