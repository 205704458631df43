import { expect, test } from 'vitest'
import type { SecondaryExposure } from '../node.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { withoutDuplicates, writeErrorLine } from './result-line.ts'

const exposure = (gate: string, gateValue: 'true' | 'false', ruleID: string): SecondaryExposure => ({
  gate,
  gateValue,
  ruleID,
})

test('exposures that agree in gate, value and rule are kept once, at their first place', () => {
  const exposures = [
    exposure('b', 'true', 'r'),
    exposure('a', 'true', 'r'),
    exposure('b', 'true', 'r'),
    exposure('b', 'false', 'r'),
    exposure('b', 'true', 's'),
    exposure('a', 'true', 'r'),
  ]
  expect(withoutDuplicates(exposures)).toEqual([exposures[0], exposures[1], exposures[3], exposures[4]])
  expect(withoutDuplicates([])).toEqual([])
})

test('an error line is one line of JSON, whatever the message holds', () => {
  const buffer = new ByteBuffer()
  writeErrorLine(3, 'CODE', 'two\nlines and a lone \ud800', buffer)
  const line = new TextDecoder().decode(buffer.take())
  expect(line.indexOf('\n')).toBe(line.length - 1)
  expect(JSON.parse(line)).toEqual({ user: 3, error: { code: 'CODE', message: 'two\nlines and a lone \ud800' } })
})
