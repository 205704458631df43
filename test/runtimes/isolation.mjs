/**
 * What isolation promises, in a runtime's own words: snapshots, healing, updates beside running calls, tenants with limits
 * and operators of their own. Everything comes from the built package; only modules and options differ.
 */
import { TenantHost } from '../../dist/tenants/index.js'

const condition = (operator, targetValue) => ({
  type: 'user_field',
  operator,
  field: 'plan',
  targetValue,
  additionalValues: {},
  idType: 'userID',
})

function specs(mark, operator = 'any', target = ['pro']) {
  const rule = {
    name: mark,
    id: mark,
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
  return JSON.stringify({
    has_updates: true,
    time: 1,
    response_format: 'dcs-v2',
    feature_gates: { gate },
    dynamic_configs: {},
    layer_configs: {},
    condition_map: { plan: condition(operator, target) },
    experiment_to_layer: {},
  })
}

const pro = { userID: 'u', custom: { plan: 'pro' } }
const large = { userID: 'u', custom: { plan: 'x'.repeat(50_000) } }

/** A line of what happened for each promise. */
export async function isolation({ createEvaluator, Snapshot, module, metered, operator, worker }) {
  const lines = []
  const ruleOf = (evaluator) => evaluator.getFeatureGate(pro, 'gate').ruleID
  const errorOf = (call) => {
    try {
      return { code: String(call()) }
    } catch (error) {
      return error
    }
  }
  const codeOf = (call) => {
    const error = errorOf(call)
    return error.code ?? String(error)
  }

  const evaluator = createEvaluator({ module, specs: specs('first'), ...(worker && { worker }) })
  const copy = createEvaluator({ module, specs: Snapshot.from(evaluator.snapshot.bytes.slice()) })
  lines.push(`snapshot ${ruleOf(copy)}`)
  await evaluator.updateAsync(specs('second'))
  lines.push(`update ${ruleOf(evaluator)}`)
  evaluator.rollback()
  lines.push(`rollback ${ruleOf(evaluator)}`)
  evaluator.dispose()
  copy.dispose()

  const host = new TenantHost({ module: metered, maxWarmBytes: 1 })
  await host.put('a', specs('of-a'), { limits: { fuel: 2000 } })
  await host.put('b', specs('of-b'), { limits: { maxBytes: 2 << 20 } })
  lines.push(`tenants ${ruleOf(host.tenant('a'))} ${ruleOf(host.tenant('b'))} warm ${host.stats.warm}`)
  lines.push(`fuel ${codeOf(() => host.tenant('a').checkGate(large, 'gate'))} ${ruleOf(host.tenant('a'))}`)
  const huge = { userID: 'u', custom: { plan: 'x'.repeat(1 << 20) } }
  lines.push(`memory ${codeOf(() => host.tenant('b').checkGate(huge, 'gate'))} ${ruleOf(host.tenant('b'))}`)
  await host.put('c', specs('of-c', 'custom:glob', ['p?o']), { customOperators: { glob: { module: operator } } })
  lines.push(`operator ${ruleOf(host.tenant('c'))} ${host.tenant('c').checkGate({ custom: { plan: 'free' } }, 'gate')}`)
  await host.put('d', specs('of-d', 'custom:glob', ['p?o']), {
    customOperators: { glob: { module: operator, fuel: 10 } },
  })
  lines.push(`operator ${host.tenant('d').getFeatureGate(pro, 'gate').details.reason}`)
  await host.put('e', specs('of-e'), { limits: { fuel: 2000, recoveriesPerSecond: 1 } })
  const storm = Array.from({ length: 10 }, () => errorOf(() => host.tenant('e').checkGate(large, 'gate'))).at(-1)
  lines.push(`storm ${storm.code}, of ${Object.keys(storm)}, stack ${storm.stack.startsWith('FramegateError: more')}`)
  host.dispose()
  return lines.join('\n')
}
