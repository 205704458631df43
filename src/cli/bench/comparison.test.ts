import { expect, test } from 'vitest'
import { differences, onlyKnown } from './comparison.ts'

const right = { 'gate a': ['true', 'false', 'true'], 'gate b': ['true', 'true', 'true'] }

test('the same answers have no differences', () => {
  expect(differences('other', { ...right }, right)).toEqual([])
})

test('a wrong answer is found with its question, the number of users, and both texts', () => {
  const given = { ...right, 'gate a': ['true', 'true', 'false'] }
  expect(differences('other', given, right)).toEqual([
    { engine: 'other', question: 'gate a', users: 2, given: 'true', right: 'false' },
  ])
})

test('a missing answer is a difference', () => {
  expect(differences('other', { ...right, 'gate b': ['true'] }, right)).toMatchObject([{ question: 'gate b' }])
})

test('a question that only one was asked is none', () => {
  expect(differences('other', { ...right, 'gate c': ['true'] }, right)).toEqual([])
})

test('an unknown difference ends the run, whatever stands before it; known ones are returned', () => {
  const found = differences('other', { 'gate a': ['x', 'x', 'x'], 'gate b': ['y', 'y', 'y'] }, right)
  expect(onlyKnown(found, () => true, 'core')).toBe(found)
  expect(() => onlyKnown(found, ({ question }) => question === 'gate a', 'core')).toThrow(
    expect.objectContaining({
      code: 'ANSWERS_DIFFER',
      message: expect.stringMatching(
        /^other answers "gate b" differently from core for 3 users \(y instead of true\): nothing was measured/,
      ),
    }),
  )
})
