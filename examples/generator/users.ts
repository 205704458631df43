/**
 * The shop's visitors. A user depends on the seed and its own index only, so the first thousand of a million are the
 * same as a thousand alone, and any number of them streams in flat memory.
 */

import { ODD_USERS } from './odd-users.ts'
import { Random } from './random.ts'
import { userAgentOf } from './user-agents.ts'

export interface User {
  userID?: string
  email?: string
  ip?: string
  userAgent?: string
  country?: string
  locale?: string
  appVersion?: string
  customIDs?: Record<string, string>
  custom?: Record<string, unknown>
  privateAttributes?: Record<string, unknown>
  statsigEnvironment?: Record<string, string>
}

export const DEFAULT_SEED = 1847

const ODD_SHARE = 0.01
const COMPANIES = 400
const RELAUNCH = Date.UTC(2023, 8, 12, 8)
const FIRST_SIGN_UP = Date.UTC(2021, 0, 4)
const LAST_SIGN_UP = Date.UTC(2025, 5, 30)

const COUNTRIES = [
  [22, 'DE', ['de-DE', 'de', 'en-DE']],
  [10, 'AT', ['de-AT', 'de']],
  [12, 'GB', ['en-GB', 'en']],
  [12, 'US', ['en-US', 'es-US']],
  [8, 'FR', ['fr-FR', 'fr']],
  [7, 'NL', ['nl-NL', 'en-NL']],
  [5, 'SE', ['sv-SE', 'en']],
  [4, 'CH', ['de-CH', 'fr-CH']],
  [4, 'IT', ['it-IT']],
  [4, 'ES', ['es-ES', 'ca-ES']],
  [3, 'PL', ['pl-PL']],
  [2, 'NO', ['nb-NO']],
  [2, 'IE', ['en-IE']],
  [2, 'CA', ['en-CA', 'fr-CA']],
  [2, 'JP', ['ja-JP']],
  [1, 'BR', ['pt-BR']],
] as const
const PLANS = [
  [55, 'free'],
  [22, 'plus'],
  [12, 'pro'],
  [9, 'business'],
  [2, 'Trade'],
] as const
const TAGS = ['linen', 'wool', 'oak', 'lighting', 'gifts', 'registry', 'seasonal', 'outdoor', 'kids', 'sale-hunter']
const REFERRERS = [
  [50, 'search'],
  [20, 'newsletter'],
  [12, 'friend'],
  [10, 'social'],
  [8, 'partner-blog'],
] as const
const APP_VERSIONS = [
  '3.8.0',
  '3.9.9',
  '4.0.0',
  '4.2.1',
  '4.5.0',
  '4.7.1',
  '4.8.0',
  '4.9.0',
  '4.10.0',
  '4.10.2',
  '4.11.3',
  '4.12.0',
  '4.12.0-beta.2',
  '4.13',
  '4.14.0',
]
const FIRST_NAMES = [
  'anna',
  'jonas',
  'mia',
  'lukas',
  'sofie',
  'emil',
  'clara',
  'noah',
  'ines',
  'oskar',
  'maja',
  'tom',
  'lena',
  'hugo',
  'zoe',
  'arthur',
]
const LAST_NAMES = [
  'weber',
  'lindqvist',
  'moreau',
  'jansen',
  'hart',
  'rossi',
  'nowak',
  'okafor',
  'tanaka',
  'silva',
  'gruber',
  'byrne',
  'keller',
  'dubois',
]
const MAIL_DOMAINS = [
  [34, 'postfach.example'],
  [22, 'inbox.example'],
  [12, 'mail.example.com'],
  [10, 'example.org'],
  [6, 'northwind-interiors.example'],
  [5, 'students.graz.example'],
  [3, 'alumni.delft.example'],
  [2, 'weaving.edu.example'],
  [2, 'throwaway.example'],
  [1, 'Trash-Mail.example'],
  [1, 'housepress.example'],
  [1, 'linenweekly.example'],
  [1.5, 'larchandloom.example'],
] as const

export function userAt(index: number, seed: number = DEFAULT_SEED): User {
  const random = new Random(seed, index)
  return random.chance(ODD_SHARE) ? random.pick(ODD_USERS) : ordinaryUser(random)
}

