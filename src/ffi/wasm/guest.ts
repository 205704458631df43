// What a module brings: who made it, how it is instantiated, how it allocates. Each toolchain's ways are known here and
// nowhere else, and are recognised by what the caller hands over or by the module's exports.

import { FramegateError, messageOf } from '../errors.ts'
import type { Toolchain } from '../library.ts'
import { instantiateManaged, type ManagedLoader, type ManagedValues } from './assemblyscript.ts'
import { type BindgenGlue, instantiateBindgen } from './bindgen.ts'
import { instantiatePrepared, type PreparedFactory } from './emscripten.ts'
import { abruptEnd, told } from './ends.ts'
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
  /** Emscripten's factory function, made ready: `await prepareFactory(createModule, module)`. */
  readonly factory?: PreparedFactory<Glue>
  /** wasm-bindgen's glue, of a build with `--target bundler`: `import * as glue from './pkg/name_bg.js'`. */
  readonly glue?: Glue & BindgenGlue
  /** AssemblyScript's loader: `import * as loader from '@assemblyscript/loader'`. */
  readonly loader?: ManagedLoader
}

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
  /** A function of the host as the guest may call it: it ends the guest's call if a nested one retired the instance. */
  host<Call extends (...parameters: never[]) => unknown>(call: Call): Call
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
    if (guest.factory !== undefined) return instantiatePrepared(guest, guest.factory)
    return instantiatePlain(guest, guard)
  } catch (cause) {
    if (cause instanceof FramegateError) throw cause
    const message = messageOf(cause)
    const code = abruptEnd(cause)
    if (code !== 'GUEST_INTERRUPTED')
      throw new FramegateError(code, `${told(code, 'its start', message)}; mend it`, { cause })
    if (cause instanceof RangeError) {
      throw new FramegateError('GUEST_MEMORY_EXHAUSTED', `no memory for another instance: ${message}; close some`, {
        cause,
      })
    }
    if (cause instanceof WebAssembly.LinkError || cause instanceof TypeError) {
      const text = `the module cannot be instantiated: ${message}; pass its imports`
      throw new FramegateError('GUEST_INCOMPATIBLE', text, { cause })
    }
    throw new FramegateError(code, `${told(code, 'its start', message)}; mend its imports`, { cause })
  }
}

function instantiatePlain(guest: WasmGuest, guard: Guard): Instantiated {
  let memory: WebAssembly.Memory | undefined
  const imports = merged(
    wasiImports(guest.module, () => memory as WebAssembly.Memory),
    guardedImports(guest.imports, guard),
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

/** The error for a function of the glue whose instance was retired. */
export function staleGlue(name: string): FramegateError {
  return new FramegateError(
    'HANDLE_STALE',
    `${name} belongs to an instance that was retired; take it from library.glue again`,
  )
}

/** The caller's imports may call the guest, and that call may end badly. */
export function guardedImports(imports: WebAssembly.Imports = {}, guard: Guard): WebAssembly.Imports {
  const wrapped = Object.entries(imports).map(([from, values]) => {
    const each = ([name, value]: [string, WebAssembly.ImportValue]) =>
      [name, typeof value === 'function' ? guard.host(value as () => unknown) : value] as const
    return [from, Object.fromEntries(Object.entries(values).map(each))] as const
  })
  return Object.fromEntries(wrapped) as WebAssembly.Imports
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
  if (found && !(found.buffer instanceof ArrayBuffer)) {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      'the module’s memory is shared between threads; build it without them',
    )
  }
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
