/**
 * Where test data lies. The fixtures are the project's own; the shared data belongs to others and is read from `../shared`
 * beside the clone when it is there. A suite that cannot run without it says so in one printed line and is counted as skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe } from 'vitest'

export const projectFolder = resolve(import.meta.dirname, '../..')
export const fixturesFolder = join(projectFolder, 'test/fixtures')
const sharedFolder = resolve(projectFolder, '../shared/data/statsig')
const hasSharedData = existsSync(sharedFolder)

/** A path below the shared data. Only valid inside a suite made by {@link describeWithSharedData}. */
export function sharedPath(...parts: string[]): string {
  return join(sharedFolder, ...parts)
}

export { hasSharedData }

/** As `describe`, but skipped, with the reason printed, when the shared data is not beside the clone. */
export function describeWithSharedData(name: string, suite: () => void): void {
  if (!hasSharedData) console.log(`skipped: ${name} (needs ../shared/data/statsig, which is absent)`)
  describe.skipIf(!hasSharedData)(name, suite)
}

/** A file's text; `.gz` is decompressed. */
export function readText(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** The values of a file with one JSON text a line; `.gz` is decompressed. */
export function readLines<Value>(path: string): Value[] {
  return readText(path)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Value)
}

/** Every file of a folder as an ID list: its name is the list's, its text the list's body. */
export function readIdLists(folder: string): Record<string, string> {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(files.map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]))
}
