import { afterAll, describe, expect, test } from 'vitest'
import { parsedLines, Workspace } from './command.ts'
import { smallSpecs } from './small-specs.ts'

const workspace = new Workspace()
workspace.write('specs.json', smallSpecs())
afterAll(() => workspace[Symbol.dispose]())

const evaluate = ['eval', '--specs', 'specs.json', '--users', '-', '--gates', 'everyone'] as const

describe('bad lines among the users', () => {
  const lines = [
    '{"userID":"good"}',
    '',
    'not json',
    '["an array"]',
    'null',
    '42',
    '{"userID":"cut',
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    '{"userID":"good too"}',
  ]
  const input = Buffer.concat(lines.map((line) => Buffer.concat([Buffer.from(line), Buffer.from('\n')])))

  test.each([['1'], ['2']])(
    'are reported by line number, written as errors, and the rest goes on (%s threads)',
    async (threads) => {
      const { code, stdout, stderr } = await workspace.runWithInput(input, ...evaluate, '--threads', threads)
      expect(code).toBe(1)
      const results = parsedLines(stdout)
      expect(results.map((result) => [result.user, result.error?.code ?? result.gates.everyone.value])).toEqual([
        [0, true],
        [1, 'USER_NOT_JSON'],
        [2, 'USER_NOT_OBJECT'],
        [3, 'USER_NOT_OBJECT'],
        [4, 'USER_NOT_OBJECT'],
        [5, 'USER_NOT_JSON'],
        [6, 'USER_NOT_UTF8'],
        [7, true],
      ])
      for (const { error } of results.slice(1, 7)) expect(Object.keys(error)).toEqual(['code', 'message'])
      const messages = stderr.trimEnd().split('\n')
      expect(messages.map((message) => /standard input line (\d+)/.exec(message)?.[1])).toEqual([
        '3',
        '4',
        '5',
        '6',
        '7',
        '8',
        undefined,
      ])
      expect(messages.at(-1)).toMatch(/6 of 8 users had no result.*Correct these lines and run again/)
      expect(stderr, 'no stack trace').not.toMatch(/\n\s+at /)
    },
  )

  test('are named twenty times at most, then counted', async () => {
    const many = `${'nonsense\n'.repeat(1000)}{"userID":"good"}\n`
    for (const threads of ['1', '2']) {
      const { code, stdout, stderr } = await workspace.runWithInput(many, ...evaluate, '--threads', threads)
      expect(code).toBe(1)
      expect(parsedLines(stdout)).toHaveLength(1001)
      const messages = stderr.trimEnd().split('\n')
      expect(messages).toHaveLength(21)
      expect(messages[19]).toContain('standard input line 20:')
      expect(messages[20]).toContain('1,000 of 1,001 users had no result (980 more lines not shown)')
    }
  })

  test('are left out of the table and counted beneath it', async () => {
    const { code, stdout } = await workspace.runWithInput(input, ...evaluate, '--format', 'table')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^everyone +2 +100\.0 %$/m)
    expect(stdout).toMatch(/^6 users with an error, not counted above$/m)
  })

  test('longer than the limit are read past', async () => {
    const long = Buffer.alloc(64 * 1024 * 1024 + 1, 'x')
    const whole = Buffer.concat([Buffer.from('{"userID":"a"}\n'), long, Buffer.from('\n{"userID":"b"}\n')])
    const { code, stdout, stderr } = await workspace.runWithInput(whole, ...evaluate)
    expect(code).toBe(1)
    expect(parsedLines(stdout).map((result) => [result.user, result.error?.code])).toEqual([
      [0, undefined],
      [1, 'USER_TOO_LONG'],
      [2, undefined],
    ])
    expect(stderr).toContain('standard input line 2: USER_TOO_LONG: longer than 64 MiB')
  })

  test('do not reach the terminal with their control characters', async () => {
    const { stderr } = await workspace.runWithInput('\u001b[31mred\u0007\n', ...evaluate)
    expect(stderr).toContain('USER_NOT_JSON')
    expect(stderr).not.toContain('\u001b')
    expect(stderr).not.toContain('\u0007')
  })
})

