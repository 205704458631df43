/** The experiments of the shop that stand alone, a bandit and an experiment mapping. */

import { bucket, country } from './conditions.ts'
import { BY_DEVICE, deal, halves } from './groups.ts'
import { idOf, type Project, uuidOf } from './project.ts'

export function addExperiments(shop: Project): void {
  addProductExperiments(shop)
  addStoppedExperiments(shop)
  addBandit(shop)
}

function addProductExperiments(shop: Project): void {
  const holdouts = ['global_holdout']
  // The bucket that no unit has: the experiment takes everyone.
  const nobody = bucket(uuidOf('unallocated'), 'any', { '-1': true }, 'stableID')
  shop.experiment(
    'product_page_gallery',
    {},
    halves({ gallery: 'grid', zoom: true }, { gallery: 'carousel', zoom: true }),
    { ...BY_DEVICE, holdouts, unallocated: nobody },
  )
  shop.experiment(
    'search_ranking',
    { ranker: 'bm25' },
    [
      { name: 'Control', share: 40, value: { ranker: 'bm25' } },
      { name: 'Popularity', share: 20, value: { ranker: 'bm25', popularityWeight: 0.3 } },
      { name: 'Margin', share: 20, value: { ranker: 'bm25', marginWeight: 0.15 } },
      { name: 'Hybrid', share: 20, value: { ranker: 'hybrid', popularityWeight: 0.2, marginWeight: 0.1 } },
    ],
    { ...BY_DEVICE, holdouts },
  )
  shop.experiment(
    'search_ranking_vectors',
    { ranker: 'bm25' },
    halves({ ranker: 'bm25' }, { ranker: 'vectors', model: 'loom-small', dimensions: 384 }),
    BY_DEVICE,
  )
  shop.remap(
    'search_ranking',
    'search_ranking_vectors',
    'search_ranking_migration',
    Date.parse('2025-02-03T09:00:00Z'),
    { when: [country('none', ['US'])], pass: 20, idType: 'stableID', value: {} },
  )
  shop.experiment(
    'recommendation_model',
    { model: 'co-purchase' },
    [
      { name: 'Co-purchase', share: 30, value: { model: 'co-purchase', candidates: 200 } },
      { name: 'Embeddings', share: 30, value: { model: 'embeddings', candidates: 500 } },
      {
        name: 'Blend',
        share: 30,
        value: { model: 'blend', candidates: 350, mix: { coPurchase: 0.6, embeddings: 0.4 } },
      },
    ],
    { holdouts, targetingGate: 'personalisation_enabled' },
  )
  shop.experiment('gift_wrap_offer', {}, halves({ offer: false }, { offer: true, price: 3.5 }), {
    ...BY_DEVICE,
    inlineTargeting: 'segment:inline_targeting:gift_wrap_offer',
  })
  shop.experiment(
    'cart_reminder_timing',
    { hours: 24 },
    [
      { name: 'One day', share: 50, value: { hours: 24 }, overrideIDs: ['qa-device-a'] },
      {
        name: 'Two hours',
        share: 50,
        value: { hours: 2, subject: 'Your basket is still warm' },
        overrideIDs: ['qa-device-b'],
      },
    ],
    BY_DEVICE,
  )
  shop.experiment('newsletter_popup_delay', { seconds: 20 }, halves({ seconds: 20 }, { seconds: 60 }), {
    ...BY_DEVICE,
    unallocated: bucket(uuidOf('newsletter_popup_delay/layer'), 'none', deal('newsletter', 400)[0] ?? {}, 'stableID'),
  })
  shop.experiment(
    'mobile_tab_bar',
    { tabs: ['home', 'search', 'cart'] },
    halves({ tabs: ['home', 'search', 'cart'] }, { tabs: ['home', 'search', 'rooms', 'cart'] }),
    { ...BY_DEVICE, targetingGate: 'segment:mobile_app_users' },
  )
  shop.experiment('trade_quote_flow', { flow: 'form' }, halves({ flow: 'form' }, { flow: 'assistant' }), {
    idType: 'companyID',
    targetingGate: 'trade_portal',
    holdouts: ['trade_holdout'],
  })
  shop.experiment(
    'returns_reminder',
    { channel: 'none' },
    [
      { name: 'Mail', share: 40, value: { channel: 'mail' } },
      { name: 'Push', share: 40, value: { channel: 'push' } },
    ],
    { targetingGate: 'loyalty_programme' },
  )
}

/** Not started, given up, shipped, switched off: what a project that has been running for a while also holds. */
function addStoppedExperiments(shop: Project): void {
  shop.experiment('subscription_box_pricing', { price: 29 }, halves({ price: 29 }, { price: 34, firstMonth: 19 }), {
    state: 'prestart',
  })
  shop.experiment('free_returns_window', { days: 30 }, halves({ days: 30 }, { days: 60 }), {
    state: 'shipped',
    finalValue: { days: 60 },
  })
  shop.experiment('chat_greeting', { text: null }, halves({ text: null }, { text: 'May we help?' }), {
    state: 'abandoned',
    holdouts: ['global_holdout'],
  })
  shop.experiment('room_planner_quiz', { questions: 0 }, [], { enabled: false })
}

/** A contextual bandit whose arm depends on the user alone: no exploration, the best score wins. */
function addBandit(shop: Project): void {
  const name = 'homepage_hero_bandit'
  const arms = [
    {
      name: 'Craft',
      weights: { age: 0.012, cartValue: 0.0002 },
      categories: { plan: { free: 0.05, business: -0.4 } },
      intercept: 0.2,
      picture: 'hero/weaver.jpg',
    },
    {
      name: 'Rooms',
      weights: { age: -0.006, cartValue: 0.0011 },
      categories: { plan: { pro: 0.3, business: 0.8 } },
      intercept: 0.55,
      picture: 'hero/living-room.jpg',
    },
    {
      name: 'Sale',
      weights: { age: -0.015, lifetimeOrders: -0.03 },
      categories: { platform: { ios: 0.1, android: 0.25 } },
      intercept: 1.05,
      picture: 'hero/sale.jpg',
    },
  ]
  const defaultValue = { picture: 'hero/weaver.jpg' }
  shop.cmabs[name] = {
    salt: uuidOf(name),
    idType: 'userID',
    enabled: true,
    version: 3,
    defaultValue,
    sampleRate: 0,
    higherIsBetter: true,
    targetingGateName: 'personalisation_enabled',
    targetAppIDs: [],
    groups: arms.map((arm) => ({
      name: arm.name,
      id: idOf(`${name}/${arm.name}`),
      parameterValues: { picture: arm.picture },
    })),
    config: Object.fromEntries(
      arms.map((arm, index) => [
        idOf(`${name}/${arm.name}`),
        {
          alpha: 0.01,
          intercept: arm.intercept,
          records: 4000 + 700 * index,
          weightsNumerical: arm.weights,
          weightsCategorical: arm.categories,
        },
      ]),
    ),
  }
  shop.autotune(name, defaultValue)
}
