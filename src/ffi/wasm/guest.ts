// What a module brings: who made it, how it is instantiated, how it allocates. Each toolchain's ways are known here and
// nowhere else, and are recognised by what the caller hands over or by the module's exports.

import { FramegateError, messageOf } from '../errors.ts'
import type { Toolchain } from '../library.ts'
import { instantiateManaged, type ManagedLoader, type ManagedValues } from './assemblyscript.ts'
import { instantiateBindgen } from './bindgen.ts'
import { type AnyFunction, type Guard, isHostFunction, neededImports } from './boundary.ts'
import { instantiatePrepared, type PreparedFactory } from './emscripten.ts'
import { abruptEnd, told } from './ends.ts'
import { moduleImports } from './module-imports.ts'
import { wasiImports } from './wasi.ts'

/** A guest compiled to WebAssembly. */
export interface WasmGuest<Glue = unknown> {
  readonly module: WebAssembly.Module
  /**
   * What the module imports. Of WASI and Emscripten's environment only what differs from the defaults is needed. A
   * function is asked again for each instance: whatever holds state, as a memory that is imported, has to be new.
   */
  readonly imports?: WebAssembly.Imports | (() => WebAssembly.Imports)
  /**
   * Names of the guest's allocator: `alloc(size)` returns an address (0: none), `free(address, size)` takes it back.
   * Needed only for a guest whose toolchain's own allocator is not exported.
   */
  readonly allocator?: { readonly alloc: string; readonly free: string }
  /** Name of the function that tells where the guest leaves the text of a panic: a 32-bit length, then UTF-8. */
  readonly panicMessage?: string
  /** Name of the exported mutable `i32` global that a metered guest counts down; {@link OpenOptions.fuel} sets it. */
  readonly fuel?: string
  /**
   * What tells the module from others in snapshots: the result of `moduleID`. Not needed for a module with a `build_id`,
   * as linkers leave it.
   */
  readonly id?: string
  /**
   * Whether the guest's stack lies first in memory, below its data (`-z stack-first`), and its `__stack_pointer` is
   * exported. Snapshots then leave out what earlier calls left on it.
   */
  readonly stackFirst?: boolean
  /**
   * Name of the function that tells where memory in use ends; 0: where memory does. Snapshots hold nothing beyond, and
   * instances that start from them have no more: the guest must then take none of it for its own.
   */
  readonly memoryEnd?: string
  /**
   * Given where the guest's functions change nothing but memory and the exported mutable globals: no table, no global
   * that is not exported, no segment. An instance that starts from a snapshot then begins in one that ended or was let go,
   * of the same module and with the same value here: its memory is wiped and filled from the snapshot, so that nothing
   * is left of what was in it. The value stands for what else tells instances apart, as the maximum of an imported
   * memory does. Not for guests that import functions.
   */
  readonly interchangeable?: string | number
  /** The result of `callbackModule`, for runtimes that do not compile WebAssembly from bytes. */
  readonly callbacks?: WebAssembly.Module
  /** Emscripten's factory function, made ready: `await prepareFactory(createModule, module)`. */
  readonly factory?: PreparedFactory<Glue>
  /**
   * wasm-bindgen's glue, of a build with `--target bundler`: `import * as glue from './pkg/name_bg.js'`. It keeps the
   * instance in a variable of its own, and so serves one library at a time.
   */
  readonly glue?: Glue
  /** AssemblyScript's loader: `import * as loader from '@assemblyscript/loader'`, or its default export. */
  readonly loader?: ManagedLoader<Glue>
}

/** An instance as its toolchain made it. */
export interface Instantiated {
  readonly toolchain: Toolchain
  readonly memory: WebAssembly.Memory
  /** Where function pointers point, if the module exports it. */
  readonly table: WebAssembly.Table | undefined
  readonly glue: unknown
  /** The module's exports, where memory and globals are all that an instance is: no JavaScript has state of its own. */
  readonly exports?: WebAssembly.Exports
  /** The exported function of that name, as it is called. */
  lookup(name: string): ((...parameters: never[]) => unknown) | undefined
  alloc(size: number): number
  free(address: number, size: number): void
  /** Values of a guest with a garbage collector. */
  readonly managed?: ManagedValues
}

/**
 * Makes an instance.
 *
 * @param isBlank - runs nothing of the guest but what instantiation itself runs: its memory comes from a snapshot
 * @throws {@link FramegateError} `GUEST_INCOMPATIBLE`, `GUEST_MEMORY_EXHAUSTED`, `SYMBOL_NOT_FOUND`
 */
