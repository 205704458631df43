/** The guests of this folder, which are written in WebAssembly's text format: they do what no compiler would let them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import wabt from 'wabt'

const { parseWat } = await wabt()
const modules = new Map<string, WebAssembly.Module>()

/** The module in `test/wat/<name>.wat`, compiled once per test file. */
export function compiledWat(name: string): WebAssembly.Module {
  const known = modules.get(name)
  if (known !== undefined) return known
  const file = `${name}.wat`
  const parsed = parseWat(file, readFileSync(join(import.meta.dirname, file), 'utf8'), {
    bulk_memory: true,
    threads: true,
  })
  try {
    const module = new WebAssembly.Module(new Uint8Array(parsed.toBinary({}).buffer))
    modules.set(name, module)
    return module
  } finally {
    parsed.destroy()
  }
}
