/** Featurevisor's SDK, from a datafile. */
import { audience, everybody, flagNames, type Person, segment } from '../workloads/flags/definition.ts'
import { type FlagEngine, flagEngine } from './flag-engine.ts'
import { loadPeer, peerVersion } from './peer.ts'

const packageName = '@featurevisor/sdk'

interface Instance {
  isEnabled(flag: string, context: object): boolean
}

export async function start(): Promise<FlagEngine> {
  const { createInstance } = loadPeer<{ createInstance(options: object): Instance }>(packageName)
  const instance = createInstance({ datafile: datafile(), logLevel: 'error' })
  return flagEngine(peerVersion(packageName), contextOf, (context, flag) => instance.isEnabled(flag, context))
}

function contextOf({ id, email, country, plan, age }: Person) {
  return { userId: id, email, country, plan, age }
}

function datafile(): object {
  const of100 = (percent: number) => percent * 1000
  const feature = {
    bucketBy: 'userId',
    traffic: [
      { key: 'segment', segments: [segment.name], percentage: of100(100) },
      { key: 'audience', segments: ['audience'], percentage: of100(audience.percent) },
      { key: 'everybody', segments: '*', percentage: of100(everybody.percent) },
    ],
  }
  return {
    schemaVersion: '2',
    revision: '1',
    segments: {
      [segment.name]: { conditions: [{ attribute: 'email', operator: 'endsWith', value: segment.emailEnding }] },
      audience: {
        conditions: [
          { attribute: 'country', operator: 'in', value: audience.countries },
          { attribute: 'plan', operator: 'equals', value: audience.plan },
          { attribute: 'age', operator: 'greaterThanOrEquals', value: audience.age },
        ],
      },
    },
    features: Object.fromEntries(flagNames.map((name) => [name, feature])),
  }
}
