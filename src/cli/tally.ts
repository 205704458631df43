/**
 * What `--format table` counts instead of writing lines: how many users passed each gate, which rule or group each
 * config gave, which experiment each layer allocated. Tallies of batches add up, so that worker threads can send theirs.
 */
import type { BoundUser } from '../node.ts'
import { alignedTable, type Column, counted, grouped } from './printable.ts'
import { type Selection, selectionSize } from './selection.ts'

/** Plain data: it crosses threads. */
export interface Tally {
  users: number
  /** Users that passed, by gate. */
  readonly passes: Map<string, number>
  /** Users, by config, by group name or rule id. */
  readonly configs: Map<string, Map<string, number>>
  /** Users, by layer, by allocated experiment. */
  readonly layers: Map<string, Map<string, number>>
}

export function emptyTally(): Tally {
  return { users: 0, passes: new Map(), configs: new Map(), layers: new Map() }
}

/** Evaluates a selection for one user after another and counts the outcomes. */
export class TallyCounter {
  readonly #selection: Selection
  readonly #gateNames: readonly string[]
  #tally = emptyTally()

  constructor(selection: Selection) {
    this.#selection = selection
    this.#gateNames = selection.gates.map((gate) => gate.name)
  }

  /** Counts nothing of a user whose evaluation throws: its outcomes are read before the first one is counted. */
  count(bound: BoundUser): void {
    const { configs, layers } = this.#selection
    const passed = bound.checkGates(this.#gateNames)
    const groups = configs.map(({ name, entity }) => {
      if (entity === 'dynamic_config') return { name, label: bound.getDynamicConfig(name).ruleID }
      const experiment = bound.getExperiment(name)
      return { name, label: experiment.groupName ?? experiment.ruleID }
    })
    const allocations = layers.map((name) => ({ name, label: bound.getLayer(name).allocatedExperimentName ?? nothing }))
    this.#tally.users++
    for (const [index, name] of this.#gateNames.entries()) if (passed[index]) increment(this.#tally.passes, name, 1)
    for (const { name, label } of groups) increment(countsOf(this.#tally.configs, name), label, 1)
    for (const { name, label } of allocations) increment(countsOf(this.#tally.layers, name), label, 1)
  }

  /** Hands over what was counted since the last call. */
  take(): Tally {
    const tally = this.#tally
    this.#tally = emptyTally()
    return tally
  }
}

/** Adds one tally to another. */
export function addTally(total: Tally, part: Tally): void {
  total.users += part.users
  for (const [name, count] of part.passes) increment(total.passes, name, count)
  for (const kind of ['configs', 'layers'] as const)
    for (const [name, counts] of part[kind])
      for (const [label, count] of counts) increment(countsOf(total[kind], name), label, count)
}

/** The tally as tables for a person. `seconds` is the time that evaluating took; `failedUsers` have no share in it. */
export function renderTally(tally: Tally, selection: Selection, seconds: number, failedUsers: number): string {
  const share = (count: number) => (tally.users === 0 ? '-' : `${((100 * count) / tally.users).toFixed(1)} %`)
  const distribution = (names: readonly string[], countsByName: ReadonlyMap<string, ReadonlyMap<string, number>>) =>
    names.flatMap((name) =>
      [...(countsByName.get(name) ?? [])]
        .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
        .map(([label, count], row) => [row === 0 ? name : '', label || nothing, grouped(count), share(count)]),
    )
  const numbers: Column[] = [
    { title: 'users', align: 'right' },
    { title: 'share', align: 'right' },
  ]
  const sections = [
    alignedTable(
      [{ title: 'gate' }, { title: 'passed', align: 'right' }, { title: 'share', align: 'right' }],
      selection.gates.map(({ name }) => [
        name,
        grouped(tally.passes.get(name) ?? 0),
        share(tally.passes.get(name) ?? 0),
      ]),
    ),
    alignedTable(
      [{ title: 'config' }, { title: 'group or rule' }, ...numbers],
      distribution(
        selection.configs.map((config) => config.name),
        tally.configs,
      ),
    ),
    alignedTable(
      [{ title: 'layer' }, { title: 'allocated experiment' }, ...numbers],
      distribution(selection.layers, tally.layers),
    ),
  ]
  const evaluations = tally.users * selectionSize(selection)
  const rate = (count: number) => (seconds > 0 ? grouped(count / seconds) : '-')
  const summary = [
    `${counted(tally.users, 'user')}, ${counted(evaluations, 'evaluation')} in ${seconds.toFixed(2)} s: ${rate(tally.users)} users/s, ${rate(evaluations)} evaluations/s`,
  ]
  if (failedUsers > 0) summary.push(`${counted(failedUsers, 'user')} with an error, not counted above`)
  return `${[...sections, summary]
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`
}

// Shown where there is no group, rule or experiment to name.
const nothing = '(none)'

function countsOf(countsByName: Map<string, Map<string, number>>, name: string): Map<string, number> {
  let counts = countsByName.get(name)
  if (counts === undefined) {
    counts = new Map()
    countsByName.set(name, counts)
  }
  return counts
}

function increment(counts: Map<string, number>, label: string, by: number): void {
  counts.set(label, (counts.get(label) ?? 0) + by)
}
