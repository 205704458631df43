/** What the processes of engines with Statsig's semantics are told: the specs, and what to ask for, in a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineTask } from '../../../src/cli/bench/engine-process.ts'
import { type AskedNames, askedNames } from '../../../src/cli/bench/names.ts'
import { benchFolder, built } from '../../project.ts'
import { loadWorkload, type Workload } from '../../workload.ts'

/** The file is there as long as what is done with it lasts. */
export async function withTask<Result>(
  use: (file: string, workload: Workload, names: AskedNames) => Promise<Result>,
): Promise<Result> {
  const workload = loadWorkload()
  const { specs, idLists } = workload
  const { createEvaluator } = await built<typeof import('../../../src/node.ts')>('node.js')
  const evaluator = createEvaluator({ specs, idLists })
  const names = askedNames(evaluator)
  evaluator.dispose()
  const task: EngineTask = { specs, idLists, packagesFrom: benchFolder, names }
  const folder = mkdtempSync(join(tmpdir(), 'framegate-bench-'))
  try {
    const file = join(folder, 'task.json')
    writeFileSync(file, JSON.stringify(task))
    return await use(file, workload, names)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
