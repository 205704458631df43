import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { runCell } from './run-cell.ts'
import { outcomeOf } from './verdict.ts'

const folder = mkdtempSync(join(tmpdir(), 'framegate-cell-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a program that takes the place of a cell's process. */
function programOf(name: string, code: string): URL {
  const file = join(folder, `${name.replaceAll(' ', '-')}.mjs`)
  writeFileSync(file, code)
  return pathToFileURL(file)
}

describe('a cell whose process does not end as it should is a crash with the reason', () => {
  const cell = { row: 'native-minimal', workers: 2, seconds: 0.2 } as const
  const limits = { start: 10, startPerWorker: 0, end: 1 }
  const started = "process.send({ tell: 'started' });"
  const counts = '{ operations: 512, wrong: { another: 3, nothing: 0, argument: 0, unknown: 0 }, firstWrong: 0.1 }'
  const progress = `process.send({ tell: 'progress', seconds: 0.1, counts: ${counts} });`

  test.each([
    [
      'a signal',
      `${started} ${progress} setTimeout(() => process.kill(process.pid, 'SIGSEGV'), 100)`,
      /ended by SIGSEGV/,
    ],
    ['an exit code', `${started} process.exitCode = 3; process.disconnect()`, /ended with exit code 3$/],
    [
      'an exception nobody caught',
      `${started} throw new Error('heap corrupted')`,
      /ended with exit code 1, saying: Error: heap corrupted$/,
    ],
    ['an end before its time', `${started} process.disconnect()`, /ended before its time was up/],
    ['what it says itself', "process.send({ tell: 'failed', reason: 'thread 1 failed' })", /^thread 1 failed$/],
    ['a hang', `${started} for (;;);`, /had not ended 1 s after its time was up/],
  ])('%s', async (name, program, reason) => {
    const result = await runCell(cell, undefined, limits, programOf(name, program))
    expect(result.crash).toMatch(reason)
    expect(outcomeOf({ ...result, wrong: { another: 0, nothing: 0, argument: 0, unknown: 0 } })).toBe('crashed')
    // What was known before the crash is kept.
    if (name === 'a signal') expect(result).toMatchObject({ operations: 512, wrong: { another: 3 }, firstWrong: 0.1 })
  })

  test('threads that are never ready', async () => {
    const program = programOf('never ready', 'setInterval(() => {}, 1000)')
    const result = await runCell(cell, undefined, { ...limits, start: 0.5 }, program)
    expect(result.crash).toBe('its threads were not ready after 0.5 s')
  })
})
