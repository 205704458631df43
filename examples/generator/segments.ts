/** Who is who at Larch & Loom: the segments and holdouts that gates, configs and experiments build on. */

import { country, everyone, failGate, passGate, unitID, userField } from './conditions.ts'
import type { Project } from './project.ts'

const EU_COUNTRIES = ['AT', 'BE', 'CZ', 'DE', 'DK', 'ES', 'FI', 'FR', 'IE', 'IT', 'NL', 'PL', 'PT', 'SE']

export function addSegments(shop: Project): void {
  shop.segment('segment:employees', [
    { id: 'id_list', when: [unitID('userID', 'in_segment_list', 'employees')] },
    { when: [userField('email', 'str_ends_with_any', ['@larchandloom.example'])] },
  ])
  shop.segment('segment:beta_testers', [
    { id: 'id_list', when: [unitID('userID', 'in_segment_list', 'beta_testers')] },
    { when: [userField('betaOptIn', 'eq', true)], pass: 50 },
  ])
  shop.segment(
    'segment:partner_companies',
    [{ id: 'id_list', when: [unitID('companyID', 'in_segment_list', 'partner_companies')] }],
    { idType: 'companyID' },
  )
  shop.segment('segment:eu_customers', [{ when: [country('any', EU_COUNTRIES)] }])
  shop.segment('segment:high_value_customers', [
    { when: [userField('lifetimeOrders', 'gte', 10)] },
    { when: [userField('cartValue', 'gt', 400), userField('lifetimeOrders', 'gte', 2)] },
    { when: [passGate('loyalty_programme'), userField('loyaltyPoints', 'gte', 2500)] },
  ])
  shop.segment('segment:trusted_customers', [
    { when: [passGate('segment:employees')] },
    { when: [passGate('segment:high_value_customers'), failGate('segment:disposable_email')] },
    { when: [userField('signupDate', 'before', '2024-01-01T00:00:00Z'), userField('riskScore', 'lt', 0.4)] },
  ])
  shop.segment('segment:mobile_app_users', [
    { when: [userField('platform', 'any', ['ios', 'android']), userField('appVersion', 'version_gte', '4.0')] },
  ])
  shop.segment('segment:trade_accounts', [
    { when: [unitID('companyID', 'neq', null), userField('plan', 'any', ['business', 'Trade'])] },
  ])
  shop.segment('segment:new_customers', [
    { when: [userField('signupDate', 'after', 1735689600000)] },
    { when: [userField('lifetimeOrders', 'lt', 1)] },
  ])
  shop.segment('segment:disposable_email', [
    { when: [userField('email', 'str_matches', '(?i)@(?:throwaway|10minutes|trash-?mail)\\.')] },
  ])
  shop.segment('segment:inline_targeting:gift_wrap_offer', [
    {
      when: [
        userField('tags', 'array_contains_any', ['gifts', 'registry', 'seasonal']),
        userField('cartItems', 'gte', 2),
      ],
    },
    { when: [userField('locale', 'str_starts_with_any', ['fr', 'de'])], pass: 75 },
  ])

  shop.holdout('global_holdout', [
    { id: 'fail:all:id_override', when: [unitID('userID', 'any', ['qa-never-held-out', '1000042'])], pass: 0 },
    { id: 'pass:all:id_override', when: [unitID('userID', 'any', ['qa-always-held-out'])] },
    { when: [everyone()], pass: 2 },
  ])
  shop.holdout('checkout_team_holdout', [
    { when: [passGate('segment:employees')], pass: 0 },
    { when: [everyone()], pass: 5 },
  ])
  shop.holdout('trade_holdout', [{ when: [unitID('companyID', 'neq', null)], pass: 10, idType: 'companyID' }], {
    idType: 'companyID',
  })
}
