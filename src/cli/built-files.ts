/** Where the engine's and the probe's builds are, seen from the build itself or from the sources; what a backend lacks here. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Koffi } from '../ffi/index.ts'

const require = createRequire(import.meta.url)

/** Path of a file of the build, whether it is there or not. */
export function built(name: string): string {
  const places = [`../${name}`, `../../dist/${name}`].map((place) => fileURLToPath(new URL(place, import.meta.url)))
  return places.find(existsSync) ?? (places.at(-1) as string)
}

export const probeModuleName = 'probe.wasm'

/** The probe as a shared object for this machine. */
export const probeLibraryName = `libprobe-${process.platform}-${process.arch}.so`

/** The engine as a shared object for this machine. */
export const engineLibraryName = `libframegate-${process.platform}-${process.arch}.so`

/** Loads koffi. */
export function loadKoffi(): Koffi {
  return require('koffi') as Koffi
}

/** Why the native backend cannot run here; `undefined` when it can. */
export function nativeObstacle(): string | undefined {
  for (const name of [probeLibraryName, engineLibraryName])
    if (!existsSync(built(name))) return `${built(name)} does not exist; run \`make build\``
  try {
    loadKoffi()
    return undefined
  } catch {
    return 'the package koffi is not installed; run `npm install koffi`'
  }
}
