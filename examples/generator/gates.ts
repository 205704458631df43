/** The feature gates of the shop, by team. */

import {
  bucket,
  bucketSet,
  country,
  everyone,
  failGate,
  now,
  passGate,
  targetApp,
  tier,
  unitID,
  userAgent,
  userField,
} from './conditions.ts'
import { type Project, uuidOf } from './project.ts'

export const APP_ID = 'larch-and-loom-web'

export function addGates(shop: Project): void {
  addStorefrontGates(shop)
  addBrowserGates(shop)
  addCheckoutGates(shop)
  addMarketingGates(shop)
  addTradeAndSupportGates(shop)
  addOperationsGates(shop)
}

function addStorefrontGates(shop: Project): void {
  const holdouts = ['global_holdout']
  shop.gate('dark_mode', [{ when: [passGate('segment:beta_testers')] }, { when: [everyone()], pass: 25 }], { holdouts })
  shop.gate('sticky_header', [{ when: [everyone()] }])
  shop.gate('semantic_search_canary', [{ when: [everyone()], pass: 0.5 }], { holdouts })
  shop.gate(
    'visual_search',
    [{ when: [passGate('segment:mobile_app_users'), userField('appVersion', 'version_gte', '4.10')], pass: 50 }],
    { holdouts },
  )
  shop.gate('size_guide_in_the_room', [
    {
      when: [
        userField('platform', 'any_case_sensitive', ['ios']),
        userField('appVersion', 'version_gt', '4.7.1'),
        userField('appVersion', 'version_neq', '4.9.0'),
      ],
    },
    { when: [passGate('visual_search')], pass: 20 },
  ])
  shop.gate('wishlist_sharing', [{ when: [userField('locale', 'str_starts_with_any', ['en', 'de', 'nl'])], pass: 90 }])
  shop.gate('personalisation_enabled', [{ when: [userField('tags', 'array_contains_none', ['do_not_track'])] }])
  shop.gate('curated_collections', [
    { when: [userField('tags', 'array_contains_all', ['linen', 'oak'])] },
    {
      when: [
        passGate('personalisation_enabled'),
        userField('tags', 'not_array_contains_all', ['linen', 'wool', 'oak']),
      ],
      pass: 35,
    },
  ])
  shop.gate('recommendations_holdback', [{ when: [bucket(uuidOf('recommendations_holdback/buckets'), 'lt', 100)] }])
  shop.gate('high_contrast_theme', [{ when: [userField('prefersContrast', 'eq', true)] }])
  shop.gate(
    'restore_cart',
    [
      { id: 'fail:all:id_override', when: [unitID('userID', 'any', ['qa-empty-cart'])], pass: 0 },
      { id: 'pass:all:id_override', when: [unitID('userID', 'any', ['qa-full-cart', '1000042'])] },
      { when: [everyone()], pass: 33.3, idType: 'stableID' },
    ],
    { holdouts },
  )
  shop.gate('intro_tour', [{ when: [userField('lifetimeOrders', 'gte', 1)], value: false }], { defaultValue: true })
  shop.gate('kiosk_footer', [{ when: [targetApp('any', [APP_ID, 'larch-and-loom-kiosk'])], pass: 60 }])
  shop.gate('legacy_wishlist', [], { enabled: false })
}

