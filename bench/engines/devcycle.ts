/** DevCycle's bucketing, AssemblyScript as WebAssembly, by its faster way in: a protobuf message for each call. */
import { audience, everybody, flagNames, type Person, segment } from '../workloads/flags/definition.ts'
import { uuid } from '../workloads/statsig-payload.ts'
import type { FlagEngine } from './flag-engine.ts'
import { loadPeer, peerVersion } from './peer.ts'

const packageName = '@devcycle/bucketing-assembly-script'

interface Message {
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): { readonly boolValue?: boolean }
}

interface Exports {
  instantiate(): Promise<Bucketing>
  readonly ProtobufTypes: { readonly VariableForUserParams_PB: Message; readonly SDKVariable_PB: Message }
}

interface Bucketing {
  setPlatformData(json: string): void
  setConfigData(key: string, json: string): void
  variableForUser_PB(message: Uint8Array): Uint8Array | null
}

const sdkKey = 'bench'
const boolean = 0

export async function start(): Promise<FlagEngine> {
  const { instantiate, ProtobufTypes } = loadPeer<Exports>(packageName)
  const { VariableForUserParams_PB, SDKVariable_PB } = ProtobufTypes
  const bucketing = await instantiate()
  const platform = { platform: 'NodeJS', platformVersion: process.version, sdkType: 'server', sdkVersion: '1.0.0' }
  bucketing.setPlatformData(JSON.stringify({ ...platform, hostname: 'bench' }))
  bucketing.setConfigData(sdkKey, JSON.stringify(config()))
  const isOn = (user: object, flag: string) => {
    const asked = { sdkKey, variableKey: flag, variableType: boolean, user, shouldTrackEvent: false }
    const variable = bucketing.variableForUser_PB(VariableForUserParams_PB.encode(asked).finish())
    return variable !== null && SDKVariable_PB.decode(variable).boolValue === true
  }
  return {
    version: peerVersion(packageName),
    isOn: (person, flag) => isOn(userOf(person), flag),
    countOn: (person, flags) => {
      const user = userOf(person)
      let on = 0
      for (const flag of flags) if (isOn(user, flag)) on++
      return on
    },
  }
}

const text = (value: string) => ({ value, isNull: false })

function userOf({ id, email, country, plan, age }: Person) {
  return {
    user_id: id,
    email: text(email),
    country: text(country),
    customData: { isNull: false, value: { plan: { type: 2, stringValue: plan }, age: { type: 1, doubleValue: age } } },
  }
}

const user = (subType: string, comparator: string, values: readonly unknown[]) => ({
  type: 'user',
  subType,
  comparator,
  values,
})
const custom = (dataKey: string, dataKeyType: string, comparator: string, values: readonly unknown[]) => ({
  ...user('customData', comparator, values),
  dataKey,
  dataKeyType,
})
const all = (filters: readonly object[]) => ({ operator: 'and', filters })

function config(): object {
  const features = flagNames.map((flag, number) => {
    const variable = uuid(1000 + number)
    const on = uuid(2000 + number)
    const off = uuid(3000 + number)
    const target = (rule: number, filters: object, percent: number) => ({
      _id: uuid(4000 + number * 3 + rule),
      _audience: { _id: uuid(5000 + number * 3 + rule), filters },
      distribution: [
        { _variation: on, percentage: percent / 100 },
        { _variation: off, percentage: 1 - percent / 100 },
      ].filter(({ percentage }) => percentage > 0),
    })
    const inAudience = all([
      user('country', '=', audience.countries),
      custom('plan', 'String', '=', [audience.plan]),
      custom('age', 'Number', '>=', [audience.age]),
    ])
    const variation = (_id: string, key: string, value: boolean) => ({
      _id,
      key,
      name: key,
      variables: [{ _var: variable, value }],
    })
    return {
      variable: { _id: variable, key: flag, type: 'Boolean' },
      feature: {
        _id: uuid(number),
        key: flag,
        type: 'release',
        variations: [variation(on, 'on', true), variation(off, 'off', false)],
        configuration: {
          _id: uuid(6000 + number),
          targets: [
            target(0, all([{ type: 'audienceMatch', comparator: '=', _audiences: [segment.name] }]), 100),
            target(1, inAudience, audience.percent),
            target(2, all([{ type: 'all' }]), everybody.percent),
          ],
        },
      },
    }
  })
  const isCorporate = all([user('email', 'endWith', [segment.emailEnding])])
  return {
    project: { _id: uuid(7001), key: 'bench', a0_organization: 'bench', settings: { edgeDB: { enabled: false } } },
    environment: { _id: uuid(7002), key: 'bench' },
    audiences: { [segment.name]: { _id: segment.name, filters: isCorporate } },
    features: features.map(({ feature }) => feature),
    variables: features.map(({ variable }) => variable),
    variableHashes: {},
  }
}
