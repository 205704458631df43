/** The core runs in every runtime, and under every content security policy: it imports nothing of Node's and compiles no text. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from './support/data.ts'

const sourceFolder = join(projectFolder, 'src')
const coreEntries = [
  'index.ts',
  'ffi/index.ts',
  'ffi/worker.ts',
  'evaluator/index.ts',
  'pool/threads.ts',
  'workerd.ts',
  'browser.ts',
]
const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"]+)\1/g

test('core modules import only one another', () => {
  const foreign: string[] = []
  for (const file of coreFiles())
    for (const specifier of importsOf(file))
      if (!specifier.startsWith('.')) foreign.push(`${relative(projectFolder, file)} imports ${specifier}`)
  expect(foreign).toEqual([])
})

test('core modules name no global of Node', () => {
  const found = coreFiles().flatMap((file) => {
    const names = codeOf(file).match(/\b(?:process|Buffer|require|__dirname|globalThis\.process)\b(?=[.([])/g) ?? []
    return names.map((name) => `${relative(projectFolder, file)} uses ${name}`)
  })
  expect(found).toEqual([])
})

test('no source compiles text: neither eval nor new Function', () => {
  const found = allFiles().filter((file) => /\beval\s*\(|\bnew\s+Function\b/.test(codeOf(file)))
  expect(found.map((file) => relative(projectFolder, file))).toEqual([])
})

test('no layer imports one above it', () => {
  const upward = allFiles().flatMap((file) => {
    const layer = relative(sourceFolder, file).split('/')[0]!
    const above = { ffi: ['evaluator', 'pool', 'cli'], evaluator: ['pool', 'cli'], pool: ['cli'] }[layer] ?? []
    const targets = importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => relative(sourceFolder, resolve(dirname(file), specifier)))
    return targets
      .filter((target) => above.includes(target.split('/')[0]!))
      .map((target) => `${relative(sourceFolder, file)} imports ${target}`)
  })
  expect(upward).toEqual([])
})

test.each([
  ['evaluator', /\/ffi\/(?!index\.ts$)/],
  ['pool', /\/(ffi\/|evaluator\/(?!index\.ts$))/],
])('%s uses only the public surface of the layer below', (layer, below) => {
  const deep = allFiles()
    .filter((file) => relative(sourceFolder, file).startsWith(`${layer}/`))
    .flatMap((file) =>
      importsOf(file)
        .filter((specifier) => below.test(specifier))
        .map((specifier) => `${relative(sourceFolder, file)} imports ${specifier}`),
    )
  expect(deep).toEqual([])
})

/** What the core entries reach, following imports. */
function coreFiles(): string[] {
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const specifier of importsOf(file)) if (specifier.startsWith('.')) visit(resolve(dirname(file), specifier))
  }
  for (const entry of coreEntries) visit(join(sourceFolder, entry))
  return [...reached]
}

function importsOf(file: string): string[] {
  return [...codeOf(file).matchAll(importPattern)].map(([, , specifier]) => specifier!)
}

function codeOf(file: string): string {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}

function allFiles(): string[] {
  return readdirSync(sourceFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(sourceFolder, name))
}
