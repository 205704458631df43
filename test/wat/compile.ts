/** The guests of this folder, which are written in WebAssembly's text format: they do what no compiler would let them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import wabt from 'wabt'

type WasmFeatures = NonNullable<Parameters<Awaited<ReturnType<typeof wabt>>['parseWat']>[2]>

const { parseWat } = await wabt()
const modules = new Map<string, WebAssembly.Module>()

/** The module in `test/wat/<name>.wat`, compiled once per test file. */
export function compiledWat(name: string): WebAssembly.Module {
  const known = modules.get(name)
  if (known !== undefined) return known
  const file = `${name}.wat`
  const module = new WebAssembly.Module(watBytes(readFileSync(join(import.meta.dirname, file), 'utf8'), file))
  modules.set(name, module)
  return module
}

/** The binary format of a text, which need not be valid. `file` is how errors name it. */
export function watBytes(text: string, file = 'test.wat', features: WasmFeatures = {}): Uint8Array<ArrayBuffer> {
  const parsed = parseWat(file, text, { bulk_memory: true, threads: true, ...features })
  try {
    return Uint8Array.from(parsed.toBinary({}).buffer)
  } finally {
    parsed.destroy()
  }
}
