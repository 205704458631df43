/** ConfigCat's SDK, from its cache, asked through a snapshot: its answers without a promise. */
import { audience, everybody, flagNames, type Person, segment } from '../workloads/flags/definition.ts'
import { uuid } from '../workloads/statsig-payload.ts'
import { type FlagEngine, flagEngine } from './flag-engine.ts'
import { loadPeer, nowhere, peerVersion } from './peer.ts'

const packageName = '@configcat/sdk'

interface Exports {
  getClient(key: string, mode: number, options: object): Client
  readonly PollingMode: { readonly ManualPoll: number }
  readonly User: new (id: string, email: string, country: string, custom: object) => object
  readonly LogLevel: { readonly Off: number }
  createConsoleLogger(level: number): object
}

interface Client {
  waitForReady(): Promise<unknown>
  snapshot(): { getValue(flag: string, fallback: boolean, user: object): boolean }
}

export async function start(): Promise<FlagEngine> {
  const { getClient, PollingMode, User, LogLevel, createConsoleLogger } = loadPeer<Exports>(packageName)
  const cached = `${Date.now()}\n\n${JSON.stringify(config())}`
  const client = getClient(`${'b'.repeat(22)}/${'b'.repeat(22)}`, PollingMode.ManualPoll, {
    baseUrl: nowhere,
    cache: { get: () => cached, set: () => {} },
    logger: createConsoleLogger(LogLevel.Off),
  })
  await client.waitForReady()
  const snapshot = client.snapshot()
  const contextOf = ({ id, email, country, plan, age }: Person) => new User(id, email, country, { plan, age })
  return flagEngine(peerVersion(packageName), contextOf, (user, flag) => snapshot.getValue(flag, false, user))
}

// The numbers are those of the config format.
const compare = { isOneOf: 0, atLeast: 15, equals: 28, endsWithAnyOf: 32 } as const
const boolean = 0
const isIn = 0

function config(): object {
  const share = (percent: number) => [
    { p: percent, v: { b: true }, i: 'on' },
    { p: 100 - percent, v: { b: false }, i: 'off' },
  ]
  const flag = {
    t: boolean,
    v: { b: false },
    i: 'off',
    r: [
      { c: [{ s: { s: 0, c: isIn } }], s: { v: { b: true }, i: 'on' } },
      {
        c: [
          { u: { a: 'Country', c: compare.isOneOf, l: audience.countries } },
          { u: { a: 'plan', c: compare.equals, s: audience.plan } },
          { u: { a: 'age', c: compare.atLeast, d: audience.age } },
        ],
        p: share(audience.percent),
      },
    ],
    p: share(everybody.percent),
  }
  return {
    p: { r: 0, u: nowhere, s: uuid(1) },
    s: [{ n: segment.name, r: [{ a: 'Email', c: compare.endsWithAnyOf, l: [segment.emailEnding] }] }],
    f: Object.fromEntries(flagNames.map((name) => [name, flag])),
  }
}
