/** The layers of the shop, each with the experiments that share its parameters. */

import { bucket, country, unitID, userField } from './conditions.ts'
import { BY_DEVICE, deal, halves } from './groups.ts'
import { idOf, type Project, uuidOf } from './project.ts'

export function addLayers(shop: Project): void {
  addCheckoutLayer(shop)
  addHomepageLayer(shop)
  addDeliveryLayer(shop)
}

/** Two experiments that never meet: each unit's bucket belongs to one of them, or to none. */
function addCheckoutLayer(shop: Project): void {
  const [onePage = {}, badges = {}] = deal('checkout_layer', 450, 350)
  const salt = uuidOf('checkout_layer')
  const layerDefault = { steps: 3, guestCheckout: true, badges: [] as string[], buttonText: 'Buy now' }
  shop.experiment(
    'checkout_one_page',
    layerDefault,
    [
      { name: 'Three steps', share: 34, value: layerDefault, overrideIDs: ['qa-three-steps'] },
      { name: 'Two steps', share: 33, value: { ...layerDefault, steps: 2 } },
      {
        name: 'One page',
        share: 33,
        value: { ...layerDefault, steps: 1, buttonText: 'Order with obligation to pay' },
        overrideIDs: ['qa-one-page', '1000042'],
      },
    ],
    { layer: 'checkout_layer', holdouts: ['checkout_team_holdout'], unallocated: bucket(salt, 'none', onePage) },
  )
  shop.experiment(
    'checkout_trust_badges',
    layerDefault,
    halves(layerDefault, { ...layerDefault, badges: ['repair-promise', 'secure-payment'] }),
    {
      layer: 'checkout_layer',
      targetingGate: 'segment:new_customers',
      unallocated: bucket(salt, 'none', badges),
    },
  )
  shop.layer('checkout_layer', layerDefault, [
    {
      id: `checkout_one_page ${idOf('checkout_one_page/One page')}:id_override`,
      when: [unitID('userID', 'any', ['qa-one-page', '1000042'])],
      value: layerDefault,
      delegate: 'checkout_one_page',
    },
    {
      id: 'experimentAssignment',
      when: [bucket(salt, 'any', onePage)],
      value: layerDefault,
      delegate: 'checkout_one_page',
    },
    {
      id: 'experimentAssignment',
      when: [bucket(salt, 'any', badges)],
      value: layerDefault,
      delegate: 'checkout_trust_badges',
    },
  ])
}

/** Experiments over different parameters may overlap here, and plain rules fill in what no experiment has set. */
function addHomepageLayer(shop: Project): void {
  const [categories = {}] = deal('homepage_layer', 300)
  const hero = { heroHeight: 420, heroVideo: false }
  const order = { categoryOrder: ['textiles', 'furniture', 'lighting'] }
  shop.experiment(
    'homepage_hero_layout',
    hero,
    [
      { name: 'Control', share: 25, value: hero },
      { name: 'Tall', share: 25, value: { heroHeight: 640, heroVideo: false } },
      { name: 'Video', share: 25, value: { heroHeight: 420, heroVideo: true } },
      { name: 'Tall video', share: 25, value: { heroHeight: 640, heroVideo: true } },
    ],
    { ...BY_DEVICE, layer: 'homepage_layer', holdouts: ['global_holdout'] },
  )
  shop.experiment(
    'homepage_category_order',
    order,
    halves(order, { categoryOrder: ['lighting', 'textiles', 'furniture'] }),
    {
      ...BY_DEVICE,
      layer: 'homepage_layer',
      targetingGate: 'personalisation_enabled',
    },
  )
  shop.layer(
    'homepage_layer',
    { ...hero, ...order, greeting: 'Welcome', showRatings: true },
    [
      {
        id: 'heroAssignment',
        when: [bucket(uuidOf('homepage_layer/hero'), 'lt', 600, 'stableID')],
        value: {},
        delegate: 'homepage_hero_layout',
      },
      {
        id: 'categoryAssignment',
        when: [bucket(uuidOf('homepage_layer/categories'), 'any', categories, 'stableID')],
        value: {},
        delegate: 'homepage_category_order',
      },
      { when: [country('any', ['DE', 'AT', 'CH'])], value: { greeting: 'Willkommen', heroHeight: 500 } },
      {
        when: [userField('lifetimeOrders', 'gt', 0)],
        pass: 50,
        value: { greeting: 'Welcome back', showRatings: false },
      },
    ],
    { ...BY_DEVICE, useNewLayerEval: true },
  )
}

function addDeliveryLayer(shop: Project): void {
  const layerDefault = { estimate: 'range', showMap: false }
  shop.experiment(
    'delivery_estimate_copy',
    layerDefault,
    halves({ estimate: 'range', showMap: false }, { estimate: 'date', showMap: false }),
    {
      ...BY_DEVICE,
      layer: 'delivery_layer',
      unallocated: bucket(uuidOf('delivery_layer'), 'any', { '-1': true }, 'stableID'),
    },
  )
  shop.layer(
    'delivery_layer',
    layerDefault,
    [
      {
        id: 'experimentAssignment',
        when: [bucket(uuidOf('delivery_layer'), 'lt', 800, 'stableID')],
        value: layerDefault,
        delegate: 'delivery_estimate_copy',
      },
    ],
    {
      ...BY_DEVICE,
      holdouts: ['global_holdout'],
    },
  )
}