describe('hostile users have a defined answer and the next one is right', () => {
  const hostile = {
    'an IP that is none': '{"userID":"x","ip":"256.1.1.1"}',
    'a lone surrogate': '{"userID":"\\ud800","custom":{"\\udfff":"\\ud800"}}',
    'NUL characters': '{"userID":"a\\u0000b","email":"\\u0000"}',
    'a value 10,000 deep': `{"userID":"x","custom":{"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`,
    'an attribute of 1 MB': `{"userID":"x","email":"${'x'.repeat(1_000_000)}"}`,
    'a key that is a prototype': '{"userID":"x","__proto__":{"email":"a@example.com"},"custom":{"__proto__":1}}',
    'fields of the wrong types': '{"userID":{"a":1},"customIDs":"x","custom":[1],"email":7}',
    'nothing at all': '{}',
  }
  test.each(Object.entries(hostile))('%s', async (_, line) => {
    const input = `${line}\n{"userID":"next","email":"a@example.com"}\n`
    const args = ['eval', '--specs', 'specs.json', '--users', '-'] as const
    const { code, signal, stdout } = await workspace.runWithInput(input, ...args)
    expect(signal).toBeNull()
    const [first, next] = parsedLines(stdout)
    if (first.error === undefined) expect(first.gates.everyone.value).toBe(true)
    else expect(first.error).toEqual({ code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String) })
    expect(code).toBe(first.error === undefined ? 0 : 1)
    expect(next.user).toBe(1)
    expect(next.gates['segment:staff'].value).toBe(true)
    expect((await workspace.runWithInput(input, ...args, '--backend', 'native')).stdout).toBe(stdout)
  })
})

describe('bad specs', () => {
  test('that do not parse are one error with the position', async () => {
    workspace.write('cut.json', JSON.stringify(smallSpecs()).slice(0, 500))
    for (const args of [
      ['eval', '--specs', 'cut.json', '--users', '-'],
      ['inspect', '--specs', 'cut.json'],
    ]) {
      const { code, stdout, stderr } = await workspace.run(...args)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
      expect(stderr).toMatch(
        /^framegate: --specs cut\.json: .* line 1, column \d+ .*; pass a download_config_specs payload/,
      )
    }
  })

  test.each([['[]'], ['"text"'], ['{}'], [''], ['\u0000'], ['{"has_updates":true,"time":1}']])(
    '%j is refused',
    async (content) => {
      workspace.write('wrong.json', content)
      const { code, stdout, stderr } = await workspace.run('eval', '--specs', 'wrong.json', '--users', '-')
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^framegate: --specs wrong\.json: /)
      expect(stderr, 'no stack trace').not.toMatch(/\n\s+at /)
    },
  )

  test('among good ones are dropped and named, and the good ones evaluated', async () => {
    const specs = smallSpecs()
    const { salt: _, ...withoutSalt } = specs.feature_gates.half
    workspace.write('dropped.json', { ...specs, feature_gates: { ...specs.feature_gates, half: withoutSalt } })
    const { code, stdout, stderr } = await workspace.runWithInput(
      '{"userID":"a"}',
      'eval',
      '--specs',
      'dropped.json',
      '--users',
      '-',
    )
    expect(code).toBe(0)
    expect(stderr).toMatch(/^framegate: warning: dropped\.json: gate "half" was dropped: .*salt/)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    const [result] = parsedLines(stdout)
    expect(result.gates.half).toBeUndefined()
    expect(result.gates.everyone.value).toBe(true)

    const named = await workspace.run('eval', '--specs', 'dropped.json', '--users', '-', '--gates', 'half')
    expect(named.code).toBe(2)
    expect(named.stderr).toMatch(/no gate "half" in use: it was dropped while loading/)
  })
})
