/** Statsig's native server engine, `@statsig/statsig-node-core`: specs from a data store, ID lists from the loopback interface. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { User } from '../../../node.ts'
import { CommandError } from '../../errors.ts'
import { loadPackage, packageVersion } from '../../packages.ts'
import type { EngineSource, Read, StatsigEngine } from '../engine.ts'

const packageName = '@statsig/statsig-node-core'

/** What is used of the package. */
interface Core {
  readonly Statsig: new (key: string, options: object) => CoreStatsig
  readonly StatsigUser: new (user: User) => CoreUser
}

interface CoreUser {
  readonly __coreUser: never
}

interface CoreStatsig {
  initialize(): Promise<{ readonly isSuccess: boolean; readonly error?: string }>
  checkGate(user: CoreUser, name: string, options: object): boolean
  getDynamicConfig(user: CoreUser, name: string, options: object): CoreConfig
  getExperiment(user: CoreUser, name: string, options: object): CoreConfig
  getLayer(user: CoreUser, name: string, options: object): CoreConfig
}

interface CoreConfig {
  readonly value: unknown
  readonly ruleID: string
  readonly secondaryExposures: readonly { gate: string; gateValue: string; ruleID?: string; ruleId?: string }[]
  getValue(parameter: string, fallback: null): unknown
}

/** The evaluation alone is measured; with exposures on, peers would also be measured in how they batch events. */
const quiet = { disableExposureLogging: true }

export async function startCore({ specs, idLists, packagesFrom }: EngineSource): Promise<StatsigEngine> {
  const { Statsig, StatsigUser } = loadPackage<Core>(packageName, packagesFrom)
  const server = Object.keys(idLists).length > 0 ? await serveLists(idLists) : undefined
  // Nobody listens at port 9: what is not served here stays unsent.
  const base = `http://127.0.0.1:${server ? (server.address() as AddressInfo).port : 9}`
  const statsig = new Statsig('secret-bench', {
    dataStore: {
      initialize: async () => {},
      shutdown: async () => {},
      get: async () => ({ result: specs, time: Date.now() }),
      set: async () => {},
      supportPollingUpdatesFor: async () => false,
    },
    specAdaptersConfig: [{ adapterType: 'data_store', initTimeoutMs: 10_000 }],
    specsUrl: `${base}/v2/download_config_specs`,
    logEventUrl: `${base}/v1/log_event`,
    idListsUrl: `${base}/v1/get_id_lists`,
    enableIdLists: server !== undefined,
    disableAllLogging: true,
    waitForCountryLookupInit: true,
    waitForUserAgentInit: true,
    outputLogLevel: 'none',
  })
  const { isSuccess, error } = await statsig.initialize()
  server?.close()
  server?.closeAllConnections()
  if (!isSuccess)
    throw new CommandError(
      'PEER_REFUSED',
      `${packageName} refuses the specs: ${error}; give it a payload in its v2 format`,
    )
  return {
    version: packageVersion(packageName, packagesFrom),
    checkGate: (user, gate) => statsig.checkGate(new StatsigUser(user), gate, quiet),
    about: (user) => {
      const made = new StatsigUser(user)
      return {
        gate: (name) => statsig.checkGate(made, name, quiet),
        config<Result>(name: string, read: Read<Result>) {
          const { value, ruleID } = statsig.getDynamicConfig(made, name, quiet)
          return read(value, ruleID)
        },
        experiment<Result>(name: string, read: Read<Result>) {
          const { value, ruleID } = statsig.getExperiment(made, name, quiet)
          return read(value, ruleID)
        },
        layer<Result>(name: string, parameters: readonly string[], read: Read<Result>) {
          const layer = statsig.getLayer(made, name, quiet)
          return read(
            parameters.map((parameter) => layer.getValue(parameter, null)),
            layer.ruleID,
          )
        },
        experimentExposures: (name) =>
          statsig
            .getExperiment(made, name, quiet)
            .secondaryExposures.map(
              ({ gate, gateValue, ruleID, ruleId }) => `${gate} ${gateValue} ${ruleID ?? ruleId}`,
            ),
      }
    },
  }
}

async function serveLists(idLists: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo
    const name = /^\/list\/([^?]*)/.exec(request.url ?? '')?.[1]
    if (name !== undefined) response.end(idLists[decodeURIComponent(name)])
    else
      response.end(JSON.stringify(request.url?.includes('get_id_lists') ? manifest(idLists, port) : { success: true }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function manifest(idLists: Readonly<Record<string, string>>, port: number): object {
  return Object.fromEntries(
    Object.entries(idLists).map(([name, list]) => {
      const url = `http://127.0.0.1:${port}/list/${encodeURIComponent(name)}`
      return [name, { name, url, fileID: `file_${name}`, size: Buffer.byteLength(list), creationTime: 1 }]
    }),
  )
}
