/** 20,000 addresses through the evaluator: each is found in the country on record, or in none. */
import { expect, test } from 'vitest'
import { createEvaluator } from '../../src/node.ts'
import { backends } from '../support/backends.ts'
import { describeWithSharedData, readText, sharedPath } from '../support/data.ts'
import { condition, payload, rule, spec } from '../support/specs.ts'

describeWithSharedData('country by IP', () => {
  const addresses = () =>
    readText(sharedPath('other/ip_country.expected.csv'))
      .trimEnd()
      .split('\n')
      .map((line) => line.split(',') as [ip: string, country: string])

  for (const backend of backends)
    test(`20,000 of 20,000 addresses are equal (${backend})`, { timeout: 60_000 }, () => {
      const countries = [...new Set(addresses().map(([, country]) => country))].filter((country) => country !== '')
      const conditions = Object.fromEntries(
        countries.map((country) => [
          country,
          condition('ip_based', { field: 'country', operator: 'eq', targetValue: country }),
        ]),
      )
      const found = spec(
        countries.map((country) => rule(country, [country], { returnValue: { country } })),
        { entity: 'dynamic_config', defaultValue: { country: '' } },
      )
      using evaluator = createEvaluator({
        specs: payload({ dynamic_configs: { found }, condition_map: conditions }),
        backend,
      })
      const wrong = addresses()
        .map(([ip, country]) => ({
          ip,
          country,
          actual: evaluator.getDynamicConfig({ userID: 'a', ip }, 'found').value.country,
        }))
        .filter(({ country, actual }) => country !== actual)
      expect(wrong.slice(0, 10)).toEqual([])
      expect(addresses()).toHaveLength(20_000)
    })
})
