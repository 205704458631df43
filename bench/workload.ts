/** Which specs are measured: a real project's when the shared data is there, else the example project's. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { projectFolder } from './project.ts'

export { makeUser, userCount } from '../src/cli/bench/users.ts'
export { projectFolder } from './project.ts'

export interface Workload {
  readonly specsName: string
  readonly specs: string
  readonly idLists: Record<string, string>
  readonly gates: readonly string[]
  /**
   * Questions that `statsig-node` is known to answer otherwise: it reads no gate's default and answers false for those that are true
   * by default, and knows neither experiments that are mapped to others nor layers that merge their rules.
   */
  readonly legacyDifferences: readonly string[]
}

/** What is looked at here. */
interface Payload {
  readonly feature_gates: Record<string, { readonly entity: string; readonly defaultValue: unknown }>
  readonly layer_configs: Record<string, { readonly useNewLayerEval?: boolean }>
  readonly overrides?: Record<string, unknown>
}

const sharedFolder = resolve(projectFolder, '../shared/data/statsig')

export function loadWorkload(): Workload {
  if (existsSync(sharedFolder))
    return workload('dotnet_eval_proj_dcs', join(sharedFolder, 'dcs/dotnet_eval_proj_dcs.json'), {
      company_id_list: readFileSync(join(sharedFolder, 'idlists/company_id_list'), 'utf8'),
    })
  const lists = join(projectFolder, 'examples/id-lists')
  const idLists = Object.fromEntries(readdirSync(lists).map((name) => [name, readFileSync(join(lists, name), 'utf8')]))
  return workload('examples/shop', join(projectFolder, 'examples/shop.specs.json'), idLists)
}

function workload(specsName: string, path: string, idLists: Record<string, string>): Workload {
  const specs = readFileSync(path, 'utf8')
  const { feature_gates, layer_configs, overrides = {} } = JSON.parse(specs) as Payload
  const gates = Object.entries(feature_gates).filter(([, { entity }]) => entity === 'feature_gate')
  const merging = Object.entries(layer_configs).filter(([, { useNewLayerEval }]) => useNewLayerEval === true)
  return {
    specsName,
    specs,
    idLists,
    gates: gates.map(([name]) => name),
    legacyDifferences: [
      ...gates.filter(([, { defaultValue }]) => defaultValue === true).map(([name]) => `gate ${name}`),
      ...Object.keys(overrides).map((name) => `experiment ${name}`),
      ...merging.map(([name]) => `layer ${name}`),
    ],
  }
}
