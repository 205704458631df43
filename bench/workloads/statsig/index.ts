/**
 * A project's gates, configs, experiments and layers on the engines that can read them: framegate on both backends, and Statsig's own
 * two. Before anything is timed, every answer with value and rule is compared with that of Statsig's native engine.
 */
import { join } from 'node:path'
import { type Difference, differences, onlyKnown } from '../../../src/cli/bench/comparison.ts'
import { ContestantProcess } from '../../../src/cli/bench/contestant-process.ts'
import { engineNames } from '../../../src/cli/bench/engine.ts'
import { type Measured, measureInRounds, type Timing, type Watch } from '../../../src/cli/bench/rounds.ts'
import { measurements } from '../../../src/cli/bench/workload.ts'
import { projectFolder } from '../../project.ts'
import { userCount, type Workload } from '../../workload.ts'
import { withTask } from './task.ts'

export interface StatsigReport {
  readonly specs: string
  /** Of the payload. */
  readonly bytes: number
  readonly counts: Readonly<Record<string, number>>
  readonly users: number
  readonly measured: readonly Measured[]
  readonly knownDifferences: readonly Difference[]
}

const reference = 'statsig-node-core'

export function benchStatsig(timing: Timing, watch: Watch): Promise<StatsigReport> {
  return withTask(async (file, workload, names) => {
    const program = join(projectFolder, 'dist/cli/bench/engine-process.js')
    const engines = engineNames.map((name) => new ContestantProcess(name, program, [name, file]))
    try {
      const knownDifferences = await compare(engines, workload)
      const measured = await measureInRounds(engines, measurements, timing, watch)
      const counts = Object.fromEntries(Object.entries(names).map(([kind, list]) => [kind, list.length]))
      const bytes = Buffer.byteLength(workload.specs)
      return { specs: workload.specsName, bytes, counts, users: userCount, measured, knownDifferences }
    } finally {
      for (const engine of engines) engine.stop()
    }
  })
}

/** Ends the run on any difference but the known ones of the plain JavaScript engine. */
async function compare(engines: readonly ContestantProcess[], { legacyDifferences }: Workload) {
  const right = await engines.find(({ name }) => name === reference)!.answers()
  const found: Difference[] = []
  for (const engine of engines)
    if (engine.name !== reference) found.push(...differences(engine.name, await engine.answers(), right))
  const known = new Set(legacyDifferences)
  return onlyKnown(found, ({ engine, question }) => engine === 'statsig-node' && known.has(question), reference)
}
