/** GrowthBook's client for servers. It has saved groups of values only, so the segment is a condition of its own. */
import { audience, everybody, flagNames, type Person, segment } from '../workloads/flags/definition.ts'
import { uuid } from '../workloads/statsig-payload.ts'
import { type FlagEngine, flagEngine } from './flag-engine.ts'
import { loadPeer, peerVersion } from './peer.ts'

const packageName = '@growthbook/growthbook'

interface Client {
  initSync(options: object): Client
  isOn(flag: string, user: { attributes: object }): boolean
}

export async function start(): Promise<FlagEngine> {
  const { GrowthBookClient } = loadPeer<{ GrowthBookClient: new (options: object) => Client }>(packageName)
  const client = new GrowthBookClient({}).initSync({ payload: { features: features() } })
  return flagEngine(peerVersion(packageName), contextOf, (context, flag) => client.isOn(flag, context))
}

function contextOf({ id, email, country, plan, age }: Person) {
  return { attributes: { id, email, country, plan, age } }
}

function features(): object {
  const { countries, plan, age, percent } = audience
  const rollout = (share: number) => ({ force: true, coverage: share / 100, hashAttribute: 'id', hashVersion: 2 })
  const feature = (seed: string) => ({
    defaultValue: false,
    rules: [
      { condition: { email: { $regex: `${segment.emailEnding.replace('.', '\\.')}$` } }, force: true },
      { condition: { country: { $in: countries }, plan, age: { $gte: age } }, ...rollout(percent), seed },
      { ...rollout(everybody.percent), seed },
    ],
  })
  return Object.fromEntries(flagNames.map((flag, number) => [flag, feature(uuid(number))]))
}
