// What a module brings: who made it, how it is instantiated, how it allocates. Each toolchain's ways are known here and
// nowhere else, and are recognised by what the caller hands over or by the module's exports.

import { FramegateError } from '../errors.ts'
import type { Toolchain } from '../library.ts'
import { instantiateManaged, type ManagedLoader, type ManagedValues } from './assemblyscript.ts'
import { type BindgenGlue, instantiateBindgen } from './bindgen.ts'
import { wasiImports } from './wasi.ts'

/** A guest compiled to WebAssembly. */
export interface WasmGuest<Glue = unknown> {
  readonly module: WebAssembly.Module
  /** What the module imports. Of WASI and Emscripten's environment only what differs from the defaults is needed. */
  readonly imports?: WebAssembly.Imports
  /**
   * Names of the guest's allocator: `alloc(size)` returns an address (0: none), `free(address, size)` takes it back.
   * Needed only for a guest whose toolchain's own allocator is not exported.
   */
  readonly allocator?: { readonly alloc: string; readonly free: string }
  /** Name of the function that tells where the guest leaves the text of a panic: a 32-bit length, then UTF-8. */
  readonly panicMessage?: string
  /** The result of `callbackModule`, for runtimes that do not compile WebAssembly from bytes. */
  readonly callbacks?: WebAssembly.Module
  /** Emscripten's factory function, of a build with `-sMODULARIZE -sWASM_ASYNC_COMPILATION=0`. */
  readonly factory?: EmscriptenFactory<Glue>
  /** wasm-bindgen's glue, of a build with `--target bundler`: `import * as glue from './pkg/name_bg.js'`. */
  readonly glue?: Glue & BindgenGlue
  /** AssemblyScript's loader: `import loader from '@assemblyscript/loader'`. */
  readonly loader?: ManagedLoader
}

/** The function that Emscripten's generated JavaScript exports. */
export type EmscriptenFactory<Glue> = (options: Record<string, unknown>) => Glue

/** An instance as its toolchain made it. */
export interface Instantiated {
  readonly toolchain: Toolchain
  readonly memory: WebAssembly.Memory
  /** Where function pointers point, if the module exports it. */
  readonly table: WebAssembly.Table | undefined
  readonly glue: unknown
  /** The exported function of that name, as it is called. */
  lookup(name: string): ((...parameters: never[]) => unknown) | undefined
  alloc(size: number): number
  free(address: number, size: number): void
  /** Values of a guest with a garbage collector. */
  readonly managed?: ManagedValues
}

/** What the guest's imports and glue report to the instance they belong to. */
export interface Guard {
  /** Runs a function of the glue; an abrupt end retires the instance. */
  run<Result>(symbol: string, call: () => Result): Result
  isRetired(): boolean
}

/**
 * Makes an instance.
 *
 * @throws {@link FramegateError} `GUEST_INCOMPATIBLE`, `GUEST_MEMORY_EXHAUSTED`, `SYMBOL_NOT_FOUND`
 */
export function instantiate(guest: WasmGuest, guard: Guard): Instantiated {
  try {
    if (guest.loader !== undefined) return instantiateManaged(guest, guest.loader, guard)
    if (guest.glue !== undefined) return instantiateBindgen(guest, guest.glue as BindgenGlue, guard)
    if (guest.factory !== undefined) return instantiateFactory(guest, guest.factory)
    return instantiatePlain(guest)
  } catch (cause) {
    if (cause instanceof FramegateError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    if (cause instanceof RangeError) {
      throw new FramegateError('GUEST_MEMORY_EXHAUSTED', `no memory for another instance: ${message}; close some`, {
        cause,
      })
    }
    throw new FramegateError('GUEST_INCOMPATIBLE', `the module cannot be instantiated: ${message}; pass its imports`, {
      cause,
    })
  }
}

function instantiatePlain(guest: WasmGuest): Instantiated {
  let memory: WebAssembly.Memory | undefined
  const imports = merged(
    wasiImports(guest.module, () => memory as WebAssembly.Memory),
    guest.imports,
  )
  const { exports } = new WebAssembly.Instance(guest.module, imports)
  memory = memoryOf(exports)
  // Emscripten's and WASI's reactors run their constructors here.
  functionOf(exports, '_initialize')?.()
  const toolchain = functionOf(exports, '__wbindgen_malloc')
    ? 'wasm-pack'
    : functionOf(exports, 'malloc')
      ? 'emscripten'
      : 'plain'
  return {
    toolchain,
    memory,
    table: tableOf(exports),
    glue: undefined,
    lookup: (name) => functionOf(exports, name),
    ...allocatorOf(guest, memory, (name) => functionOf(exports, name)),
  }
}

/** Emscripten's own JavaScript: it makes the imports, the instance comes from the module that was handed in. */
function instantiateFactory(guest: WasmGuest, factory: EmscriptenFactory<unknown>): Instantiated {
  let exports: WebAssembly.Exports | undefined
  const glue = factory({
    instantiateWasm(imports: WebAssembly.Imports, ready: (instance: WebAssembly.Instance) => unknown) {
      const instance = new WebAssembly.Instance(guest.module, merged(imports, guest.imports))
      exports = instance.exports
      ready(instance)
      return exports
    },
  }) as Record<string, unknown>
  if (exports === undefined || typeof glue?.then === 'function') {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      'the factory answers with a promise; build it with -sWASM_ASYNC_COMPILATION=0, so that an instance can be replaced',
    )
  }
  const made = exports
  const memory = memoryOf(made)
  // Optimised builds shorten the exports' names; the glue keeps them, with an underscore.
  const lookup = (name: string) => functionOf(made, name) ?? functionOf(glue, `_${name}`)
  return {
    toolchain: 'emscripten',
    memory,
    table: tableOf(made),
    glue,
    lookup,
    ...allocatorOf(guest, memory, lookup),
  }
}

