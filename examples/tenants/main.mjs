import { readFileSync } from 'node:fs'
import { meteredEngineModule } from 'framegate/node'
import { meterGuest, TenantHost } from 'framegate/tenants'

const host = new TenantHost({
  module: meteredEngineModule(),
  limits: { maxBytes: 4 << 20, fuel: 1_000_000, callsPerSecond: 10_000 },
  maxWarmBytes: 64 << 20,
  onFault: 'default',
  onEvent: ({ type, tenantID, error }) => {
    if (error) console.log(`  ${tenantID}: ${type}, ${error.code}`)
  },
})

// What a tenant uploads is metered before it is compiled: whatever it does, it comes to an end.
// (module (memory (export "memory") 1)
//   (func (export "framegate_operator") (param i32 i32 i32 i32) (result i32) (loop $forever (br $forever)) (i32.const 0)))
const uploaded = Buffer.from(
  '0061736d0100000001090160047f7f7f7f017f030201000503010001071f02066d656d6f72790200126672616d65676174655f6f70657261746f72' +
    '00000a0b01090003400c000b41000b',
  'hex',
)
const endless = await WebAssembly.compile(await meterGuest(uploaded, { maxBytes: 1 << 20 }))

await host.put('shop', readFileSync(new URL('../shop.specs.json', import.meta.url)), { environment: 'production' })
await host.put('endless', specsOf('custom:mine'), { customOperators: { mine: { module: endless } } })
await host.put('hungry', specsOf('any'))

console.log('asking')
const user = { userID: 'u-7', email: 'ada@example.com', custom: { plan: 'business' } }
const huge = { userID: 'u-8', custom: { plan: 'x'.repeat(8 << 20) } }
const answers = {
  shop: host.tenant('shop').getFeatureGate(user, 'dark_mode'),
  endless: host.tenant('endless').getFeatureGate(user, 'gate'),
  hungry: host.tenant('hungry').getFeatureGate(huge, 'gate'),
}

console.log('\nanswered')
for (const [tenant, { value, details }] of Object.entries(answers)) {
  const { isWarm, generation, memoryBytes, operatorFailures } = host.tenant(tenant).stats
  console.log(
    `  ${tenant.padEnd(8)} ${String(value).padEnd(6)} ${details.reason.padEnd(36)}`,
    `${isWarm ? 'warm' : 'cold'}, instance ${generation}, ${(memoryBytes / 1e6).toFixed(1)} MB, ${operatorFailures} failed conditions`,
  )
}
const { tenants, warm, warmBytes } = host.stats
console.log(`\n${tenants} tenants, ${warm} warm in ${(warmBytes / 1e6).toFixed(1)} MB`)
host.dispose()

/** One gate, open to users of a plan. */
function specsOf(operator) {
  const condition = {
    type: 'user_field',
    field: 'plan',
    operator,
    targetValue: ['business'],
    additionalValues: {},
    idType: 'userID',
  }
  const rule = {
    name: 'plan',
    id: 'plan',
    salt: 's',
    idType: 'userID',
    passPercentage: 100,
    conditions: ['plan'],
    returnValue: true,
  }
  const gate = {
    type: 'feature_gate',
    entity: 'feature_gate',
    salt: 's',
    enabled: true,
    defaultValue: false,
    idType: 'userID',
    rules: [rule],
  }
  return {
    has_updates: true,
    time: Date.now(),
    feature_gates: { gate },
    dynamic_configs: {},
    layer_configs: {},
    condition_map: { plan: condition },
    experiment_to_layer: {},
  }
}
