/**
 * The sets of specs and users whose every answer is on record: for each user a result line, as `framegate eval` prints it,
 * except that a value over 4 KB stands there as the SHA-256 of its canonical JSON.
 */
import { join } from 'node:path'
import type { User } from '../../src/node.ts'
import { fixturesFolder, readLines, readText, sharedPath } from './data.ts'
import type { ResultLine } from './result-lines.ts'

export interface DataSet {
  readonly name: string
  readonly users: number
  /** Gates, configs and layers that each user is asked about. */
  readonly entities: number
  readonly isShared: boolean
  specs(): string
  allUsers(): User[]
  expected(): ResultLine[]
  idLists(): Record<string, string>
}

export const structureSet: DataSet = {
  name: 'structure',
  users: 168,
  entities: 130,
  isShared: false,
  specs: () => readText(join(fixturesFolder, 'structure.specs.json.gz')),
  allUsers: () => readLines(join(fixturesFolder, 'structure.users.ndjson')),
  expected: () => readLines(join(fixturesFolder, 'structure.expected.ndjson.gz')),
  idLists: () => ({}),
}

export const demoSet: DataSet = {
  name: 'fuzz/demo',
  users: 200,
  entities: 18,
  isShared: true,
  specs: () => readText(sharedPath('dcs/demo_proj_dcs.json')),
  allUsers: () => readLines(sharedPath('fuzz/demo.users.ndjson')),
  expected: () => readLines(sharedPath('fuzz/demo.core-0.23.2.expected.ndjson.gz')),
  idLists: () => ({}),
}

export const dotnetSet: DataSet = {
  name: 'fuzz/dotnet',
  users: 200,
  entities: 153,
  isShared: true,
  specs: () => readText(sharedPath('dcs/dotnet_eval_proj_dcs.json')),
  allUsers: () => readLines(sharedPath('fuzz/dotnet.users.ndjson')),
  expected: () => readLines(sharedPath('fuzz/dotnet.core-0.23.2.expected.ndjson.gz')),
  idLists: () => ({ company_id_list: readText(sharedPath('idlists/company_id_list')) }),
}
