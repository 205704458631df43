// The few imports that a standalone module of Emscripten or wasi-sdk has without using a file or the clock: output goes
// to the console, everything else says that it is not supported.

import { moduleImports } from './module-imports.ts'

const EFAULT = 21
const EINVAL = 28
const ENOSYS = 52

/** As many as systems take at once. */
const MOST_VECTORS = 1024
/** More is written by the guest's next calls, as on any system: its vectors may say that all of memory is to be printed, each. */
const MOST_BYTES = 1 << 20
const LONGEST_LINE = 64 * 1024
const NEWLINE = 10

/** What the module imports of WASI and of Emscripten's environment, with an answer for each. */
export function wasiImports(module: WebAssembly.Module, memory: () => WebAssembly.Memory): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {}
  for (const { module: from, name, kind } of moduleImports(module)) {
    if (kind !== 'function') continue
    if (from === 'wasi_snapshot_preview1') {
      imports[from] ??= {}
      imports[from][name] = wasiFunction(name, memory)
    } else if (from === 'env' && name === 'emscripten_notify_memory_growth') {
      // Views are renewed before each use, so nobody needs to be told.
      imports[from] = { ...imports[from], [name]: () => {} }
    }
  }
  return imports
}

function wasiFunction(name: string, memory: () => WebAssembly.Memory): (...parameters: number[]) => number {
  switch (name) {
    case 'fd_write':
      return writer(memory)
    case 'fd_close':
      return () => 0
    case 'proc_exit':
      return (code) => {
        throw new Error(`the guest called exit(${code})`)
      }
    case 'environ_sizes_get':
    case 'args_sizes_get':
      return (count = 0, bytes = 0) => {
        const data = new DataView(memory().buffer)
        data.setUint32(count >>> 0, 0, true)
        data.setUint32(bytes >>> 0, 0, true)
        return 0
      }
    case 'environ_get':
    case 'args_get':
      return () => 0
    default:
      return () => ENOSYS
  }
}

/** Gathers lines, for consoles print nothing less. A text without an end of line is printed in parts. */
function writer(memory: () => WebAssembly.Memory): (...parameters: number[]) => number {
  const begun = new Map<number, Uint8Array>()
  return (descriptor = 0, vectors = 0, count = 0, written = 0) => {
    if (count >>> 0 > MOST_VECTORS) return EINVAL
    const { buffer } = memory()
    const data = new DataView(buffer)
    const pieces = [begun.get(descriptor) ?? new Uint8Array()]
    let total = 0
    try {
      for (let vector = vectors >>> 0; pieces.length <= count && total < MOST_BYTES; vector += 8) {
        const whole = new Uint8Array(buffer, data.getUint32(vector, true), data.getUint32(vector + 4, true))
        const piece = whole.subarray(0, MOST_BYTES - total)
        pieces.push(piece)
        total += piece.length
      }
      data.setUint32(written >>> 0, total, true)
    } catch {
      // An address beyond memory.
      return EFAULT
    }
    const bytes = joined(pieces)
    const newline = bytes.lastIndexOf(NEWLINE)
    const end = newline < 0 && bytes.length > LONGEST_LINE ? bytes.length : newline
    // A decoder of its own each time: Safari's fails for good once it has decoded 2 GiB.
    if (end >= 0) (descriptor === 2 ? console.error : console.log)(new TextDecoder().decode(bytes.subarray(0, end)))
    begun.set(descriptor, bytes.slice(end === newline ? end + 1 : end))
    return 0
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
