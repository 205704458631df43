/**
 * Statsig's native server engine in this process, as the measure of every answer. It gets its specs from a server on the loopback
 * interface and never reaches the network. Its answers are put into the shape of a result line.
 *
 * It aborts the process on addresses with a number of 2^32 and above, and on `eq` with an array target whose elements collide after
 * lower-casing: nothing that a test feeds it may hold either.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FeatureGate, Statsig, StatsigUser } from '@statsig/statsig-node-core'
import type { SecondaryExposure, User } from '../../src/node.ts'
import type { ResultEntry, ResultLine } from './result-lines.ts'

/** What the getters give away before they are wrapped. */
interface RawResult {
  readonly value?: Record<string, unknown> | null
  readonly ruleID: string
  readonly idType: string
  readonly groupName?: string | null
  readonly isExperimentActive?: boolean
  readonly allocatedExperimentName?: string | null
  readonly details: { reason: string; version: number | null }
  readonly secondaryExposures?: SecondaryExposure[]
}

/** What only the client response tells. */
interface ClientEntry {
  readonly secondary_exposures?: unknown[]
  readonly [field: string]: unknown
}

interface ClientResponse {
  readonly feature_gates: Record<string, ClientEntry>
  readonly dynamic_configs: Record<string, ClientEntry>
  readonly layer_configs: Record<string, ClientEntry>
}

interface Specs {
  readonly feature_gates: Record<string, unknown>
  readonly dynamic_configs: Record<string, { readonly entity: string }>
  readonly layer_configs: Record<string, unknown>
  readonly cmab_configs?: Record<string, unknown>
}

const quiet = { disableExposureLogging: true }
const clientOptions = { hashAlgorithm: 'none' }

/** The engine's own object, initialised from the given specs without leaving the machine. Throws if it refuses them. */
export async function startStatsig(specs: string, idLists: Record<string, string> = {}): Promise<Statsig> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const path = request.url ?? ''
      const list = /^\/list\/([^?]*)/.exec(path)?.[1]
      if (list !== undefined) response.end(idLists[decodeURIComponent(list)])
      else if (path.includes('download_config_specs')) response.end(specs)
      else
        response.end(path.includes('get_id_lists') ? JSON.stringify(idListManifest(idLists, base)) : '{"success":true}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // Engines with the same key share state, so every one has its own.
  const statsig = new Statsig(`secret-${base}-${++started}`, {
    specsUrl: `${base}/v2/download_config_specs`,
    logEventUrl: `${base}/v1/log_event`,
    idListsUrl: `${base}/v1/get_id_lists`,
    enableIdLists: Object.keys(idLists).length > 0,
    waitForCountryLookupInit: true,
    waitForUserAgentInit: true,
    outputLogLevel: 'none',
  } as ConstructorParameters<typeof Statsig>[1])
  const result = await statsig.initialize()
  server.close()
  server.closeAllConnections()
  if (result.isSuccess === false) throw new Error(`the native engine refused the specs: ${result.error}`)
  return statsig
}

let started = 0

export class NativeEngine {
  readonly #statsig: Statsig
  readonly #specs: Specs

  private constructor(statsig: Statsig, specs: Specs) {
    this.#statsig = statsig
    this.#specs = specs
  }

  /** Loads the specs (v2). Throws if the engine refuses them. */
  static async start(specs: string, idLists: Record<string, string> = {}): Promise<NativeEngine> {
    return new NativeEngine(await startStatsig(specs, idLists), JSON.parse(specs) as Specs)
  }

  /** A user as the engine takes it: absent instead of null fields, and never without any id. */
  static user(user: User): StatsigUser {
    const fields = Object.fromEntries(Object.entries(user).filter(([, value]) => value !== null && value !== undefined))
    if (fields.userID === undefined && fields.customIDs === undefined) fields.customIDs = {}
    return new StatsigUser(fields as unknown as ConstructorParameters<typeof StatsigUser>[0])
  }

