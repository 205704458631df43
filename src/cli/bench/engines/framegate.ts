/** framegate on one of its backends. */
import { readFileSync } from 'node:fs'
import { createEvaluator, type Snapshot } from '../../../node.ts'
import type { EngineSource, StatsigEngine } from '../engine.ts'
import { engineOf } from './evaluator.ts'

type Specs = EngineSource['specs'] | Snapshot

export async function startFramegate(
  backend: 'wasm' | 'native',
  { specs, idLists }: Omit<EngineSource, 'specs' | 'packagesFrom'> & { readonly specs: Specs },
): Promise<StatsigEngine> {
  const evaluator = createEvaluator({ specs, ...(typeof specs === 'string' ? { idLists } : {}), backend })
  return engineOf(evaluator, ownVersion())
}

function ownVersion(): string {
  const description = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(description) as { version: string }).version
}
