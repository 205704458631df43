/**
 * The users of the benchmark: typical ones with five top-level fields, a user agent, two custom ids and five custom attributes, made
 * from their number and so the same for every engine and in every run.
 */
import type { User } from '../../node.ts'

export const userCount = 100

/** What a request brings: texts and numbers that are there already. */
interface Fields {
  readonly userID: string
  readonly email: string
  readonly ip: string
  readonly country: string
  readonly locale: string
  readonly appVersion: string
  readonly userAgent: string
  readonly companyID: string
  readonly stableID: string
}

/** A new object with new objects in it, as a request handler makes one. Its texts are not new: making them is no engine's work. */
export function makeUser(number: number): User {
  const { userID, email, ip, country, locale, appVersion, userAgent, companyID, stableID } = pool[number % userCount]!
  return {
    userID,
    email,
    ip,
    country,
    locale,
    appVersion,
    userAgent,
    customIDs: { companyID, stableID },
    custom: {
      level: number % 90,
      plan: number % 2 === 0 ? 'pro' : 'free',
      beta: number % 5 === 0,
      signup: 1_672_531_200_000 + number,
      score: number / 7,
    },
  }
}

/** A user that nobody has seen: its ids are new texts. */
export function makeNewUser(number: number): User {
  return { ...makeUser(number), userID: `new_${number}`, customIDs: { stableID: `new_stable_${number}` } }
}

const countries = ['US', 'GB', 'DE', 'FR', 'BR', 'IN', 'JP']
const userAgents = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15',
]

const made = Array.from({ length: userCount }, (_, number): Fields => {
  const domain = number % 3 === 0 ? 'statsig.com' : 'example.com'
  return {
    userID: `user_${number * 7919}`,
    email: `person${number}@${domain}`,
    ip: `${(number * 37) % 224}.${number % 256}.${(number * 11) % 256}.7`,
    country: countries[number % countries.length]!,
    locale: number % 2 === 0 ? 'en_US' : 'de_DE',
    appVersion: `${number % 4}.${number % 10}.${number % 7}`,
    userAgent: userAgents[number % userAgents.length]!,
    companyID: `company_${number % 50}`,
    stableID: `stable_${number * 31}`,
  }
})

// As texts come out of a request: what is put together in JavaScript is kept in pieces, which are slower to read.
const pool = JSON.parse(JSON.stringify(made)) as Fields[]