export function instantiate(guest: WasmGuest, guard: Guard, isBlank = false): Instantiated {
  try {
    if (guest.loader !== undefined) return instantiateManaged(guest, guest.loader, guard)
    if (guest.glue !== undefined) return instantiateBindgen(guest, guest.glue as object, guard)
    if (guest.factory !== undefined) return instantiatePrepared(guest, guest.factory, guard)
    return instantiatePlain(guest, guard, isBlank)
  } catch (cause) {
    throw cause instanceof FramegateError ? cause : failedStart(cause)
  }
}

/** Why there is no instance: constructors and start functions run while it is made, and can fail in any way. */
function failedStart(cause: unknown): FramegateError {
  const message = messageOf(cause)
  const code = abruptEnd(cause)
  if (code !== 'GUEST_INTERRUPTED')
    return new FramegateError(code, `${told(code, 'its start', message)}; mend it`, { cause })
  if (cause instanceof RangeError) {
    const fault = `no memory for another instance: ${message}; close some`
    return new FramegateError('GUEST_MEMORY_EXHAUSTED', fault, { cause })
  }
  if (cause instanceof WebAssembly.LinkError || cause instanceof TypeError) {
    const fault = `the module cannot be instantiated: ${message}; pass its imports`
    return new FramegateError('GUEST_INCOMPATIBLE', fault, { cause })
  }
  return new FramegateError(code, `${told(code, 'its start', message)}; mend its imports`, { cause })
}

function instantiatePlain(guest: WasmGuest, guard: Guard, isBlank: boolean): Instantiated {
  let memory: WebAssembly.Memory | undefined
  const given = merged(
    wasiImports(guest.module, () => memory as WebAssembly.Memory),
    importsOf(guest, guard),
  )
  const imported = importedMemory(guest.module, given)
  const { exports } = new WebAssembly.Instance(guest.module, neededImports(guest.module, given))
  memory = memoryOf(exports, imported)
  // Emscripten's and WASI's reactors run their constructors here.
  if (!isBlank) functionOf(exports, '_initialize')?.()
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
    exports,
    lookup: (name) => functionOf(exports, name),
    ...allocatorOf(guest, memory, (name) => functionOf(exports, name)),
  }
}

/** The caller's imports for a new instance. They may call the guest, and that call may end badly. */
export function importsOf({ imports }: WasmGuest, guard: Guard): WebAssembly.Imports {
  const given = typeof imports === 'function' ? imports() : (imports ?? {})
  const each = ([name, value]: [string, WebAssembly.ImportValue]) =>
    [name, isHostFunction(value) ? guard.host(value as AnyFunction) : value] as const
  const wrapped = Object.entries(given).map(
    ([from, values]) => [from, Object.fromEntries(Object.entries(values).map(each))] as const,
  )
  return Object.fromEntries(wrapped) as WebAssembly.Imports
}

/** Memories that were an instance's. What is in them is no beginning for another. */
const used = new WeakSet<WebAssembly.Memory>()

/** @throws FramegateError `GUEST_INCOMPATIBLE` for a memory that an instance has had before */
function importedMemory(module: WebAssembly.Module, given: WebAssembly.Imports): WebAssembly.Memory | undefined {
  const wanted = moduleImports(module).find(({ kind }) => kind === 'memory')
  const memory = wanted && given[wanted.module]?.[wanted.name]
  if (!(memory instanceof WebAssembly.Memory)) return undefined
  if (used.has(memory)) {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      'the memory that the module imports was another instance’s; pass imports as a function that makes a new one',
    )
  }
  used.add(memory)
  return memory
}

/** The caller's imports win over the defaults, function by function. */
export function merged(defaults: WebAssembly.Imports, own: WebAssembly.Imports): WebAssembly.Imports {
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

/** @throws FramegateError `GUEST_INCOMPATIBLE` */
export function memoryOf(exports: WebAssembly.Exports, imported?: WebAssembly.Memory): WebAssembly.Memory {
  const { memory } = exports
  const found = memory instanceof WebAssembly.Memory ? memory : (only(exports, WebAssembly.Memory) ?? imported)
  if (found === undefined) {
    throw new FramegateError('GUEST_INCOMPATIBLE', 'the module exports no memory; build it with its memory exported')
  }
  if (!(found.buffer instanceof ArrayBuffer)) {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      'the module’s memory is shared between threads; build it without them',
    )
  }
  if (hasWideAddresses(found)) {
    throw new FramegateError('GUEST_INCOMPATIBLE', 'the module has addresses of 64 bits; build it for wasm32')
  }
  return found
}

/** More pages than 32 bits can address: such a memory cannot grow by them, and only another takes the number for a wrong type. */
function hasWideAddresses(memory: WebAssembly.Memory): boolean {
  try {
    memory.grow(65_537)
  } catch (error) {
    return error instanceof TypeError
  }
  return true
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
