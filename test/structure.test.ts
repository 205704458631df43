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
  'evaluator/worker.ts',
  'pool/threads.ts',
  'workerd.ts',
  'browser.ts',
]
const layersAbove: Readonly<Record<string, readonly string[]>> = {
  ffi: ['evaluator', 'pool', 'tenants', 'cli'],
  evaluator: ['pool', 'tenants', 'cli'],
  pool: ['cli', 'tenants'],
  tenants: ['cli', 'pool'],
}
const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"]+)\1/g

test('core modules import only one another', () => {
  const foreign: string[] = []
  for (const file of coreFiles())
    for (const specifier of importsOf(file))
      if (!specifier.startsWith('.')) foreign.push(`${relative(projectFolder, file)} imports ${specifier}`)
  expect(foreign).toEqual([])
})

test('core modules name no global of Node', () => {
  expect(coreFiles().flatMap(nodeGlobalsOf)).toEqual([])
})

test('core modules format nothing for a language: what Node knows of languages takes 30 ms and 7.7 MB to have', () => {
  const found = coreFiles().filter((file) => /\btoLocale\w*\(|\bIntl\./.test(codeOf(file)))
  expect(found.map((file) => relative(projectFolder, file))).toEqual([])
})

test('no source compiles text: neither eval nor new Function', () => {
  const found = allFiles().filter((file) => /\beval\s*\(|\bnew\s+Function\b/.test(codeOf(file)))
  expect(found.map((file) => relative(projectFolder, file))).toEqual([])
})

test('tenants run in every runtime too; of packages they import the cache alone', () => {
  const files = reachedFrom(['tenants/index.ts'])
  const packages = files.flatMap(importsOf).filter((specifier) => !specifier.startsWith('.'))
  expect(new Set(packages)).toEqual(new Set(['lru-cache']))
  expect(files.flatMap(nodeGlobalsOf)).toEqual([])
})

test('a layer does not import those above it', () => {
  const upward = allFiles().flatMap((file) => {
    const layer = relative(sourceFolder, file).split('/')[0]!
    const above = layersAbove[layer] ?? []
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
  ['tenants', /\/(ffi|evaluator)\/(?!index\.ts$)/],
  ['cli', /\/(ffi|evaluator)\/(?!index\.ts$)/],
])('%s uses only the public surface of the layers below', (layer, below) => {
  const deep = allFiles()
    .filter((file) => relative(sourceFolder, file).startsWith(`${layer}/`))
    .flatMap((file) =>
      importsOf(file)
        .filter((specifier) => below.test(specifier))
        .map((specifier) => `${relative(sourceFolder, file)} imports ${specifier}`),
    )
  expect(deep).toEqual([])
})

function nodeGlobalsOf(file: string): string[] {
  const names = codeOf(file).match(/\b(?:process|Buffer|require|__dirname|globalThis\.process)\b(?=[.([])/g) ?? []
  return names.map((name) => `${relative(projectFolder, file)} uses ${name}`)
}

function coreFiles(): string[] {
  return reachedFrom(coreEntries)
}

/** What entries reach, following imports. */
function reachedFrom(entries: readonly string[]): string[] {
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const specifier of importsOf(file)) if (specifier.startsWith('.')) visit(resolve(dirname(file), specifier))
  }
  for (const entry of entries) visit(join(sourceFolder, entry))
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
