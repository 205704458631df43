// The few imports that a standalone module of Emscripten or wasi-sdk has without using a file or the clock: output goes
// to the console, everything else says that it is not supported.

const ENOSYS = 52

/** What the module imports of WASI and of Emscripten's environment, with an answer for each. */
export function wasiImports(module: WebAssembly.Module, memory: () => WebAssembly.Memory): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {}
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
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
        data.setUint32(count, 0, true)
        data.setUint32(bytes, 0, true)
        return 0
      }
    case 'environ_get':
    case 'args_get':
      return () => 0
    default:
      return () => ENOSYS
  }
}

/** Gathers lines, for consoles print nothing less. */
function writer(memory: () => WebAssembly.Memory): (...parameters: number[]) => number {
  const decoders = new Map<number, TextDecoder>()
  const lines = new Map<number, string>()
  return (descriptor = 0, vectors = 0, count = 0, written = 0) => {
    const { buffer } = memory()
    const data = new DataView(buffer)
    const decoder = decoders.get(descriptor) ?? new TextDecoder()
    decoders.set(descriptor, decoder)
    let total = 0
    let text = lines.get(descriptor) ?? ''
    for (let vector = vectors; vector < vectors + count * 8; vector += 8) {
      const length = data.getUint32(vector + 4, true)
      text += decoder.decode(new Uint8Array(buffer, data.getUint32(vector, true), length), { stream: true })
      total += length
    }
    const end = text.lastIndexOf('\n')
    if (end >= 0) (descriptor === 2 ? console.error : console.log)(text.slice(0, end))
    lines.set(descriptor, text.slice(end + 1))
    data.setUint32(written, total, true)
    return 0
  }
}