/** The caller's imports win over the defaults, function by function. */
export function merged(defaults: WebAssembly.Imports, own: WebAssembly.Imports = {}): WebAssembly.Imports {
  const imports: WebAssembly.Imports = { ...defaults }
  for (const [from, values] of Object.entries(own)) imports[from] = { ...defaults[from], ...values }
  return imports
}

type Lookup = Instantiated['lookup']

/** The guest's allocator: the one named, the toolchain's, or pages of our own. */
export function allocatorOf(
  guest: WasmGuest,
  memory: WebAssembly.Memory,
  lookup: Lookup,
): Pick<Instantiated, 'alloc' | 'free'> {
  const { allocator } = guest
  if (allocator !== undefined) {
    const alloc = required(lookup, allocator.alloc) as (size: number) => number
    const free = required(lookup, allocator.free) as (address: number, size: number) => void
    return { alloc, free }
  }
  const malloc = lookup('malloc') as ((size: number) => number) | undefined
  const free = lookup('free') as ((address: number) => void) | undefined
  if (malloc && free) return { alloc: malloc, free: (address) => free(address) }
  const bindgenMalloc = lookup('__wbindgen_malloc') as ((size: number, align: number) => number) | undefined
  const bindgenFree = lookup('__wbindgen_free') as ((address: number, size: number, align: number) => void) | undefined
  if (bindgenMalloc && bindgenFree) {
    return {
      alloc: (size) => bindgenMalloc(size, 16),
      free: (address, size) => bindgenFree(address, size, 16),
    }
  }
  return pagesOf(memory)
}

/** Pages from the end of memory, for guests that export no allocator. Memory does not shrink: pages given back serve the next block. */
function pagesOf(memory: WebAssembly.Memory): Pick<Instantiated, 'alloc' | 'free'> {
  const pages = 65_536
  const sizes = new Map<number, number>()
  const free: number[] = []
  return {
    alloc(size) {
      const found = free.findIndex((address) => (sizes.get(address) as number) >= size)
      if (found >= 0) return free.splice(found, 1)[0] as number
      const count = Math.ceil(size / pages)
      try {
        const address = memory.grow(count) * pages
        sizes.set(address, count * pages)
        return address
      } catch {
        return 0
      }
    },
    free(address) {
      free.push(address)
    },
  }
}

/** @throws FramegateError `SYMBOL_NOT_FOUND` */
export function required(lookup: Lookup, name: string): (...parameters: never[]) => unknown {
  const found = lookup(name)
  if (found !== undefined) return found
  throw new FramegateError('SYMBOL_NOT_FOUND', `the module exports no function ${name}; check its name and build`)
}

export function functionOf(exports: object, name: string): ((...parameters: never[]) => unknown) | undefined {
  const found = (exports as Record<string, unknown>)[name]
  return typeof found === 'function' ? (found as (...parameters: never[]) => unknown) : undefined
}

export function memoryOf(exports: WebAssembly.Exports): WebAssembly.Memory {
  const { memory } = exports
  const found = memory instanceof WebAssembly.Memory ? memory : only(exports, WebAssembly.Memory)
  if (found) return found
  throw new FramegateError('GUEST_INCOMPATIBLE', 'the module exports no memory; build it with its memory exported')
}

export function tableOf(exports: WebAssembly.Exports): WebAssembly.Table | undefined {
  const { __indirect_function_table: table } = exports
  return table instanceof WebAssembly.Table ? table : only(exports, WebAssembly.Table)
}

/** The only export of a kind, whatever its name. */
function only<Kind>(exports: WebAssembly.Exports, kind: new (descriptor: never) => Kind): Kind | undefined {
  const found = Object.values(exports).filter((each) => each instanceof kind)
  return found.length === 1 ? (found[0] as Kind) : undefined
}
