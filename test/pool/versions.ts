/** Payloads that say which version they are, in several answers and at different lengths. */
import { payload, publicCondition, rule, spec } from '../support/specs.ts'

/** Config `first` and config `last` both give `{ version }`; gate `even` is open in even versions. */
export function versionedSpecs(version: number, fillers = 20): string {
  const tag = (name: string) => spec([rule(name, ['all'], { returnValue: { version } })], { entity: 'dynamic_config' })
  const filler = Object.fromEntries(
    Array.from({ length: fillers }, (_, index) => [`filler_${index}`, spec([rule(`r${index}`, ['all'])])]),
  )
  return payload({
    time: 1_700_000_000_000 + version,
    feature_gates: { even: spec([rule('even', ['all'], { returnValue: version % 2 === 0 })]), ...filler },
    dynamic_configs: { first: tag('first'), last: tag('last') },
    condition_map: { all: publicCondition },
  })
}

/** The version that a config gives. */
export function versionOf({ value }: { value: { readonly [key: string]: unknown } }): number {
  return value.version as number
}
