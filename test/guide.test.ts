/**
 * The guide of docs/ffi.md is one C file and one program, spread over its sections: both are put together here, built with the
 * commands that it names, and every `console.log(…) // printed` is a promise.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { projectFolder } from './support/data.ts'

const guide = readFileSync(join(projectFolder, 'docs/ffi.md'), 'utf8')
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code]) => code!)
const folder = join(projectFolder, '.cache/guide')
const snippets = blocks('ts')
/** Printed after each snippet, so that its lines are told apart from the next one's. */
const divider = '--- next snippet'
const promise = /^\s*console\.log\(.*\) \/\/ (.*)$/gm

describe('docs/ffi.md', () => {
  let printed: string[] = []

  beforeAll(() => {
    mkdirSync(folder, { recursive: true })
    const source = blocks('c').join('\n')
    writeFileSync(join(folder, 'guide.c'), source)
    const functions = [...source.matchAll(/^(?!static|typedef)\w[\w ]*[ *](\w+)\(.*\) \{/gm)].map(
      ([, name]) => `_${name}`,
    )
    writeFileSync(join(folder, 'exports.txt'), JSON.stringify([...functions, '_malloc', '_free']))
    const commands = [...guide.matchAll(/^ {4}((?:emcc|gcc) .*)$/gm)].map(([, command]) => command!)
    expect(commands).toHaveLength(2)
    for (const command of commands) {
      run([join(projectFolder, 'build/toolchain.sh'), 'run', 'bash', '-c', command])
    }
    const program = snippets.map((code) => `${code}\nconsole.log('${divider}')\n`).join('\n')
    writeFileSync(join(folder, 'guide.ts'), program)
    printed = run([process.execPath, '--import', 'tsx', 'guide.ts']).split(`${divider}\n`)
  })

  snippets.forEach((code, index) => {
    const promised = [...code.matchAll(promise)].map(([, text]) => text)
    test(`snippet ${index + 1} prints what it says: ${promised.join(', ')}`, () => {
      expect(promised.length + (code.match(/console\.log/g)?.length ?? 0)).toBe(2 * promised.length)
      const lines = printed[index]?.split('\n').slice(0, -1)
      expect(lines?.map((line) => line.trimEnd())).toEqual(promised.map((line) => line?.trimEnd()))
    })
  })
})

function run([program, ...parameters]: string[]): string {
  const ended = spawnSync(program as string, parameters, { cwd: folder, encoding: 'utf8', timeout: 100_000 })
  expect(ended.stderr).toBe('')
  expect(ended.status).toBe(0)
  return ended.stdout
}