  /** Everything that the specs hold for one user. Contextual bandits are left out, as in a result line. */
  line(user: User, index: number): ResultLine {
    const statsigUser = NativeEngine.user(user)
    const client = JSON.parse(this.#statsig.getClientInitializeResponse(statsigUser, clientOptions)) as ClientResponse
    const gates = mapNames(this.#specs.feature_gates, (name) =>
      gateEntry(this.#statsig.getFeatureGate(statsigUser, name, quiet), client.feature_gates[name]),
    )
    const configs = mapNames(this.#specs.dynamic_configs, (name) => {
      const raw = this.#statsig.__INTERNAL_getExperiment(statsigUser, name, quiet) as unknown as RawResult
      return configEntry(raw, this.#specs.dynamic_configs[name]!.entity, client.dynamic_configs[name] ?? {})
    })
    const layers = mapNames(this.#specs.layer_configs, (name) => {
      const raw = this.#statsig.__INTERNAL_getLayer(statsigUser, name, quiet) as unknown as RawResult
      return layerEntry(raw, client.layer_configs[name] ?? {})
    })
    return { user: index, gates, configs, layers }
  }

  /** A contextual bandit's answer: value, rule and group. */
  bandit(user: User, name: string): ResultEntry {
    const { value, ruleID, groupName, idType } = this.#statsig.getExperiment(NativeEngine.user(user), name, quiet)
    return { value, rule_id: ruleID, group_name: groupName ?? null, id_type: idType }
  }

  checkGate(user: User, name: string): boolean {
    return this.#statsig.checkGate(NativeEngine.user(user), name, quiet)
  }

  async stop(): Promise<void> {
    await this.#statsig.shutdown()
  }
}

function gateEntry(gate: FeatureGate, client: ClientEntry | undefined): ResultEntry {
  return withoutNulls({
    value: gate.value,
    rule_id: gate.ruleID,
    id_type: gate.idType,
    ...details(gate.getEvaluationDetails()),
    // Segments and holdouts are not part of the client response, from which a gate's exposures come.
    secondary_exposures: client && (client.secondary_exposures ?? []),
  })
}

function configEntry(raw: RawResult, entity: string, client: ClientEntry): ResultEntry {
  const common = {
    value: raw.value ?? {},
    rule_id: raw.ruleID,
    id_type: raw.idType,
    ...details(raw.details),
    secondary_exposures: distinct(raw.secondaryExposures),
  }
  if (entity === 'dynamic_config') return withoutNulls({ ...common, passed: client.passed })
  const { is_user_in_experiment, explicit_parameters, is_in_layer } = client
  const activity =
    entity === 'experiment' ? { is_experiment_active: raw.isExperimentActive, is_user_in_experiment } : {}
  return withoutNulls({ ...common, ...activity, group_name: raw.groupName, explicit_parameters, is_in_layer })
}

function layerEntry(raw: RawResult, client: ClientEntry): ResultEntry {
  const { is_user_in_experiment, explicit_parameters, undelegated_secondary_exposures } = client
  const isDelegated = typeof raw.allocatedExperimentName === 'string'
  return withoutNulls({
    value: raw.value ?? {},
    rule_id: raw.ruleID,
    group_name: raw.groupName,
    allocated_experiment_name: raw.allocatedExperimentName,
    id_type: raw.idType,
    ...details(raw.details),
    is_experiment_active: isDelegated ? raw.isExperimentActive : undefined,
    is_user_in_experiment,
    explicit_parameters,
    secondary_exposures: distinct(raw.secondaryExposures),
    undelegated_secondary_exposures,
  })
}

function details({ reason, version }: { reason: string; version?: number | null }): Record<string, unknown> {
  return { reason: reason.slice(reason.indexOf(':') + 1), version }
}

/** As the client response and a result line have them: each once, at its first place. */
function distinct(exposures: readonly SecondaryExposure[] = []): SecondaryExposure[] {
  const texts = exposures.map(({ gate, gateValue, ruleID }) => JSON.stringify([gate, gateValue, ruleID]))
  return exposures.filter((_, index) => texts.indexOf(texts[index]!) === index)
}

function withoutNulls(entry: Record<string, unknown>): ResultEntry {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null && value !== undefined))
}

/**
 * The line without what the native engine does not decide by itself: it makes a client response in the order of a hash table, with the
 * nested gates' results shared between entities, and an unsupported condition leaves different exposures behind when the gates before
 * it were found instead of evaluated. An unsupported layer also keeps what its last delegate left behind (`docs/differences.md`).
 */
export function withoutOrderOfEvaluation(line: ResultLine): ResultLine {
  const entries = (kind: Record<string, ResultEntry>, fields: readonly string[]) =>
    mapNames(kind, (name) => {
      const entry = kind[name]!
      if (entry.reason !== 'Unsupported') return entry
      return Object.fromEntries(Object.entries(entry).filter(([field]) => !fields.includes(field)))
    })
  return {
    ...line,
    gates: entries(line.gates, ['secondary_exposures']),
    configs: entries(line.configs, ['passed', 'is_user_in_experiment']),
    layers: entries(line.layers, [
      'is_user_in_experiment',
      'undelegated_secondary_exposures',
      'explicit_parameters',
      'group_name',
    ]),
  }
}

function mapNames(specs: Record<string, unknown>, entry: (name: string) => ResultEntry): Record<string, ResultEntry> {
  return Object.fromEntries(Object.keys(specs).map((name) => [name, entry(name)]))
}

function idListManifest(idLists: Record<string, string>, base: string): unknown {
  return Object.fromEntries(
    Object.entries(idLists).map(([name, body]) => [
      name,
      {
        name,
        url: `${base}/list/${encodeURIComponent(name)}`,
        fileID: `file_${name}`,
        size: Buffer.byteLength(body),
        creationTime: 1,
      },
    ]),
  )
}