function ordinaryUser(random: Random): User {
  const platform = random.weighted([
    [60, 'web'],
    [22, 'ios'],
    [18, 'android'],
  ] as const)
  const [, country, locales] = random.weighted(COUNTRIES.map((entry) => [entry[0], entry]))
  const signedIn = random.chance(0.88)
  const user: User = { customIDs: { stableID: random.uuid() } }
  if (signedIn) user.userID = unitID(random)
  if (signedIn && random.chance(0.93)) user.email = email(random)
  if (random.chance(0.92)) user.ip = address(random)
  if (random.chance(0.97)) user.userAgent = userAgentOf(random, platform)
  if (random.chance(0.7)) user.country = country
  if (random.chance(0.9)) user.locale = random.pick<string>(locales)
  if (platform !== 'web') user.appVersion = random.pick(APP_VERSIONS)
  user.custom = signedIn ? customer(random, platform) : visitor(random, platform)
  const isTrade = user.custom.plan === 'business' || user.custom.plan === 'Trade'
  if (random.chance(isTrade ? 0.85 : 0.06))
    user.customIDs = { ...user.customIDs, companyID: companyAt(random.integer(0, COMPANIES - 1)) }
  if (user.customIDs?.companyID !== undefined)
    user.custom.seats = random.weighted([
      [70, random.integer(1, 20)],
      [30, random.integer(21, 400)],
    ])
  if (signedIn)
    user.privateAttributes = {
      riskScore: round(random.fraction() ** 3, 3),
      addressChanges: random.weighted([
        [80, 0],
        [10, 1],
        [5, 3],
        [5, 6],
      ]),
    }
  if (random.chance(0.05)) user.statsigEnvironment = { tier: random.pick(['staging', 'development', 'production']) }
  return user
}

function visitor(random: Random, platform: string): Record<string, unknown> {
  return {
    platform,
    cartValue: round(random.fraction() ** 2 * 200, 2),
    cartItems: random.integer(0, 4),
    referrer: random.weighted(REFERRERS),
    ...(random.chance(0.1) ? { utm: 'spring' } : {}),
  }
}

function customer(random: Random, platform: string): Record<string, unknown> {
  const lifetimeOrders = Math.floor(random.fraction() ** 3 * 30)
  const tags = random.some(TAGS, 0.22)
  if (random.chance(0.07)) tags.push('do_not_track')
  const signUp = random.chance(0.03)
    ? RELAUNCH + random.integer(0, 12) * 3_600_000
    : random.integer(FIRST_SIGN_UP / 1000, LAST_SIGN_UP / 1000) * 1000
  const custom: Record<string, unknown> = {
    platform,
    plan: random.weighted(PLANS),
    age: random.integer(16, 84),
    cartValue: round(random.fraction() ** 3 * 900, 2),
    cartItems: Math.floor(random.fraction() ** 2 * 12),
    lifetimeOrders,
    loyaltyPoints: lifetimeOrders * random.integer(40, 400),
    tags,
    signupDate: random.weighted<string | number>([
      [60, new Date(signUp).toISOString().replace('.000', '')],
      [25, signUp],
      [15, signUp / 1000],
    ]),
    newsletter: random.chance(0.45),
    couponCode: random.chance(0.2) ? random.pick(['WOOL10', 'LOOM15', 'HALLO5']) : null,
    referrer: random.weighted(REFERRERS),
  }
  if (lifetimeOrders > 0) custom.lastOrderAt = random.integer(1_672_531_200, 1_751_241_600)
  if (random.chance(0.08)) custom.betaOptIn = random.chance(0.8)
  if (random.chance(0.04)) custom.prefersContrast = true
  if (random.chance(0.02)) delete custom.plan
  return custom
}

function unitID(random: Random): string {
  const kind = random.weighted([
    [70, 'uuid'],
    [18, 'short'],
    [12, 'number'],
  ] as const)
  if (kind === 'uuid') return random.uuid()
  return kind === 'short' ? `cust-${random.bits().toString(36)}` : String(random.integer(1_000_000, 99_999_999))
}

function email(random: Random): string {
  const name = `${random.pick(FIRST_NAMES)}.${random.pick(LAST_NAMES)}${random.chance(0.4) ? random.integer(1, 99) : ''}`
  const domain = random.weighted(MAIL_DOMAINS)
  return `${random.chance(0.05) ? name.toUpperCase() : name}${random.chance(0.04) ? '+shop' : ''}@${domain}`
}

/** One address in seven comes from the ranges set aside for documentation, the others look like any visitor's. */
function address(random: Random): string {
  if (random.chance(0.15)) return `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${random.integer(1, 254)}`
  const first = random.pick([2, 5, 24, 31, 37, 46, 62, 77, 80, 84, 91, 99, 109, 130, 145, 151, 178, 185, 193, 212, 217])
  return `${first}.${random.integer(0, 255)}.${random.integer(0, 255)}.${random.integer(1, 254)}`
}

const companyAt = (number: number): string => `co_${(number * 7919 + 104_729).toString(36)}`

const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** The members of the ID lists, chosen among the first users of the default seed so that the lists mean something. */
export function idListMembers(): Record<string, string[]> {
  const members = { beta_testers: [] as string[], employees: [] as string[], partner_companies: [] as string[] }
  for (let index = 0; index < 10_000; index += 1) {
    const user = userAt(index)
    const choice = new Random(DEFAULT_SEED + 1, index)
    if (user.userID === undefined || user.userID === '') continue
    if (user.email?.endsWith('@larchandloom.example') ? choice.chance(0.9) : choice.chance(0.004))
      members.employees.push(user.userID)
    if (choice.chance(user.custom?.betaOptIn === true ? 0.6 : 0.02)) members.beta_testers.push(user.userID)
  }
  for (let number = 0; number < COMPANIES; number += 9) members.partner_companies.push(companyAt(number))
  return members
}
