// wasm-bindgen's glue of `--target bundler`: a module of JavaScript that keeps the instance, views on its memory and
// finalisers of objects in variables of its own. One glue therefore serves one instance at a time, and whatever it kept of
// an instance that was retired must not reach the next one:
//
// - views: growing the old memory by nothing detaches them, so that the glue makes new ones;
// - objects: their address is an accessor that knows the instance it was made in;
// - finalisers: as many as there were objects in the old instance are let pass unheard; at worst an object leaks, but
//   none is freed twice.

import { FramegateError } from '../errors.ts'
import {
  allocatorOf,
  functionOf,
  type Guard,
  guardedImports,
  type Instantiated,
  memoryOf,
  merged,
  staleGlue,
  tableOf,
  type WasmGuest,
} from './guest.ts'

/** The part of the glue of `--target bundler` that is used. */
export interface BindgenGlue {
  __wbg_set_wasm(exports: never): void
}

/** What is known of a glue's instances. */
interface Service {
  guard: Guard
  memory: WebAssembly.Memory
  /** Objects of the instance that answers, counted by address. */
  objects: Map<number, number>
  /** Objects of retired instances whose finalisers may still come. */
  readonly ghosts: Map<number, number>
}

interface Held {
  address: number
  readonly guard: Guard
}

const services = new WeakMap<BindgenGlue, Service>()
const held = new WeakMap<object, Held>()

/** Makes an instance for the glue. */
export function instantiateBindgen(guest: WasmGuest, glue: BindgenGlue, guard: Guard): Instantiated {
  const previous = services.get(glue)
  if (previous && !previous.guard.isRetired()) {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      'the glue serves another library, and can serve only one; close that one first',
    )
  }
  const { exports } = new WebAssembly.Instance(
    guest.module,
    merged(glueImports(guest.module, glue), guardedImports(guest.imports, guard)),
  )
  const memory = memoryOf(exports)
  const service: Service = { guard, memory, objects: new Map(), ghosts: previous?.ghosts ?? new Map() }
  if (previous) {
    previous.memory.grow(0)
    for (const [address, count] of previous.objects) add(service.ghosts, address, count)
  }
  services.set(glue, service)
  watchObjects(glue)
  const guarded = guardedExports(exports, service)
  glue.__wbg_set_wasm(guarded as never)
  functionOf(guarded, '__wbindgen_start')?.()
  const lookup = (name: string) => functionOf(exports, name)
  return {
    toolchain: 'wasm-pack',
    memory,
    table: tableOf(exports),
    glue,
    lookup,
    ...allocatorOf(guest, memory, lookup),
  }
}

function glueImports(module: WebAssembly.Module, glue: BindgenGlue): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {}
  for (const { module: from } of WebAssembly.Module.imports(module)) {
    if (from.endsWith('_bg.js')) imports[from] = glue as unknown as WebAssembly.ModuleImports
  }
  return imports
}

/** The exports as the glue sees them: an abrupt end retires the instance, and a retired one is not entered. */
function guardedExports(exports: WebAssembly.Exports, { guard, ghosts }: Service): Record<string, unknown> {
  const guarded: Record<string, unknown> = { ...exports }
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value !== 'function') continue
    const frees = name === '__wbindgen_free' || /^__wbg_.*_free$/.test(name)
    guarded[name] = (...values: number[]) => {
      // The glue frees in `finally`, also what went with the instance.
      if (guard.isRetired()) {
        if (frees) return undefined
        throw staleGlue(name)
      }
      if (frees && name !== '__wbindgen_free') {
        const [address = 0, byFinaliser] = values
        if (address === 0) return undefined
        if (byFinaliser === 1 && ghosts.has(address)) {
          add(ghosts, address, -1)
          return undefined
        }
      }
      return guard.run(name, () => (value as (...values: number[]) => unknown)(...values))
    }
  }
  return guarded
}

const watched = new WeakSet<object>()

/** Makes the addresses of the glue's objects known by the instance that they were made in. */
function watchObjects(glue: BindgenGlue): void {
  for (const value of Object.values(glue) as unknown[]) {
    const prototype = typeof value === 'function' ? (value.prototype as WatchedPrototype | undefined) : undefined
    const destroy = prototype?.__destroy_into_raw
    if (prototype === undefined || destroy === undefined || watched.has(prototype)) continue
    watched.add(prototype)
    Object.defineProperty(prototype, '__wbg_ptr', {
      get(this: object) {
        return addressOf(this)
      },
      set(this: object, address: number) {
        keepAddress(glue, this, address)
      },
    })
    prototype.__destroy_into_raw = function (this: object): number {
      return held.get(this)?.guard.isRetired() ? 0 : destroy.call(this)
    }
  }
}

interface WatchedPrototype {
  __destroy_into_raw?(): number
}

function addressOf(object: object): number {
  const found = held.get(object)
  if (found === undefined) return 0
  if (!found.guard.isRetired()) return found.address
  throw new FramegateError(
    'HANDLE_STALE',
    `the ${object.constructor.name} went with its instance, which was retired; make a new one`,
  )
}

function keepAddress(glue: BindgenGlue, object: object, address: number): void {
  const service = services.get(glue) as Service
  const before = held.get(object)
  if (before !== undefined && before.address !== 0) add(service.objects, before.address, -1)
  if (address !== 0) add(service.objects, address, 1)
  held.set(object, { address, guard: service.guard })
}

function add(counts: Map<number, number>, address: number, by: number): void {
  const count = (counts.get(address) ?? 0) + by
  if (count > 0) counts.set(address, count)
  else counts.delete(address)
}
