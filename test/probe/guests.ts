// The probe on both backends.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import koffi from 'koffi'
import type { Guest } from '../../src/ffi/index.ts'
import type { Backend } from '../support/backends.ts'
import { projectFolder } from '../support/data.ts'

const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'

/** Compiled once: what instances share is code. */
const module = new WebAssembly.Module(readFileSync(join(projectFolder, 'dist/probe.wasm')))

export function probe(backend: Backend): Guest<undefined> {
  if (backend === 'wasm') return { module }
  return { library: join(projectFolder, `dist/libprobe-linux-${architecture}.so`), koffi }
}
