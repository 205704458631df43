/**
 * What is measured: which specs, which gates, which users. The same for every engine, and the same in every run: users are made from
 * their number, typical ones with five top-level fields, a user agent, two custom ids and five custom attributes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { User } from '../src/node.ts'

export interface Workload {
  readonly specsName: string
  readonly specs: string
  readonly idLists: Record<string, string>
  readonly gates: readonly string[]
  /** Gates that are true by default: `statsig-node` reads no gate's default and answers false. */
  readonly legacyDifferences: readonly string[]
}

export const userCount = 100
export const gatesPerRequest = 50

export const projectFolder = packageFolder(import.meta.dirname)
const sharedFolder = resolve(projectFolder, '../shared/data/statsig')

/** A real project's specs when the shared data is there, else the example project's. */
export function loadWorkload(): Workload {
  if (existsSync(sharedFolder))
    return workload('dotnet_eval_proj_dcs', join(sharedFolder, 'dcs/dotnet_eval_proj_dcs.json'), {
      company_id_list: readFileSync(join(sharedFolder, 'idlists/company_id_list'), 'utf8'),
    })
  const lists = join(projectFolder, 'examples/id-lists')
  const idLists = Object.fromEntries(readdirSync(lists).map((name) => [name, readFileSync(join(lists, name), 'utf8')]))
  return workload('examples/shop', join(projectFolder, 'examples/shop.specs.json'), idLists)
}

/** Of the sources as of what was compiled from them into `.cache/`. */
function packageFolder(within: string): string {
  return existsSync(join(within, 'package.json')) ? within : packageFolder(dirname(within))
}

/** A new object with new objects in it, as a request handler makes one. */
export function makeUser(number: number): User & { userID: string } {
  const country = countries[number % countries.length]!
  return {
    userID: `user_${number * 7919}`,
    email: number % 3 === 0 ? `person${number}@statsig.com` : `person${number}@example.com`,
    ip: `${(number * 37) % 224}.${number % 256}.${(number * 11) % 256}.7`,
    country,
    locale: number % 2 === 0 ? 'en_US' : 'de_DE',
    appVersion: `${number % 4}.${number % 10}.${number % 7}`,
    userAgent: userAgents[number % userAgents.length]!,
    customIDs: { companyID: `company_${number % 50}`, stableID: `stable_${number * 31}` },
    custom: {
      level: number % 90,
      plan: number % 2 === 0 ? 'pro' : 'free',
      beta: number % 5 === 0,
      signup: 1_672_531_200_000 + number,
      score: number / 7,
    },
  }
}

function workload(specsName: string, path: string, idLists: Record<string, string>): Workload {
  const specs = readFileSync(path, 'utf8')
  const { feature_gates } = JSON.parse(specs) as {
    feature_gates: Record<string, { entity: string; defaultValue: unknown }>
  }
  const gates = Object.entries(feature_gates).filter(([, { entity }]) => entity === 'feature_gate')
  return {
    specsName,
    specs,
    idLists,
    gates: gates.map(([name]) => name),
    legacyDifferences: gates.filter(([, { defaultValue }]) => defaultValue === true).map(([name]) => name),
  }
}

const countries = ['US', 'GB', 'DE', 'FR', 'BR', 'IN', 'JP']
const userAgents = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15',
]
