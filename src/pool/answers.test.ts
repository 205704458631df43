import { expect, test } from 'vitest'
import { gateRows } from './answers.ts'

test('a row for each user has the values of its gates', () => {
  expect(gateRows(Uint8Array.of(1, 0, 0, 0, 1, 1), 2)).toStrictEqual([
    [true, false, false],
    [false, true, true],
  ])
})

test('rows are no copies of one another', () => {
  const [first, second] = gateRows(new Uint8Array(4), 2)
  first![0] = true
  expect(second).toStrictEqual([false, false])
})

test('no gates give empty rows', () => {
  expect(gateRows(new Uint8Array(0), 2)).toStrictEqual([[], []])
})
