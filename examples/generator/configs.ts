/** The dynamic configs of the shop: values that operations change without a release. */

import { country, everyone, now, passGate, tier, unitID, userAgent, userField } from './conditions.ts'
import type { Project } from './project.ts'

export function addConfigs(shop: Project): void {
  const standardShipping = {
    currency: 'EUR',
    standard: 4.9,
    express: 12.9,
    freeFrom: 80,
    carriers: ['post', 'parcel-bike'],
    days: { standard: [2, 4], express: [1, 1] },
  }
  shop.config('shipping_rates', standardShipping, [
    { when: [country('any', ['DE', 'AT'])], value: { ...standardShipping, standard: 3.9, freeFrom: 60 } },
    {
      when: [country('any', ['GB'])],
      value: {
        ...standardShipping,
        currency: 'GBP',
        standard: 5.5,
        carriers: ['royal-parcel'],
        days: { standard: [4, 7], express: [2, 3] },
      },
    },
    {
      when: [country('any', ['US', 'CA'])],
      value: {
        ...standardShipping,
        currency: 'USD',
        standard: 14,
        express: 39,
        freeFrom: 250,
        days: { standard: [7, 12], express: [3, 5] },
      },
    },
    {
      when: [country('none', ['NO', 'CH', 'FR', 'IT', 'ES', 'SE', 'NL', 'PL', 'DK', 'FI', 'BE', 'PT', 'CZ', 'IE'])],
      value: { ...standardShipping, standard: 29, express: null, freeFrom: null },
    },
  ])
  shop.config('payment_methods', { methods: ['card'], preselected: 'card', surcharge: {} }, [
    {
      when: [passGate('pay_later')],
      value: { methods: ['card', 'pay_later', 'transfer'], preselected: 'pay_later', surcharge: { pay_later: 0 } },
    },
    {
      when: [passGate('segment:trade_accounts')],
      value: { methods: ['invoice', 'card', 'transfer'], preselected: 'invoice', surcharge: {} },
    },
    {
      when: [passGate('segment:eu_customers')],
      value: { methods: ['card', 'transfer'], preselected: 'card', surcharge: { card: 0.35 } },
    },
  ])
  shop.config(
    'search_settings',
    { engine: 'keyword', maxResults: 48, synonyms: true, boosts: { inStock: 1.4, newIn: 1.1 }, typoTolerance: 1 },
    [
      {
        when: [passGate('semantic_search_canary')],
        value: {
          engine: 'semantic',
          maxResults: 24,
          synonyms: false,
          boosts: { inStock: 2, newIn: 1 },
          typoTolerance: 2,
        },
      },
      {
        when: [passGate('segment:mobile_app_users')],
        value: {
          engine: 'keyword',
          maxResults: 20,
          synonyms: true,
          boosts: { inStock: 1.4, newIn: 1.3 },
          typoTolerance: 2,
        },
      },
    ],
  )
  shop.config(
    'homepage_banner',
    { title: 'Made to be mended', image: 'banner/loom-2025.jpg', link: '/about/repairs' },
    [
      {
        when: [now('after', '2024-11-29T00:00:00Z'), now('before', '2024-12-03T00:00:00Z')],
        value: { title: 'Four days of winter wool', image: 'banner/wool.jpg', link: '/sale/winter' },
      },
      {
        when: [userField('locale', 'str_starts_with_any', ['de'])],
        value: {
          title: 'Gemacht, um repariert zu werden – für Jahrzehnte',
          image: 'banner/loom-2025.jpg',
          link: '/de/reparatur',
        },
      },
      {
        when: [userField('locale', 'str_starts_with_any', ['fr'])],
        value: { title: 'Réparer plutôt que jeter', image: 'banner/loom-2025.jpg', link: '/fr/reparation' },
      },
    ],
    { holdouts: ['global_holdout'] },
  )
  shop.config('support_hours', { phone: null, chat: { from: '09:00', to: '17:00', zone: 'Europe/Vienna' } }, [
    {
      when: [passGate('support_call_back')],
      value: { phone: '+43 1 0000 000', chat: { from: '08:00', to: '20:00', zone: 'Europe/Vienna' } },
    },
    {
      when: [passGate('support_chat')],
      value: { phone: null, chat: { from: '08:00', to: '20:00', zone: 'Europe/Vienna' } },
    },
  ])
  shop.config(
    'image_delivery',
    { host: 'images.larchandloom.example', quality: 78, formats: ['jpeg'], maxWidth: 1600 },
    [
      {
        when: [passGate('avif_images')],
        value: { host: 'images.larchandloom.example', quality: 60, formats: ['avif', 'webp', 'jpeg'], maxWidth: 2400 },
      },
      {
        when: [passGate('webp_images')],
        value: { host: 'images.larchandloom.example', quality: 72, formats: ['webp', 'jpeg'], maxWidth: 2000 },
      },
      {
        when: [userAgent('os_name', 'any', ['iOS', 'Android'])],
        value: { host: 'images.larchandloom.example', quality: 65, formats: ['jpeg'], maxWidth: 960 },
      },
    ],
  )
  shop.config('plan_limits', { wishlists: 1, savedRooms: 2, swatchesPerMonth: 3 }, [
    { when: [userField('plan', 'any', ['plus'])], value: { wishlists: 5, savedRooms: 10, swatchesPerMonth: 8 } },
    { when: [userField('plan', 'any', ['pro'])], value: { wishlists: 25, savedRooms: 50, swatchesPerMonth: 20 } },
    {
      when: [userField('plan', 'any', ['business', 'trade'])],
      value: { wishlists: 500, savedRooms: 9007199254740991, swatchesPerMonth: 100 },
    },
  ])
  shop.config(
    'email_templates',
    { family: 'linen', footer: 'short', sender: 'hello@larchandloom.example' },
    [
      {
        when: [passGate('segment:new_customers'), passGate('marketing_emails')],
        value: { family: 'welcome', footer: 'long', sender: 'hello@larchandloom.example' },
      },
      { when: [everyone()], pass: 20, value: { family: 'oak', footer: 'short', sender: 'hello@larchandloom.example' } },
    ],
    { holdouts: ['global_holdout'] },
  )
  shop.config('fraud_thresholds', { review: 0.85, block: 0.97, velocityPerHour: 6 }, [
    { when: [passGate('segment:trusted_customers')], value: { review: 0.95, block: 0.995, velocityPerHour: 20 } },
    { when: [passGate('segment:disposable_email')], value: { review: 0.4, block: 0.8, velocityPerHour: 2 } },
  ])
  shop.config(
    'api_rate_limits',
    { perMinute: 60, burst: 10, endpoints: {} },
    [
      {
        when: [passGate('segment:partner_companies')],
        value: { perMinute: 3000, burst: 400, endpoints: { '/v1/stock': 12000 } },
      },
      {
        when: [unitID('companyID', 'neq', null)],
        value: { perMinute: 600, burst: 60, endpoints: { '/v1/stock': 1200 } },
        pass: 50,
      },
    ],
    { idType: 'companyID' },
  )
  shop.config('tax_display', { mode: 'gross', label: 'incl. VAT' }, [
    { when: [passGate('net_price_display')], value: { mode: 'net', label: 'excl. VAT' } },
    { when: [country('any', ['US', 'CA'])], value: { mode: 'net', label: 'plus sales tax' } },
  ])
  shop.config('log_verbosity', { level: 'warn', sample: 0.01 }, [
    { when: [tier('any', ['development'])], value: { level: 'debug', sample: 1 } },
    { when: [tier('any', ['staging'])], value: { level: 'info', sample: 0.5 } },
    { when: [passGate('debug_toolbar')], value: { level: 'info', sample: 1 } },
  ])
  shop.config('maintenance_notice', { visible: false, text: '' }, [], { enabled: false })
}
