/**
 * A project's gates, configs, experiments and layers on the engines that can read them: framegate on both backends, and Statsig's own
 * two. Before anything is timed, every answer with value and rule is compared with that of Statsig's native engine.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Difference, differences, onlyKnown } from '../../../src/cli/bench/comparison.ts'
import { ContestantProcess } from '../../../src/cli/bench/contestant-process.ts'
import { engineNames } from '../../../src/cli/bench/engine.ts'
import type { EngineTask } from '../../../src/cli/bench/engine-process.ts'
import { askedNames } from '../../../src/cli/bench/names.ts'
import { type Measured, measureInRounds, type Timing, type Watch } from '../../../src/cli/bench/rounds.ts'
import { measurements } from '../../../src/cli/bench/workload.ts'
import { benchFolder, built, projectFolder } from '../../project.ts'
import { loadWorkload, userCount, type Workload } from '../../workload.ts'

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

export async function benchStatsig(timing: Timing, watch: Watch): Promise<StatsigReport> {
  const workload = loadWorkload()
  const { specs, idLists } = workload
  const { createEvaluator } = await built<typeof import('../../../src/node.ts')>('node.js')
  const names = askedNames(createEvaluator({ specs, idLists }))
  const task: EngineTask = { specs, idLists, packagesFrom: benchFolder, names }
  const folder = mkdtempSync(join(tmpdir(), 'framegate-bench-'))
  const file = join(folder, 'task.json')
  writeFileSync(file, JSON.stringify(task))
  const program = join(projectFolder, 'dist/cli/bench/engine-process.js')
  const engines = engineNames.map((name) => new ContestantProcess(name, program, [name, file]))
  try {
    const knownDifferences = await compare(engines, workload)
    const measured = await measureInRounds(engines, measurements, timing, watch)
    const counts = Object.fromEntries(Object.entries(names).map(([kind, list]) => [kind, list.length]))
    return {
      specs: workload.specsName,
      bytes: Buffer.byteLength(specs),
      counts,
      users: userCount,
      measured,
      knownDifferences,
    }
  } finally {
    for (const engine of engines) engine.stop()
    rmSync(folder, { recursive: true })
  }
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
