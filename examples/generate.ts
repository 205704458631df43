/**
 * Makes the example project, deterministically.
 *
 *     npx tsx examples/generate.ts                                          writes shop.specs.json and id-lists/
 *     npx tsx examples/generate.ts --users 10000 --output FILE [--seed N]   writes that many users, one JSON object a line
 *
 * Users stream, so a million of them take no more memory than ten.
 */

import { createHash } from 'node:crypto'
import { createWriteStream, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { addConfigs } from './generator/configs.ts'
import { addExperiments } from './generator/experiments.ts'
import { APP_ID, addGates } from './generator/gates.ts'
import { addLayers } from './generator/layers.ts'
import { layOut } from './generator/layout.ts'
import { Project } from './generator/project.ts'
import { addSegments } from './generator/segments.ts'
import { DEFAULT_SEED, idListMembers, userAt } from './generator/users.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const LAST_CHANGE = Date.UTC(2025, 6, 1, 9, 30)
const USERS_PER_CHUNK = 256

/** The text of the payload. */
export function specsText(): string {
  const shop = new Project()
  addSegments(shop)
  addGates(shop)
  addConfigs(shop)
  addLayers(shop)
  addExperiments(shop)
  return `${layOut(shop.payload({ time: LAST_CHANGE, appID: APP_ID, idLists: Object.keys(idListMembers()) }))}\n`
}

/** The text of each ID list: a line per member, `+` and the first eight characters of its hash in base64. */
export function idListTexts(): Record<string, string> {
  const line = (id: string): string => `+${createHash('sha256').update(id).digest('base64').slice(0, 8)}\n`
  return Object.fromEntries(
    Object.entries(idListMembers()).map(([name, ids]) => [name, [...new Set(ids)].map(line).join('')]),
  )
}

/** Users as NDJSON, in chunks large enough that writing them is not dominated by the number of writes. */
export function* userChunks(count: number, seed: number): Generator<string> {
  for (let from = 0; from < count; from += USERS_PER_CHUNK) {
    const lines = Array.from({ length: Math.min(USERS_PER_CHUNK, count - from) }, (_, offset) =>
      JSON.stringify(userAt(from + offset, seed)),
    )
    yield `${lines.join('\n')}\n`
  }
}

/** Writes users to a file, and the folder it belongs in. The file appears under its name only when it is complete. */
export async function writeUsers(file: string, count: number, seed: number = DEFAULT_SEED): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const unfinished = `${file}.${process.pid}.part`
  await pipeline(Readable.from(userChunks(count, seed), { objectMode: false }), createWriteStream(unfinished))
  renameSync(unfinished, file)
}

function writeProject(): void {
  writeFileSync(join(HERE, 'shop.specs.json'), specsText())
  mkdirSync(join(HERE, 'id-lists'), { recursive: true })
  for (const [name, text] of Object.entries(idListTexts())) writeFileSync(join(HERE, 'id-lists', name), text)
}

function fail(message: string): never {
  process.stderr.write(`generate: ${message}\nusage: generate.ts [--users COUNT --output FILE [--seed NUMBER]]\n`)
  process.exit(2)
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) fail(`--${option} takes a whole number of at most nine digits, not "${text}"`)
  return Number(text)
}

async function main(): Promise<void> {
  const { values } = readOptions()
  if (values.users === undefined && values.output === undefined && values.seed === undefined) return writeProject()
  if (values.users === undefined || values.output === undefined) fail('--users and --output belong together')
  await writeUsers(
    values.output,
    wholeNumber('users', values.users),
    values.seed === undefined ? DEFAULT_SEED : wholeNumber('seed', values.seed),
  )
}

function readOptions() {
  try {
    return parseArgs({ options: { users: { type: 'string' }, output: { type: 'string' }, seed: { type: 'string' } } })
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
