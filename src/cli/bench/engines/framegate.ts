/** framegate on one of its backends. */
import { readFileSync } from 'node:fs'
import { createEvaluator, type Snapshot, type User } from '../../../node.ts'
import type { EngineSource, Read, StatsigEngine } from '../engine.ts'

type Specs = EngineSource['specs'] | Snapshot

export async function startFramegate(
  backend: 'wasm' | 'native',
  { specs, idLists }: Omit<EngineSource, 'specs' | 'packagesFrom'> & { readonly specs: Specs },
): Promise<StatsigEngine> {
  const evaluator = createEvaluator({ specs, ...(typeof specs === 'string' ? { idLists } : {}), backend })
  return {
    version: ownVersion(),
    checkGate: (user, gate) => evaluator.checkGate(user, gate),
    about: (user: User) => {
      const bound = evaluator.bind(user)
      return {
        gate: (name) => bound.checkGate(name),
        config<Result>(name: string, read: Read<Result>) {
          const { value, ruleID } = bound.getDynamicConfig(name)
          return read(value, ruleID)
        },
        experiment<Result>(name: string, read: Read<Result>) {
          const { value, ruleID } = bound.getExperiment(name)
          return read(value, ruleID)
        },
        layer<Result>(name: string, parameters: readonly string[], read: Read<Result>) {
          const layer = bound.getLayer(name)
          return read(
            parameters.map((parameter) => layer.getValue(parameter, null)),
            layer.ruleID,
          )
        },
        gateExposures: (name) => bound.getFeatureGate(name).secondaryExposures.map(exposureText),
        experimentExposures: (name) => bound.getExperiment(name).secondaryExposures.map(exposureText),
      }
    },
  }
}

function exposureText({ gate, gateValue, ruleID }: { gate: string; gateValue: string; ruleID: string }): string {
  return `${gate} ${gateValue} ${ruleID}`
}

function ownVersion(): string {
  const description = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(description) as { version: string }).version
}
