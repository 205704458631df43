/** LaunchDarkly's SDK for servers, from its own test data source. Its answers are promises only, so each is awaited. */
import { audience, everybody, flagNames, type Person, segment } from '../workloads/flags/definition.ts'
import { uuid } from '../workloads/statsig-payload.ts'
import type { FlagEngine } from './flag-engine.ts'
import { loadPeer, peerVersion } from './peer.ts'

const packageName = '@launchdarkly/node-server-sdk'

interface Client {
  waitForInitialization(options: { timeout: number }): Promise<unknown>
  boolVariation(flag: string, context: object, fallback: boolean): Promise<boolean>
}

interface TestData {
  usePreconfiguredFlag(flag: object): Promise<unknown>
  usePreconfiguredSegment(segment: object): Promise<unknown>
  getFactory(): unknown
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export async function start(): Promise<FlagEngine> {
  const { init } = loadPeer<{ init(key: string, options: object): Client }>(packageName)
  const { TestData } = loadPeer<{ TestData: new () => TestData }>(`${packageName}/integrations`)
  const data = new TestData()
  data.usePreconfiguredSegment(corporate)
  for (const [number, flag] of flagNames.entries()) data.usePreconfiguredFlag(definition(flag, uuid(number)))
  const updateProcessor = data.getFactory()
  const client = init('sdk-bench', { updateProcessor, sendEvents: false, diagnosticOptOut: true, logger: silent })
  await client.waitForInitialization({ timeout: 10 })
  return {
    version: peerVersion(packageName),
    isOn: (person, flag) => client.boolVariation(flag, contextOf(person), false),
    countOn: async (person, flags) => {
      const context = contextOf(person)
      let on = 0
      for (const flag of flags) if (await client.boolVariation(flag, context, false)) on++
      return on
    },
  }
}

function contextOf({ id, email, country, plan, age }: Person) {
  return { kind: 'user', key: id, email, country, plan, age }
}

const clause = (attribute: string, op: string, values: readonly unknown[]) => ({
  contextKind: 'user',
  attribute,
  op,
  values,
  negate: false,
})

const corporate = {
  key: segment.name,
  version: 1,
  included: [],
  excluded: [],
  salt: uuid(1000),
  rules: [{ id: 'ending', clauses: [clause('email', 'endsWith', [segment.emailEnding])] }],
}

const on = 0
const off = 1
const share = (percent: number) => ({
  rollout: {
    contextKind: 'user',
    variations: [
      { variation: on, weight: percent * 1000 },
      { variation: off, weight: 100_000 - percent * 1000 },
    ],
  },
})

function definition(key: string, salt: string): object {
  return {
    key,
    version: 1,
    on: true,
    variations: [true, false],
    offVariation: off,
    prerequisites: [],
    targets: [],
    contextTargets: [],
    salt,
    fallthrough: share(everybody.percent),
    rules: [
      { id: 'segment', clauses: [clause('', 'segmentMatch', [segment.name])], variation: on },
      {
        id: 'audience',
        clauses: [
          clause('country', 'in', audience.countries),
          clause('plan', 'in', [audience.plan]),
          clause('age', 'greaterThanOrEqual', [audience.age]),
        ],
        ...share(audience.percent),
      },
    ],
  }
}
