import type { User } from './users.ts'

/** What only happens now and then in real data: missing ids, empty strings, foreign scripts, wrong types. */
export const ODD_USERS: readonly User[] = [
  {},
  { userID: '' },
  { userID: '', email: '', country: '', locale: '', appVersion: '', userAgent: '', ip: '' },
  { customIDs: {} },
  { userID: ' 1000042 ', country: 'de', locale: 'DE_de', custom: { plan: 'PRO' } },
  {
    userID: 'Łódź-客户-🧶',
    email: 'zoë+wool@çarşı.example',
    country: 'TR',
    custom: { tags: ['Wolle', 'lína', '🧶'], plan: 'Größe' },
  },
  {
    userID: 'string-numbers',
    custom: { age: '42', cartValue: '199.90', lifetimeOrders: '12', cartItems: ' 7 ', betaOptIn: 'true' },
  },
  {
    userID: 'all-null',
    custom: { plan: null, age: null, tags: null, signupDate: null, platform: null },
    privateAttributes: { riskScore: null },
  },
  {
    userID: 'old-clock',
    appVersion: '4.x',
    custom: { platform: 'android', signupDate: '2023-09-12', lastOrderAt: 'yesterday' },
  },
  {
    userID: 'wrong-shapes',
    custom: { tags: 'linen,oak', plan: ['pro'], age: { years: 30 }, cartValue: false, newsletter: 'yes' },
  },
  { userID: 'v6-visitor', ip: '2001:db8::17', userAgent: 'curl/8.5.0', customIDs: { stableID: '0' } },
  { userID: 'not-an-address', ip: 'unknown', userAgent: '-', customIDs: { companyID: '' } },
  {
    userID: '9007199254740991',
    email: 'INES.MOREAU@POSTFACH.EXAMPLE',
    custom: { signupDate: 1694505600, tags: [], cartValue: 1e21 },
  },
  { userID: 'qa-never-held-out', statsigEnvironment: { tier: 'Staging' } },
  { userID: 'qa-always-held-out', customIDs: { stableID: 'qa-device-a' } },
  { userID: 'qa-empty-cart', customIDs: { stableID: 'qa-device-c' }, country: 'SE', appVersion: '4.2.1' },
  { userID: 'qa-three-steps', email: 'qa@larchandloom.example', locale: 'en-GB' },
  { userID: 'qa-one-page', customIDs: { stableID: 'qa-device-b' }, custom: { lifetimeOrders: 40 } },
  { userID: '1000042', country: 'AT', statsigEnvironment: {} },
  {
    userID: 'tabs\tand\nlines',
    email: 'a"quote@example.org',
    custom: { tags: ['do_not_track', 'li"nen', 'a\\b'], couponCode: '' },
  },
]
