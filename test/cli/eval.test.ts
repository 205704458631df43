import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parsedLines, Workspace } from './command.ts'
import { smallSpecs, specsWithIdList } from './small-specs.ts'

const workspace = new Workspace()
const evaluate = ['eval', '--specs', 'specs.json', '--users', 'users.ndjson'] as const

const users = [
  { userID: 'new' },
  { userID: 'old hand', custom: { level: 12 }, email: 'a@example.com' },
  { userID: 'ü😀', custom: { level: 3 }, statsigEnvironment: { tier: 'production' } },
]

beforeAll(() => {
  workspace.write('specs.json', smallSpecs())
  workspace.write('users.ndjson', users.map((user) => `${JSON.stringify(user)}\n`).join(''))
  const many = Array.from({ length: 2000 }, (_, index) =>
    JSON.stringify({ userID: `u${index}`, custom: { level: index % 20 } }),
  )
  workspace.write('many.ndjson', many.join('\n'))
})
afterAll(() => workspace[Symbol.dispose]())

describe('result lines', () => {
  test('carry every kind with its fields, names in order, exposures once', async () => {
    const { code, stdout, stderr } = await workspace.run(...evaluate)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    const [, result] = parsedLines(stdout)
    expect(Object.keys(result)).toEqual(['user', 'gates', 'configs', 'layers'])
    expect(Object.keys(result.gates)).toEqual(Object.keys(smallSpecs().feature_gates).sort())
    const plain = { id_type: 'userID', reason: 'Recognized' }
    expect(result.gates.everyone).toEqual({
      ...plain,
      rule_id: 'all',
      secondary_exposures: [],
      value: true,
      version: 7,
    })
    expect(result.gates.behind_experienced).toEqual({
      ...plain,
      rule_id: 'nested',
      secondary_exposures: [{ gate: 'experienced', gateValue: 'true', ruleID: 'level' }],
      value: true,
    })
    expect(result.gates['segment:staff']).toEqual({ ...plain, rule_id: 'mail', value: true })
    expect(result.gates.holdout).toEqual({ ...plain, rule_id: 'default', value: false })
    expect(result.gates.unsupported).toMatchObject({ reason: 'Unsupported', value: false })
    expect(result.configs.banner).toEqual({
      ...plain,
      passed: true,
      rule_id: 'staff',
      secondary_exposures: [],
      value: { text: 'hello, staff' },
    })
    const button = {
      ...plain,
      explicit_parameters: ['colour'],
      group_name: 'Blue',
      is_experiment_active: true,
      is_user_in_experiment: true,
      rule_id: 'blue_group',
      secondary_exposures: [],
      value: { colour: 'blue' },
    }
    expect(result.configs.button).toEqual({ ...button, is_in_layer: true })
    expect(result.configs.tuned).toEqual({
      ...plain,
      group_name: 'One',
      rule_id: 'arm',
      secondary_exposures: [],
      value: { arm: 1 },
    })
    expect(result.layers.looks).toEqual({
      ...button,
      allocated_experiment_name: 'button',
      undelegated_secondary_exposures: [],
    })
    // The fields of an entry stand in alphabetical order, so that results can be compared as text.
    expect(lines[1]).toContain(
      '{"id_type":"userID","reason":"Recognized","rule_id":"all","secondary_exposures":[],"value":true,"version":7}',
    )
  })

  test('of a layer without an allocated experiment leave the experiment out', async () => {
    const [result] = parsedLines((await workspace.run(...evaluate)).stdout)
    expect(result.layers.looks).toEqual({
      explicit_parameters: [],
      id_type: 'userID',
      reason: 'Recognized',
      rule_id: 'default',
      secondary_exposures: [],
      undelegated_secondary_exposures: [],
      value: { colour: 'grey' },
    })
  })

  test('hold only what is named, an absent kind being empty', async () => {
    const { stdout } = await workspace.run(...evaluate, '--gates', 'half, everyone', '--layers', 'looks')
    const [result] = parsedLines(stdout)
    expect(Object.keys(result.gates)).toEqual(['everyone', 'half'])
    expect(result.configs).toEqual({})
    expect(Object.keys(result.layers)).toEqual(['looks'])
  })

  test('follow --now', async () => {
    const gate = async (now: string) =>
      parsedLines((await workspace.run(...evaluate, '--gates', 'in_2030', '--now', now)).stdout)[0].gates.in_2030.value
    expect(await gate('1893455999999')).toBe(false)
    expect(await gate('1893456000001')).toBe(true)
  })

  test('follow --environment, unless the user brings one', async () => {
    const values = async (...more: string[]) =>
      parsedLines((await workspace.run(...evaluate, '--gates', 'on_production', ...more)).stdout).map(
        (result) => result.gates.on_production.value,
      )
    expect(await values()).toEqual([false, false, true])
    expect(await values('--environment', 'production')).toEqual([true, true, true])
    expect(await values('--environment', 'staging')).toEqual([false, false, true])
  })

  test('follow the lists of --id-lists, each called as its file; folders and hidden files are passed over', async () => {
    mkdirSync(join(workspace.folder, 'lists', 'folder'), { recursive: true })
    const hash = createHash('sha256').update('old hand').digest('base64').slice(0, 8)
    workspace.write('lists/invited', `+${hash}\n`)
    workspace.write('lists/.hidden', '+xxxxxxxx\n')
    workspace.write('listed.json', specsWithIdList())
    const run = async (...more: string[]) => {
      const args = ['eval', '--specs', 'listed.json', '--users', 'users.ndjson', '--gates', 'invited', ...more]
      const { stdout, stderr } = await workspace.run(...args)
      return { values: parsedLines(stdout).map((result) => result.gates.invited.value), stderr }
    }
    const without = await run()
    expect(without.values).toEqual([false, false, false])
    expect(without.stderr).toMatch(/^framegate: warning: .*not given and count as empty: invited; .*--id-lists\n$/)
    expect(await run('--id-lists', 'lists')).toEqual({ values: [false, true, false], stderr: '' })
  })

  test('go to --output, byte for byte what standard output would get', async () => {
    const { stdout } = await workspace.run(...evaluate)
    const result = await workspace.run(...evaluate, '--output', 'results.ndjson')
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    expect(readFileSync(join(workspace.folder, 'results.ndjson'), 'utf8')).toBe(stdout)
  })

  test('are empty for no users', async () => {
    const input = ['eval', '--specs', 'specs.json', '--users', '-']
    expect(await workspace.runWithInput('', ...input)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    expect(await workspace.runWithInput('\n \n\r\n', ...input)).toMatchObject({ code: 0, stdout: '' })
  })
})

describe('the same bytes', () => {
  test('come from one thread and from several, in input order', async () => {
    const run = (...more: string[]) => workspace.run('eval', '--specs', 'specs.json', '--users', 'many.ndjson', ...more)
    const one = await run('--threads', '1')
    expect(one.code).toBe(0)
    expect(parsedLines(one.stdout).map((result) => result.user)).toEqual(
      Array.from({ length: 2000 }, (_, index) => index),
    )
    for (const threads of ['2', '3']) {
      const more = await run('--threads', threads)
      expect(more.code).toBe(0)
      expect(more.stdout === one.stdout, `${threads} threads`).toBe(true)
    }
  })

  test('come from the wasm and the native backend', async () => {
    const run = (...more: string[]) => workspace.run('eval', '--specs', 'specs.json', '--users', 'many.ndjson', ...more)
    const wasm = await run('--backend', 'wasm')
    const native = await run('--backend', 'native')
    const threaded = await run('--backend', 'native', '--threads', '2')
    expect({ code: native.code, stderr: native.stderr }).toEqual({ code: 0, stderr: '' })
    expect(native.stdout === wasm.stdout).toBe(true)
    expect(threaded.stdout === wasm.stdout).toBe(true)
  })

  test('come from a random choice in every run', async () => {
    const group = (id: string) => ({ name: id, id, parameterValues: { arm: id } })
    workspace.write('bandit.json', {
      ...smallSpecs(),
      cmab_configs: {
        bandit: {
          salt: 'bandit',
          idType: 'userID',
          enabled: true,
          version: 1,
          defaultValue: {},
          sampleRate: 1,
          higherIsBetter: true,
          groups: [group('a'), group('b'), group('c')],
          config: {
            a: { alpha: 1, intercept: 0, records: 1, weightsNumerical: {}, weightsCategorical: {} },
            b: { alpha: 1, intercept: 0, records: 1, weightsNumerical: {}, weightsCategorical: {} },
            c: { alpha: 1, intercept: 0, records: 1, weightsNumerical: {}, weightsCategorical: {} },
          },
        },
      },
    })
    const run = (...more: string[]) =>
      workspace.run('eval', '--specs', 'bandit.json', '--users', 'many.ndjson', '--configs', 'bandit', ...more)
    const first = await run()
    expect(first.code).toBe(0)
    const arms = parsedLines(first.stdout).map((result) => result.configs.bandit.value.arm)
    expect(new Set(arms)).toEqual(new Set(['a', 'b', 'c']))
    expect((await run('--threads', '2')).stdout === first.stdout).toBe(true)
  })
})

describe('users', () => {
  test('come from standard input with CRLF, blank lines, a byte order mark and no line end at the end', async () => {
    const plain = (await workspace.run(...evaluate)).stdout
    const [first, second, third] = users.map((user) => JSON.stringify(user))
    const input = `\ufeff${first}\r\n\r\n   \t\n${second}\r\n${third}`
    const result = await workspace.runWithInput(input, 'eval', '--specs', 'specs.json', '--users', '-')
    expect(result).toEqual({ code: 0, signal: null, stdout: plain, stderr: '' })
  })

  test('come in pieces that cut lines and characters anywhere', async () => {
    const plain = (await workspace.run(...evaluate)).stdout
    const child = workspace.start('eval', '--specs', 'specs.json', '--users', '-')
    const output: Uint8Array[] = []
    child.stdout?.on('data', (chunk: Uint8Array) => output.push(chunk))
    for (const byte of readFileSync(join(workspace.folder, 'users.ndjson'))) {
      child.stdin?.write(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    child.stdin?.end()
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    expect(Buffer.concat(output).toString()).toBe(plain)
  })

  test('of several megabytes each are evaluated', async () => {
    const long = (name: string) =>
      `${JSON.stringify({ userID: name, custom: { level: 12, note: 'x'.repeat(3_000_000) } })}\n`
    const input = `${long('a')}{"userID":"short"}\n${long('b')}`
    const run = (...more: string[]) =>
      workspace.runWithInput(input, 'eval', '--specs', 'specs.json', '--users', '-', '--gates', 'experienced', ...more)
    const { code, stdout } = await run()
    expect(code).toBe(0)
    expect(parsedLines(stdout).map((result) => result.gates.experienced.value)).toEqual([true, false, true])
    expect((await run('--threads', '2')).stdout).toBe(stdout)
  })

  test('are answered as soon as their line is complete, while the input stays open', async () => {
    const child = workspace.start('eval', '--specs', 'specs.json', '--users', '-', '--gates', 'everyone')
    child.stdin?.write('{"userID":"a"}\n{"userID":"unfinished')
    const first = await new Promise<Uint8Array>((resolve) => child.stdout?.once('data', resolve))
    expect(parsedLines(Buffer.from(first).toString())).toMatchObject([
      { user: 0, gates: { everyone: { value: true } } },
    ])
    child.stdin?.end('"}\n')
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
  })
})

describe('--format table', () => {
  test('shows shares of gates, groups of experiments, allocations of layers, and the speed', async () => {
    const result = await workspace.run('eval', '--specs', 'specs.json', '--users', 'many.ndjson', '--format', 'table')
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/^gate +passed +share$/m)
    expect(result.stdout).toMatch(/^everyone +2,000 +100\.0 %$/m)
    expect(result.stdout).toMatch(/^experienced +1,000 +50\.0 %$/m)
    expect(result.stdout).toMatch(/^button +Blue +1,000 +50\.0 %\n +Red +1,000 +50\.0 %$/m)
    expect(result.stdout).toMatch(/^banner +default +2,000 +100\.0 %$/m)
    expect(result.stdout).toMatch(/^looks +\(none\) +1,000 +50\.0 %\n +button +1,000 +50\.0 %$/m)
    expect(result.stdout).toMatch(
      /^2,000 users, 26,000 evaluations in [\d.]+ s: [\d,]+ users\/s, [\d,]+ evaluations\/s$/m,
    )
  })

  test('counts the same with several threads', async () => {
    const table = async (threads: string) =>
      (
        await workspace.run(
          'eval',
          '--specs',
          'specs.json',
          '--users',
          'many.ndjson',
          '--format',
          'table',
          '--threads',
          threads,
        )
      ).stdout
        .split('\n')
        .filter((line) => !line.includes('evaluations/s'))
    expect(await table('2')).toEqual(await table('1'))
  })
})
