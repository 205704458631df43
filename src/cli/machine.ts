/** On what something was measured: facts without which its figures cannot be compared. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { built, engineLibraryName, probeLibraryName, probeModuleName } from './built-files.ts'
import { isInstalled, packageVersion } from './packages.ts'

export interface MachineFacts {
  readonly processor: string
  readonly cores: number
  /** In bytes. */
  readonly memory: number
  readonly system: string
  readonly node: string
  readonly framegate: string
  /** `null` where it is not installed. */
  readonly koffi: string | null
  /** SHA-256 of the guests that ran, in hexadecimal, by file name. */
  readonly guests: Readonly<Record<string, string>>
  /** When the run ended, as ISO 8601. */
  readonly time: string
}

export function machineFacts(): MachineFacts {
  const here = fileURLToPath(new URL('.', import.meta.url))
  const guests = ['engine.wasm', probeModuleName, engineLibraryName, probeLibraryName].filter((name) =>
    existsSync(built(name)),
  )
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${process.platform} ${release()}, ${process.arch}`,
    node: process.version,
    framegate: (createRequire(import.meta.url)('../../package.json') as { version: string }).version,
    koffi: isInstalled('koffi', here) ? packageVersion('koffi', here) : null,
    guests: Object.fromEntries(guests.map((name) => [name, sha256(built(name))])),
    time: new Date().toISOString(),
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
