/** The probe's module, instantiated without the shim: what the controls show must not depend on what they are to judge. */

export interface ProbeInstance {
  /** Returns the address of a new text with the seed in decimal. */
  alloc(seed: bigint): number
  free(address: number): void
  /** The hash of a text, taken before and after the callback; 0 where they differ. */
  hashAround(text: number, callback: () => void): number
  /** Memory that is never freed. */
  allocate(size: number): number
  /** The text at an address, up to its NUL. */
  textAt(address: number): string
  /** Writes ASCII and a NUL. */
  writeText(address: number, text: string): void
}

interface Exports {
  readonly memory: WebAssembly.Memory
  readonly __indirect_function_table: WebAssembly.Table
  readonly _initialize?: () => void
  readonly malloc: (size: number) => number
  readonly probe_alloc: (seed: bigint) => number
  readonly probe_free: (address: number) => void
  readonly probe_hash_around: (text: number, callback: number, depth: number, userdata: number) => number
}

export function instantiateProbe(module: WebAssembly.Module): ProbeInstance {
  const exports = new WebAssembly.Instance(module, importsOf(module)).exports as unknown as Exports
  exports._initialize?.()
  let bytes = new Uint8Array(exports.memory.buffer)
  const view = () => {
    // Growth detaches the old view.
    if (bytes.length === 0) bytes = new Uint8Array(exports.memory.buffer)
    return bytes
  }
  let callback: () => void = () => {}
  const callbackPointer = tableSlot(exports.__indirect_function_table, () => callback())
  return {
    alloc: exports.probe_alloc,
    free: exports.probe_free,
    allocate: exports.malloc,
    hashAround(text, inner) {
      const outer = callback
      callback = inner
      try {
        return exports.probe_hash_around(text, callbackPointer, 0, 0) >>> 0
      } finally {
        callback = outer
      }
    },
    textAt(address) {
      let text = ''
      for (let at = address; view()[at]; at++) text += String.fromCharCode(view()[at] as number)
      return text
    },
    writeText(address, text) {
      for (let index = 0; index < text.length; index++) view()[address + index] = text.charCodeAt(index)
      view()[address + text.length] = 0
    },
  }
}

/** Growth needs no answer; nothing else that the C library might ask of its host is asked by the functions used here. */
function importsOf(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, () => void>> = {}
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') continue
    imports[from] ??= {}
    imports[from][name] = () => {
      if (name !== 'emscripten_notify_memory_growth') throw new Error(`the probe called its host's ${from}.${name}`)
    }
  }
  return imports
}

/**
 * Puts a function into the table, as a pointer to `int32_t (*)(int32_t, void *)`. A table takes none of JavaScript, but
 * what this module exports: its one import, as a function of WebAssembly.
 */
function tableSlot(table: WebAssembly.Table, call: () => void): number {
  const adapter = new WebAssembly.Module(
    Uint8Array.of(
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      // type 0: (i32, i32) -> i32
      ...[0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f],
      // import "h" "f": function of type 0
      ...[0x02, 0x07, 0x01, 0x01, 0x68, 0x01, 0x66, 0x00, 0x00],
      // export "f": function 0
      ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
    ),
  )
  const host = () => {
    call()
    return 0
  }
  const slot = table.grow(1)
  table.set(slot, new WebAssembly.Instance(adapter, { h: { f: host } }).exports.f)
  return slot
}
