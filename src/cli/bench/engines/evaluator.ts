/** An evaluator of framegate as an engine under measurement, whichever build it comes from. */
import type { Evaluator, User } from '../../../node.ts'
import type { Read, StatsigEngine } from '../engine.ts'

export function engineOf(evaluator: Evaluator, version: string): StatsigEngine {
  return {
    version,
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
