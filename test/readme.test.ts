/**
 * Every TypeScript block of these documents is a program: it is written to a file inside the package, where
 * `import 'framegate'` finds `dist/`, and must run to its end. Where a block says what it prints
 * (`console.log(value) // printed`, on every such line), that is checked too.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectFolder } from './support/data.ts'

const folder = join(projectFolder, '.cache/readme')

describe.each(['README.md', 'docs/isolation.md'])('%s', (document) => {
  const text = readFileSync(join(projectFolder, document), 'utf8')
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)

  test('has TypeScript in it', () => {
    expect(blocks.length).toBeGreaterThan(0)
  })

  blocks.forEach((code, index) => {
    test(`block ${index + 1} runs: ${code.split('\n', 1)[0]}`, () => {
      mkdirSync(folder, { recursive: true })
      const file = join(folder, `${basename(document, '.md')}-${index + 1}.ts`)
      writeFileSync(file, code)
      const run = spawnSync(process.execPath, ['--import', 'tsx', file], {
        cwd: projectFolder,
        encoding: 'utf8',
        timeout: 60_000,
      })
      expect(run.stderr).toBe('')
      expect(run.status).toBe(0)
      // `console.log(value) // printed`: the comments are a promise.
      const promised = [...code.matchAll(/^\s*console\.log\(.*\)\s*\/\/ (.*)$/gm)].map(([, text]) => text)
      if (promised.length > 0) expect(run.stdout.trimEnd().split('\n')).toEqual(promised)
    })
  })
})
