/**
 * This build beside one of an earlier revision, each in a process of its own, in turns. Both run the same questions of this checkout,
 * so that only what is shipped differs. A difference in answers is told, not refused: it may be what the commit is about.
 */
import { existsSync } from 'node:fs'
import { type Difference, differences } from '../../../src/cli/bench/comparison.ts'
import { ContestantProcess } from '../../../src/cli/bench/contestant-process.ts'
import { type Figure, figure } from '../../../src/cli/bench/figure.ts'
import { measureInRounds, type Timing, type Watch } from '../../../src/cli/bench/rounds.ts'
import { measurements } from '../../../src/cli/bench/workload.ts'
import { compiled } from '../../compile.ts'
import { distFolder } from '../../project.ts'
import { withTask } from '../statsig/task.ts'
import { told } from '../told.ts'
import type { BuiltRevision, Revision } from './revision.ts'
import type { StartTask } from './start-process.ts'

export interface PreviousReport {
  readonly revision: Revision
  readonly specs: string
  readonly compared: readonly Compared[]
  readonly differences: readonly Difference[]
}

export interface Compared {
  readonly title: string
  readonly unit: 'per second' | 'ms'
  readonly now: Figure
  readonly before: Figure
  /** Of the medians, as speeds: above 1, this build is faster. */
  readonly ratio: number
}

export interface PreviousOptions extends Timing {
  /** How often each build is started. */
  readonly starts: number
}

interface Build {
  readonly name: string
  readonly dist: string
}

const { gateExposures: _, experimentExposures: __, ...titles } = measurements

export function benchPrevious(
  previous: BuiltRevision,
  options: PreviousOptions,
  watch: Watch,
): Promise<PreviousReport> {
  const builds: readonly Build[] = [{ name: 'this build', dist: distFolder }, previous]
  return withTask(async (task, { specsName }) => {
    const { compared, found } = await evaluations(builds, task, options, watch)
    const started = await starts(builds, task, options.starts, watch)
    const { name, hash, subject } = previous
    const revision = { name, hash, subject }
    return { revision, specs: specsName, compared: [...compared, ...started], differences: found }
  })
}

async function evaluations(builds: readonly Build[], task: string, timing: Timing, watch: Watch) {
  const program = compiled('workloads/previous/build-process')
  const processes = builds.map(({ name, dist }) => new ContestantProcess(name, program, [dist, name, task]))
  try {
    const [now, before] = [await processes[0]!.answers(), await processes[1]!.answers()]
    const found = differences(builds[0]!.name, now, before)
    const measured = await measureInRounds(processes, titles, timing, watch)
    const compared = measured.map(({ title, results: [now, before] }): Compared => {
      const ratio = now!.perSecond.median / before!.perSecond.median
      return { title, unit: 'per second', now: now!.perSecond, before: before!.perSecond, ratio }
    })
    return { compared, found }
  } finally {
    for (const process of processes) process.stop()
  }
}

async function starts(builds: readonly Build[], task: string, times: number, watch: Watch): Promise<Compared[]> {
  const snapshotOf = (index: number) => `${task}.${index}.snapshot`
  const start = (index: number, what: StartTask) => {
    const { name, dist } = builds[index]!
    return told<number>(name, 'previous/start-process', [dist, what, task, snapshotOf(index)])
  }
  for (const index of builds.keys()) await start(index, 'save')
  const haveSnapshots = [...builds.keys()].every((index) => existsSync(snapshotOf(index)))
  const origins = haveSnapshots ? (['specs', 'snapshot'] as const) : (['specs'] as const)
  const compared: Compared[] = []
  for (const origin of origins) {
    const title = `start from ${origin}`
    const took = builds.map((): number[] => [])
    for (let time = 0; time < times; time++)
      for (const [index, { name }] of builds.entries()) {
        watch(time, times, `${name}: ${title}`)
        took[index]!.push(await start(index, origin))
      }
    const [now, before] = [figure(took[0]!), figure(took[1]!)]
    compared.push({ title, unit: 'ms', now, before, ratio: before.median / now.median })
  }
  return compared
}
