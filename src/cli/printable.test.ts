import { expect, test } from 'vitest'
import { alignedTable, counted, grouped, printable } from './printable.ts'

test('control characters and marks that turn text around are spelled out', () => {
  expect(printable('a\u001b[31mb\n\u202ec ü😀')).toBe('a\\u{1b}[31mb\\u{a}\\u{202e}c ü😀')
})

test('numbers are grouped by thousands', () => {
  expect([0, 12, 999, 1000, 1234567.6].map(grouped)).toEqual(['0', '12', '999', '1,000', '1,234,568'])
  expect([0, 1, 2000].map((count) => counted(count, 'user'))).toEqual(['0 users', '1 user', '2,000 users'])
})

test('columns are as wide as their widest cell, numbers stand right, no line ends in blanks', () => {
  const columns = [{ title: 'name' }, { title: 'count', align: 'right' }, { title: 'note' }] as const
  expect(
    alignedTable(columns, [
      ['a_long_name', '5', ''],
      ['ü', '12,345', 'x'],
    ]),
  ).toEqual(['name          count  note', 'a_long_name       5', 'ü            12,345  x'])
  expect(alignedTable(columns, [])).toEqual([])
})