function addBrowserGates(shop: Project): void {
  shop.gate(
    'product_video',
    [
      {
        when: [userAgent('browser_name', 'any', ['Chrome', 'Chrome Mobile', 'Edge', 'Safari', 'Mobile Safari'])],
        pass: 60,
      },
    ],
    { holdouts: ['global_holdout'] },
  )
  shop.gate('webp_images', [
    { when: [userAgent('browser_name', 'any', ['Chrome', 'Chrome Mobile', 'Edge', 'Opera', 'Samsung Internet'])] },
    {
      when: [
        userAgent('browser_name', 'str_contains_any', ['firefox']),
        userAgent('browser_version', 'version_gte', '110'),
      ],
    },
    {
      when: [
        userAgent('browser_name', 'str_ends_with_any', ['safari']),
        userAgent('browser_version', 'version_gte', '16.0'),
      ],
    },
  ])
  shop.gate('avif_images', [
    {
      when: [
        passGate('webp_images'),
        userAgent('browser_name', 'none', ['Edge']),
        userAgent('browser_version', 'version_gt', '120'),
      ],
      pass: 80,
    },
  ])
  shop.gate('wallet_on_ios', [
    { when: [userAgent('os_name', 'any', ['iOS']), userAgent('os_version', 'version_gte', '16.4')] },
  ])
  shop.gate('android_quick_pay', [
    { when: [userAgent('os_name', 'any', ['Android']), userAgent('os_version', 'version_gte', '12')], pass: 70 },
  ])
  shop.gate('old_browser_banner', [
    { when: [userAgent('browser_name', 'any', ['IE'])] },
    {
      when: [
        userAgent('browser_name', 'any', ['Chrome', 'Firefox', 'Edge']),
        userAgent('browser_version', 'version_lt', '110'),
      ],
    },
  ])
  shop.gate('bot_prerendering', [{ when: [userAgent('browser_name', 'str_contains_any', ['bot', 'crawler'])] }])
  shop.gate('force_app_update', [
    { when: [userField('platform', 'any', ['ios', 'android']), userField('appVersion', 'version_lt', '4.0')] },
  ])
  shop.gate('pinned_release_notes', [
    { when: [userField('appVersion', 'version_eq', '4.12.0')] },
    { when: [userField('appVersion', 'version_lte', '3.9.9')] },
  ])
}

function addCheckoutGates(shop: Project): void {
  const holdouts = ['global_holdout', 'checkout_team_holdout']
  shop.gate(
    'pay_later',
    [
      {
        when: [
          country('any', ['SE', 'DE', 'NL', 'AT', 'FI', 'NO', 'DK']),
          userField('age', 'gte', 18),
          userField('cartValue', 'lte', 1500),
        ],
        pass: 85,
      },
    ],
    { holdouts },
  )
  shop.gate('gift_cards', [{ when: [failGate('segment:disposable_email'), userField('email', 'neq', null)] }])
  shop.gate('free_shipping_nudge', [{ when: [userField('cartValue', 'gte', 40), userField('cartValue', 'lt', 80)] }])
  shop.gate(
    'bulk_discount',
    [{ when: [userField('cartItems', 'gt', 5)] }, { when: [passGate('segment:trade_accounts')] }],
    { holdouts },
  )
  shop.gate('express_checkout', [{ when: [passGate('segment:trusted_customers')], pass: 80 }], { holdouts })
  // Four gates below each other: checkout_redesign, express_checkout, trusted, high-value, loyalty_programme.
  shop.gate(
    'checkout_redesign',
    [{ when: [tier('any', ['development', 'staging'])] }, { when: [passGate('express_checkout')], pass: 50 }],
    { holdouts },
  )
  shop.gate('checkout_redesign_wallets', [
    { when: [passGate('checkout_redesign'), country('any', ['DE', 'FR', 'GB', 'US', 'NL'])] },
  ])
  shop.gate('address_autofill', [{ when: [country('none', ['JP', 'BR', 'IE'])], pass: 95 }])
  shop.gate('coupon_reminder', [{ when: [userField('couponCode', 'neq', null)] }])
  shop.gate(
    'first_coupon_offer',
    [{ when: [userField('couponCode', 'eq', null), passGate('segment:new_customers')] }],
    { holdouts },
  )
  shop.gate('price_match', [
    {
      when: [
        bucket(uuidOf('price_match/buckets'), 'any', bucketSet([7, 77, 177, 277, 377, 477, 577, 677, 777, 877, 977])),
      ],
    },
  ])
  shop.gate('manual_address_check', [
    { when: [userField('addressChanges', 'gte', 3), userField('riskScore', 'gt', 0.3)] },
  ])
  shop.gate('fraud_review', [
    { when: [userField('riskScore', 'gt', 0.85)] },
    { when: [passGate('segment:disposable_email'), userField('cartValue', 'gt', 150)] },
  ])
  shop.gate(
    'new_tax_engine',
    [{ when: [passGate('segment:eu_customers'), userField('email', 'str_contains_none', ['+', 'test@'])], pass: 10 }],
    { holdouts },
  )
}

