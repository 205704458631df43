/** The process of one build of framegate: its arguments are the build's folder, how it is called, and a file with the task. */
import { readFileSync } from 'node:fs'
import { serve } from '../../../src/cli/bench/contestant.ts'
import type { EngineTask } from '../../../src/cli/bench/engine-process.ts'
import { engineOf } from '../../../src/cli/bench/engines/evaluator.ts'
import { contestant } from '../../../src/cli/bench/workload.ts'
import { built } from '../../project.ts'

const [dist, version, file] = process.argv.slice(2) as [string, string, string]
await serve(async () => {
  const { specs, idLists, names } = JSON.parse(readFileSync(file, 'utf8')) as EngineTask
  const { createEvaluator } = await built<typeof import('../../../src/node.ts')>('node.js', dist)
  return contestant(engineOf(createEvaluator({ specs, idLists, backend: 'wasm' }), version), names)
})
