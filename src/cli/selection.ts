/**
 * Which gates, configs and layers a run evaluates: everything that the specs hold, or what the command line names.
 * The order is that of the names' code points, so that output from any backend and any payload order can be compared.
 */
import type { Evaluator } from '../node.ts'
import { UsageError } from './errors.ts'
import { nearestNames } from './nearest-names.ts'
import { printable } from './printable.ts'

/** Decides which fields a config's result has. */
export type ConfigEntity = 'dynamic_config' | 'experiment' | 'autotune'

/** What to evaluate, in output order. Plain data: worker threads get a copy. */
export interface Selection {
  readonly gates: readonly { readonly name: string; readonly isGate: boolean }[]
  readonly configs: readonly { readonly name: string; readonly entity: ConfigEntity }[]
  readonly layers: readonly string[]
}

/** The names given on the command line; an absent kind is left out, unless all three are absent: then everything is meant. */
export interface WantedNames {
  readonly gates?: readonly string[] | undefined
  readonly configs?: readonly string[] | undefined
  readonly layers?: readonly string[] | undefined
}

/** Segments and holdouts are gates that report no exposures of their own. `configs` leaves contextual bandits out unless named. */
export function selectEntities(evaluator: Evaluator, wanted: WantedNames): Selection {
  const lists = evaluator.list
  const dropped = new Map(evaluator.report.dropped.map(({ name, reason }) => [name, reason]))
  const gates = new Map<string, boolean>()
  for (const name of lists.gates) gates.set(name, true)
  for (const name of [...lists.segments, ...lists.holdouts]) gates.set(name, false)
  const configs = new Map<string, ConfigEntity>()
  for (const name of lists.dynamicConfigs) configs.set(name, 'dynamic_config')
  for (const name of lists.experiments)
    configs.set(name, evaluator.entityOf(name, 'config') === 'autotune' ? 'autotune' : 'experiment')
  const bandits = new Map<string, ConfigEntity>(lists.autotunes.map((name) => [name, 'autotune']))
  const layers = new Set(lists.layers)

  const allConfigs = new Map([...bandits, ...configs])
  const kinds = [
    { option: '--gates', noun: 'gate', known: gates, names: wanted.gates },
    { option: '--configs', noun: 'config', known: allConfigs, names: wanted.configs },
    { option: '--layers', noun: 'layer', known: layers, names: wanted.layers },
  ]
  const problems = kinds.flatMap((kind) =>
    (kind.names ?? []).filter((name) => !kind.known.has(name)).map((name) => unknownName(name, kind, kinds, dropped)),
  )
  if (problems.length > 0) throw new UsageError(problems.join('\n'))

  const everything = kinds.every((kind) => kind.names === undefined)
  const chosen = (names: readonly string[] | undefined, all: { keys(): Iterable<string> }) =>
    inCodePointOrder(everything ? all.keys() : (names ?? []))
  return {
    gates: chosen(wanted.gates, gates).map((name) => ({ name, isGate: gates.get(name) === true })),
    configs: chosen(wanted.configs, configs).map((name) => ({
      name,
      entity: allConfigs.get(name) ?? 'dynamic_config',
    })),
    layers: chosen(wanted.layers, layers),
  }
}

/** How many evaluations one user costs. */
export function selectionSize(selection: Selection): number {
  return selection.gates.length + selection.configs.length + selection.layers.length
}

interface Kind {
  readonly option: string
  readonly noun: string
  readonly known: { has(name: string): boolean; keys(): IterableIterator<string> }
}

function unknownName(name: string, kind: Kind, kinds: readonly Kind[], dropped: ReadonlyMap<string, string>): string {
  const start = `${kind.option}: the specs have no ${kind.noun} "${printable(name)}"`
  const reason = dropped.get(name)
  if (reason !== undefined)
    return `${start} in use: it was dropped while loading (${printable(reason)}); correct it in the specs`
  const other = kinds.find((candidate) => candidate !== kind && candidate.known.has(name))
  if (other !== undefined)
    return `${start}, but a ${other.noun} of that name; give it as ${other.option} ${printable(name)}`
  const near = nearestNames(name, kind.known.keys()).map((candidate) => `"${printable(candidate)}"`)
  if (near.length > 0) return `${start}; the nearest names are ${near.join(', ')}`
  return `${start}, nor one spelled nearly so; \`framegate inspect --json\` lists all names`
}

/** Code points, not JavaScript's UTF-16 units: those put U+10000 and above before U+E000. */
function inCodePointOrder(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => {
    const shorter = Math.min(a.length, b.length)
    for (let index = 0; index < shorter; index++) {
      const left = a.charCodeAt(index)
      const right = b.charCodeAt(index)
      if (left === right) continue
      const leftIsSurrogate = (left & 0xf800) === 0xd800
      const rightIsSurrogate = (right & 0xf800) === 0xd800
      return leftIsSurrogate === rightIsSurrogate ? left - right : leftIsSurrogate ? 1 : -1
    }
    return a.length - b.length
  })
}
