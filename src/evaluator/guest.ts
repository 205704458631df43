// The engine as a guest of the shim: its functions (`wasm/engine/src/abi.rs`), and what instances of its builds need.

import { FramegateError, type WasmGuest } from '../ffi/index.ts'
import type { EngineLimits } from './types.ts'

/** What questions are answered with. */
export const ANSWERING = Object.freeze({
  framegate_evaluate: { parameters: ['usize', 'frame'], result: 'u32' },
  framegate_allocations: { parameters: [], result: 'f64' },
  framegate_panic: { parameters: ['frame', 'usize'], result: 'usize' },
} as const)

/** What specs are loaded with. */
export const LOADING = {
  framegate_abi_version: { parameters: [], result: 'u32' },
  framegate_prepare: { parameters: ['usize'], result: 'void' },
  framegate_load: { parameters: ['frame', 'usize', 'frame', 'usize'], result: 'usize' },
  framegate_unload: { parameters: ['usize'], result: 'void' },
  framegate_load_error: { parameters: ['frame', 'usize'], result: 'usize' },
  framegate_catalog: { parameters: ['usize', 'frame', 'usize'], result: 'usize' },
  framegate_seal: { parameters: ['usize'], result: 'usize' },
  framegate_id_list: { parameters: ['usize', 'frame', 'usize', 'frame', 'usize'], result: 'u32' },
  framegate_panic: ANSWERING.framegate_panic,
} as const

/** Everything, for a shared object, where what loads also answers. */
export const ENGINE = { ...LOADING, ...ANSWERING } as const

const PAGE = 65_536

/** The most memory that WebAssembly can address. */
export const MOST_BYTES = 65_536 * PAGE

/**
 * The guest of a build of the engine. `engine.metered.wasm` imports its memory, whose maximum is then the limit.
 *
 * @throws {@link FramegateError} `ARGUMENT_INVALID` for limits that are none, or that this build cannot keep
 */
export function engineGuest(module: WebAssembly.Module, limits: EngineLimits | undefined): WasmGuest<undefined> {
  const guest = {
    module,
    allocator: { alloc: 'framegate_alloc', free: 'framegate_free' },
    panicMessage: 'framegate_panic_message',
    memoryEnd: 'framegate_memory_end',
    stackFirst: true,
    interchangeable: MOST_BYTES,
  }
  const initial = initialPages(module)
  if (initial === undefined) {
    if (limits === undefined) return guest
    throw new FramegateError(
      'ARGUMENT_INVALID',
      'limits need the metered build of the engine; pass engine.metered.wasm as the module, or leave limits out',
    )
  }
  const maximum = maximumPages(limits?.maxBytes ?? MOST_BYTES, initial)
  const imports = () => ({ env: { memory: new WebAssembly.Memory({ initial, maximum }) } })
  return { ...guest, imports, fuel: 'framegate_fuel', interchangeable: maximum }
}

/** Of the memory that the metered build imports; asked of a module once, for its instances are many. */
const known = new WeakMap<WebAssembly.Module, { readonly pages: number | undefined }>()

function initialPages(module: WebAssembly.Module): number | undefined {
  let found = known.get(module)
  if (found === undefined) {
    const [section] = WebAssembly.Module.customSections(module, 'framegate.memory')
    found = { pages: section && new DataView(section).getUint32(0, true) }
    known.set(module, found)
  }
  return found.pages
}

function maximumPages(maxBytes: number, initial: number): number {
  const least = initial * PAGE
  if (maxBytes >= least && maxBytes <= MOST_BYTES) return Math.floor(maxBytes / PAGE)
  throw new FramegateError(
    'ARGUMENT_INVALID',
    `limits.maxBytes is ${maxBytes}; an instance of the engine takes ${least} bytes at the least, ${MOST_BYTES} at the most`,
  )
}
