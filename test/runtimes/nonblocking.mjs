/**
 * `RUNTIME nonblocking.mjs PROBE.WASM web|thread`: nonblocking symbols in a web worker or in a thread of Node's kind, on a runtime that has
 * both. It prints a line for each thing that it sees, and ends by itself once the library is closed.
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { open } from '../../dist/ffi/index.js'
import { ffiWorker } from '../../dist/node.js'

const [module, kind] = process.argv.slice(2)
const nonblocking = true
const ownedText = { type: 'cstring', free: 'probe_free' }
const workers = []
const library = open(
  { module: new WebAssembly.Module(readFileSync(module)) },
  {
    alloc: { symbol: 'probe_alloc', parameters: ['u64'], result: ownedText, nonblocking },
    xor: {
      symbol: 'probe_buffer_xor',
      parameters: [{ inout: 'buffer' }, { lengthOf: 0 }, 'u8'],
      result: 'void',
      nonblocking,
    },
    trap: { symbol: 'probe_trap', parameters: [], result: 'void', nonblocking },
    live: { symbol: 'probe_live_allocations', parameters: [], result: 'i32', nonblocking },
  },
  {
    worker() {
      workers.push(kind === 'web' ? webWorker() : ffiWorker())
      return workers.at(-1)
    },
  },
)
const { symbols } = library

/** The first one fails when it is called, the others are right. */
function webWorker() {
  const script = workers.length === 0 ? './failing-worker.mjs' : '../../dist/ffi/worker.js'
  return new Worker(new URL(script, import.meta.url), { type: 'module' })
}

const codeOf = (promise) => promise.then(String, ({ code }) => code)

console.log('first call', await codeOf(symbols.live()))
const seeds = Array.from({ length: 64 }, (_, index) => BigInt(index) * 15485863n)
const texts = await Promise.all(seeds.map((seed) => symbols.alloc(seed)))
console.log('own values', texts.filter((text, index) => text.match(/^\d+/)[0] === String(seeds[index])).length)
const bytes = Uint8Array.of(1, 2, 3)
await symbols.xor(bytes, 255)
console.log('filled', bytes.join())
console.log('trapped', await codeOf(symbols.trap()))
console.log('live', await symbols.live(), 'workers', workers.length)
const last = codeOf(symbols.live())
library.close()
console.log('closed', await last)
