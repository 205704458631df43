/** A tenant's own operators in its specs: they decide its conditions, and whatever they do fails those alone. */
import { describe, expect, test } from 'vitest'
import { meteredEngineModule } from '../../src/node.ts'
import { type TenantEvent, TenantHost } from '../../src/tenants/index.ts'
import { condition, payload, rule, spec } from '../support/specs.ts'
import { exampleBytes, hostileBytes, metered, withOperator } from './metering.ts'

const module = meteredEngineModule()

/** A gate that asks the operator, one that asks nobody, and one that nests the first. */
const specs = payload({
  feature_gates: {
    asked: spec([rule('yes', ['custom'])]),
    plain: spec([rule('everybody', ['plan'])]),
    outer: spec([rule('nested', ['inner']), rule('otherwise', ['plan'])]),
  },
  condition_map: {
    custom: condition('user_field', { operator: 'custom:mine', field: 'email', targetValue: ['*@example.com'] }),
    plan: condition('user_field', { operator: 'any', field: 'plan', targetValue: ['pro'] }),
    inner: condition('pass_gate', { targetValue: 'asked' }),
  },
})

const user = (email: string) => ({ userID: 'u', email, custom: { plan: 'pro' } })

describe.each(['assemblyscript', 'c', 'rust'])('an operator in %s', (language) => {
  test('decides conditions, nested ones and bound users’ too', async () => {
    using host = new TenantHost({ module })
    const report = await host.put('a', specs, {
      customOperators: { mine: { module: await metered(exampleBytes(language)) } },
    })
    expect(report.unsupported).toEqual([])
    const tenant = host.tenant('a')
    expect(tenant.checkGate(user('a@example.com'), 'asked')).toBe(true)
    expect(tenant.checkGate(user('a@example.org'), 'asked')).toBe(false)
    const bound = tenant.bind(user('b@example.com'))
    expect([bound.checkGate('asked'), bound.getFeatureGate('outer').ruleID]).toEqual([true, 'nested'])
    expect(tenant.bind(user('b')).getFeatureGate('outer').ruleID).toBe('otherwise')
    expect(tenant.report.unsupported).toEqual([])
    expect(tenant.fieldsFor('asked')).toEqual(['email'])
    // It goes and comes with its tenant.
    host.evict('a')
    expect(tenant.checkGate(user('a@example.com'), 'asked')).toBe(true)
  })
})

describe('an operator that misbehaves', () => {
  test.each([
    ['loops', 'a', 'FUEL_EXHAUSTED'],
    ['recurses', 'b', /^(?:FUEL_EXHAUSTED|GUEST_STACK_EXHAUSTED)$/],
    ['grows', 'c', 'FUEL_EXHAUSTED'],
    ['wants more than its cap', 'd', 'GUEST_TRAPPED'],
    ['traps', 'g', 'GUEST_TRAPPED'],
    ['answers 7', 'h', 'RESULT_INVALID'],
  ])('(%s) fails its condition with a reason, and nothing else', async (_, letter, code) => {
    const events: TenantEvent[] = []
    using host = new TenantHost({ module, onEvent: (event) => events.push(event) })
    await host.put('a', specs, { customOperators: { mine: { module: await metered(hostileBytes()), fuel: 300_000 } } })
    const tenant = host.tenant('a')
    for (let time = 0; time < 3; time++) {
      expect(tenant.getFeatureGate(user(letter), 'asked')).toMatchObject({
        value: false,
        ruleID: 'default',
        details: { reason: 'CustomOperatorFailed:Recognized' },
      })
      expect(tenant.getFeatureGate(user(letter), 'outer')).toMatchObject({ value: true, ruleID: 'otherwise' })
      expect(tenant.checkGate(user(letter), 'plain')).toBe(true)
      // What means well is answered, by a new instance of the operator.
      expect(tenant.checkGate(user('z'), 'asked')).toBe(true)
    }
    expect(tenant.stats).toMatchObject({ generation: 1, ends: {}, operatorFailures: 6 })
    const failed = events.filter(({ type }) => type === 'operator-failed')
    expect(failed).toHaveLength(6)
    for (const { operator, error } of failed) {
      expect(operator).toBe('mine')
      expect(error?.code).toMatch(code)
    }
  })

  test('while it begins fails its condition as well', async () => {
    const hangs = withOperator('(func $start (loop $forever (br $forever))) (start $start)')
    using host = new TenantHost({ module })
    await host.put('a', specs, { customOperators: { mine: { module: await metered(hangs, { startFuel: 10_000 }) } } })
    const tenant = host.tenant('a')
    expect(tenant.getFeatureGate(user('z'), 'asked').details.reason).toBe('CustomOperatorFailed:Recognized')
    expect(tenant.checkGate(user('z'), 'plain')).toBe(true)
  })

  test('is refused when it was not metered, and the tenant stays as it was', async () => {
    using host = new TenantHost({ module })
    await host.put(
      'a',
      payload({ feature_gates: { plain: spec([rule('before', ['p'])]) }, condition_map: { p: condition('public') } }),
    )
    const raw = new WebAssembly.Module(exampleBytes('c') as Uint8Array<ArrayBuffer>)
    await expect(host.put('a', specs, { customOperators: { mine: { module: raw } } })).rejects.toMatchObject({
      code: 'OPERATOR_INVALID',
    })
    expect(host.tenant('a').getFeatureGate({}, 'plain').ruleID).toBe('before')
  })
})

test('a condition on an operator that the tenant does not have is unsupported, as any unknown operator', async () => {
  using host = new TenantHost({ module })
  const report = await host.put('a', specs)
  expect(report.unsupported).toMatchObject([{ kind: 'gate', name: 'asked', rule: 'yes' }])
  expect(host.tenant('a').getFeatureGate(user('a'), 'asked').details.reason).toMatch(/:Unsupported$/)
})
