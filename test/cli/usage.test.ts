import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import packageDescription from '../../package.json' with { type: 'json' }
import { finished, Workspace } from './command.ts'
import { smallSpecs } from './small-specs.ts'

const workspace = new Workspace()
workspace.write('specs.json', smallSpecs())
workspace.write('users.ndjson', '{"userID":"a"}\n')
mkdirSync(join(workspace.folder, 'folder'))
afterAll(() => workspace[Symbol.dispose]())

const evaluate = ['eval', '--specs', 'specs.json', '--users', 'users.ndjson'] as const

describe('help and version', () => {
  test.each([
    [['--help'], 'framegate eval|inspect'],
    [['-h'], 'framegate eval|inspect'],
    [['eval', '--help'], '--users=<FILE>'],
    [['eval', '--specs', 'specs.json', '-h'], '--users=<FILE>'],
    [['inspect', '--help'], '--json'],
  ])('%j prints usage with examples and ends with 0', async (args, expected) => {
    const { code, stdout, stderr } = await workspace.run(...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(expected)
    expect(stdout).toMatch(/EXAMPLES\n\n {2}# .+\n {2}.*framegate (eval|inspect) --specs/)
    expect(stdout, 'no colours into a pipe').not.toContain('\u001b')
  })

  test('--version prints the version of the package', async () => {
    expect(await workspace.run('--version')).toMatchObject({ code: 0, stdout: `${packageDescription.version}\n` })
  })
})

describe('wrong usage ends with 2, nothing on standard output, and one message that says what to do', () => {
  test.each([
    ['no command', [], /^framegate: no command given[\s\S]*EXAMPLES/],
    ['an unknown command', ['evla'], /unknown command "evla"; did you mean "eval"\? Run `framegate --help`/],
    ['an unknown command that is a property of all objects', ['constructor'], /unknown command "constructor"/],
    ['an unknown option', [...evaluate, '--thread', '2'], /unknown option "--thread"; did you mean "--threads"\?/],
    ['an unknown short option', [...evaluate, '-t'], /unknown option "-t"\. Run `framegate eval --help`/],
    [
      'an option in another spelling',
      [...evaluate, '--idLists', 'x'],
      /unknown option "--idLists"; did you mean "--id-lists"/,
    ],
    ['a negated option', [...evaluate, '--no-output'], /unknown option "--no-output"/],
    ['a stray argument', [...evaluate, 'more.ndjson'], /unexpected argument "more\.ndjson"/],
    ['a missing required option', ['eval', '--users', 'users.ndjson'], /--specs FILE is required/],
    ['both required options missing', ['eval'], /--specs FILE and --users FILE are required/],
    [
      'an option without its value at the end',
      ['eval', '--users', 'users.ndjson', '--specs'],
      /--specs needs a value: --specs FILE/,
    ],
    [
      'an option without its value before another',
      ['eval', '--specs', '--users', 'users.ndjson'],
      /--specs needs a value/,
    ],
    ['an empty value', [...evaluate, '--output='], /--output needs a value/],
    ['an option given twice', [...evaluate, '--gates', 'half', '--gates', 'everyone'], /--gates is given twice/],
    ['a value where none is taken', ['inspect', '--specs', 'specs.json', '--json=yes'], /--json takes no value/],
    ['a value that is not a choice', [...evaluate, '--backend', 'jvm'], /--backend must be wasm or native, not "jvm"/],
    ['a format that is not a choice', [...evaluate, '--format=csv'], /--format must be ndjson or table, not "csv"/],
    [
      'threads that are no number',
      [...evaluate, '--threads', 'two'],
      /--threads must be a whole number from 1 to \d+, not "two"/,
    ],
    ['no threads', [...evaluate, '--threads', '0'], /--threads must be a whole number from 1/],
    ['half a thread', [...evaluate, '--threads', '1.5'], /--threads must be a whole number/],
    ['a time that is no number', [...evaluate, '--now', '2026-01-01'], /--now must be a whole number/],
    ['a time before 1970', [...evaluate, '--now=-1'], /--now must be a whole number/],
    ['an empty list of names', [...evaluate, '--gates', ' , '], /--gates needs at least one name/],
    [
      'an unknown gate',
      [...evaluate, '--gates', 'everyon'],
      /--gates: the specs have no gate "everyon"; the nearest names are "everyone"/,
    ],
    [
      'an unknown config',
      [...evaluate, '--configs', 'Banners'],
      /--configs: the specs have no config "Banners"; the nearest names are "banner"/,
    ],
    [
      'an unknown layer',
      [...evaluate, '--layers', 'look'],
      /--layers: the specs have no layer "look"; the nearest names are "looks"/,
    ],
    [
      'a name of another kind',
      [...evaluate, '--gates', 'looks'],
      /no gate "looks", but a layer of that name; give it as --layers looks/,
    ],
    [
      'a name like no other',
      [...evaluate, '--gates', 'xyzzyxyzzy'],
      /no gate "xyzzyxyzzy", nor one spelled nearly so; `framegate inspect --json` lists/,
    ],
    [
      'output over the users',
      [...evaluate, '--output', './users.ndjson'],
      /--output \.\/users\.ndjson is the same file as --users/,
    ],
    [
      'output over the specs',
      [...evaluate, '--output', 'specs.json'],
      /--output specs\.json is the same file as --specs/,
    ],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await workspace.run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr, 'no stack trace').not.toMatch(/\n\s+at /)
  })

  test('each of several unknown names is answered', async () => {
    const { code, stderr } = await workspace.run(...evaluate, '--gates', 'everyon,haf', '--layers', 'lok')
    expect(code).toBe(2)
    expect(stderr.trimEnd().split('\n')).toHaveLength(3)
  })
})

describe('what cannot be done ends with 1 and one message that names the file and what to do', () => {
  test.each([
    [
      'specs that are not there',
      ['eval', '--specs', 'none.json', '--users', 'users.ndjson'],
      /--specs: none\.json does not exist; check the path/,
    ],
    [
      'users that are not there',
      ['eval', '--specs', 'specs.json', '--users', 'none'],
      /--users: none does not exist; check the path/,
    ],
    [
      'specs that are a folder',
      ['eval', '--specs', 'folder', '--users', 'users.ndjson'],
      /--specs: folder is a folder; name a file/,
    ],
    [
      'users that are a folder',
      ['eval', '--specs', 'specs.json', '--users', 'folder'],
      /--users: folder is a folder; name a file/,
    ],
    ['ID lists that are not there', [...evaluate, '--id-lists', 'none'], /--id-lists: none does not exist/],
    ['ID lists that are a file', [...evaluate, '--id-lists', 'specs.json'], /--id-lists: specs\.json is not a folder/],
    [
      'output into no folder',
      [...evaluate, '--output', 'none/results'],
      /--output: none\/results lies in a folder that does not exist/,
    ],
    [
      'output onto a full disk',
      [...evaluate, '--output', '/dev/full'],
      /--output: \/dev\/full cannot be written: the disk is full/,
    ],
    ['inspecting specs that are not there', ['inspect', '--specs', 'none.json'], /--specs: none\.json does not exist/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await workspace.run(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr, 'no stack trace').not.toMatch(/\n\s+at /)
  })
})

test('a missing shared object is named with the file looked for and what to do, and wasm goes on working', async () => {
  const repository = fileURLToPath(new URL('../..', import.meta.url))
  const copy = join(workspace.folder, 'copy')
  const isNotNative = (path: string) => !path.endsWith('.so')
  cpSync(join(repository, 'dist'), join(copy, 'dist'), { recursive: true, filter: isNotNative })
  cpSync(join(repository, 'package.json'), join(copy, 'package.json'))
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'))
  const run = (backend: string) =>
    finished(
      spawn(process.execPath, [join(copy, 'dist/cli/main.js'), ...evaluate, '--backend', backend], {
        cwd: workspace.folder,
      }),
    )
  const { code, stdout, stderr } = await run('native')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^framegate: \S+libframegate-\w+-\w+\.so does not exist; .*(make build|wasm)/)
  expect(stderr, 'no stack trace').not.toMatch(/\n\s+at /)
  expect((await run('wasm')).code).toBe(0)
})
