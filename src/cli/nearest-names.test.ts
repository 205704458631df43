import { describe, expect, test } from 'vitest'
import { didYouMean, nearestNames } from './nearest-names.ts'

describe('nearestNames', () => {
  const known = ['new_checkout', 'new_checkout_v2', 'dark_mode', 'darkmode', 'search', 'x']

  test.each([
    ['new_chekout', ['new_checkout']],
    ['NEW_CHECKOUT', ['new_checkout', 'new_checkout_v2']],
    ['dark-mode', ['dark_mode', 'darkmode']],
    ['serach', ['search']],
    ['checkout', ['new_checkout', 'new_checkout_v2']],
    ['completely_else', []],
  ])('of %s are %j', (wanted, expected) => {
    expect(nearestNames(wanted, known)).toEqual(expected)
  })

  test('are three at most', () => {
    expect(nearestNames('gate', ['gate1', 'gate2', 'gate3', 'gate4'])).toEqual(['gate1', 'gate2', 'gate3'])
  })

  test('end a sentence', () => {
    expect(didYouMean('gate', ['gate1'])).toBe('; did you mean "gate1"?')
    expect(didYouMean('gate', ['gate1', 'gate2', 'gate3'])).toBe('; did you mean "gate1", "gate2" or "gate3"?')
    expect(didYouMean('gate', ['other things'])).toBe('.')
  })
})