function addMarketingGates(shop: Project): void {
  shop.gate('loyalty_programme', [{ when: [userField('lifetimeOrders', 'gte', 3)] }])
  shop.gate(
    'loyalty_double_points',
    [{ when: [passGate('loyalty_programme'), userField('tags', 'array_contains_any', ['wool', 'linen'])] }],
    { holdouts: ['global_holdout'] },
  )
  shop.gate('consent_banner', [
    { when: [passGate('segment:eu_customers')] },
    { when: [country('any', ['GB', 'NO', 'CH'])] },
  ])
  shop.gate('marketing_emails', [{ when: [userField('newsletter', 'eq', true), failGate('segment:disposable_email')] }])
  shop.gate('student_discount', [
    { when: [userField('email', 'str_matches', '@(?:students?|alumni)\\.|\\.edu\\.example$')] },
  ])
  shop.gate('press_preview', [
    { when: [userField('email', 'str_ends_with_any', ['@housepress.example', '@linenweekly.example'])] },
    { when: [passGate('segment:employees')] },
  ])
  shop.gate('winter_sale_2024', [
    { when: [now('after', '2024-11-29T00:00:00Z'), now('before', '2024-12-03T00:00:00Z')] },
  ])
  shop.gate('spring_catalogue_2025', [{ when: [now('after', '2025-03-01T08:00:00Z')], pass: 90 }])
  shop.gate('before_relaunch_thanks', [{ when: [userField('signupDate', 'before', '2023-09-12T00:00:00Z')] }])
  shop.gate('relaunch_day_badge', [{ when: [userField('signupDate', 'on', '2023-09-12T00:00:00Z')] }])
  shop.gate(
    'win_back_offer',
    [{ when: [userField('lastOrderAt', 'before', 1717200000000), userField('lifetimeOrders', 'gte', 1)], pass: 40 }],
    { holdouts: ['global_holdout'] },
  )
  shop.gate('referral_bonus', [
    { when: [userField('referrer', 'any', ['friend', 'partner-blog'])] },
    { when: [userField('utm', 'eq', 'spring')] },
  ])
  shop.gate('flash_sale', [], { enabled: false, holdouts: ['global_holdout'] })
}

function addTradeAndSupportGates(shop: Project): void {
  const byCompany = { idType: 'companyID', holdouts: ['trade_holdout'] }
  shop.gate('trade_portal', [{ when: [passGate('segment:trade_accounts')] }])
  shop.gate('trade_net_terms', [{ when: [passGate('segment:trade_accounts')], pass: 30 }], byCompany)
  shop.gate(
    'trade_bulk_quotes',
    [
      { when: [passGate('trade_net_terms')] },
      { when: [unitID('companyID', 'neq', null), userField('seats', 'gte', 50)] },
    ],
    byCompany,
  )
  shop.gate('partner_catalogue', [{ when: [passGate('segment:partner_companies')] }], { idType: 'companyID' })
  shop.gate('net_price_display', [{ when: [passGate('segment:eu_customers'), passGate('segment:trade_accounts')] }])
  shop.gate('support_chat', [
    { when: [userField('plan', 'any', ['Plus', 'Pro', 'Business'])] },
    { when: [everyone()], pass: 10 },
  ])
  shop.gate('support_call_back', [
    {
      when: [userField('plan', 'none_case_sensitive', ['free', 'plus', '']), country('any', ['DE', 'AT', 'GB', 'US'])],
    },
  ])
  shop.gate('self_service_returns', [
    { when: [unitID('userID', 'not_in_segment_list', 'beta_testers')], pass: 75 },
    { when: [everyone()] },
  ])
}

function addOperationsGates(shop: Project): void {
  shop.gate('debug_toolbar', [
    { when: [tier('any', ['development', 'staging'])] },
    { when: [passGate('segment:employees')] },
  ])
  shop.gate('payment_sandbox', [{ when: [tier('none', ['production'])] }])
  shop.gate('margin_overlay', [{ when: [passGate('segment:employees'), tier('any', ['production'])] }])
  shop.gate('new_order_pipeline', [{ when: [everyone()], pass: 99.5 }])
  shop.gate('edge_cached_catalogue', [{ when: [unitID('stableID', 'neq', null)], pass: 50, idType: 'stableID' }], {
    idType: 'stableID',
  })
}
