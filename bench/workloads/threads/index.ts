/** Two threads against one. Nothing is shared between threads but the machine, so the best that can be had is twice as much. */
import { ContestantProcess } from '../../../src/cli/bench/contestant-process.ts'
import { engineNames } from '../../../src/cli/bench/engine.ts'
import { type Measured, measureInRounds, type Timing, type Watch } from '../../../src/cli/bench/rounds.ts'
import { compiled } from '../../compile.ts'
import { withTask } from '../statsig/task.ts'

export interface ThreadsReport {
  readonly measured: readonly Measured[]
  readonly ratios: readonly { readonly engine: string; readonly twoToOne: number }[]
}

const titles = { one: 'one thread', two: 'two threads' }
const pool = 'EvaluatorPool'

export function benchThreads(timing: Timing, watch: Watch): Promise<ThreadsReport> {
  return withTask(async (file) => {
    const program = compiled('workloads/threads/threads-process')
    const engines = [...engineNames, pool].map((name) => {
      const title = name === pool ? 'framegate/pool' : name
      return new ContestantProcess(title, program, [name, file])
    })
    try {
      const measured = await measureInRounds(engines, titles, timing, watch)
      const [one, two] = measured.map(({ results }) => results)
      const ratios = one!.map(({ engine, perSecond }, index) => ({
        engine,
        twoToOne: two![index]!.perSecond.median / perSecond.median,
      }))
      return { measured, ratios }
    } finally {
      for (const engine of engines) engine.stop()
    }
  })
}
