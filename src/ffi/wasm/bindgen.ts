// wasm-bindgen's glue of `--target bundler`: a module of JavaScript that keeps the instance, views on its memory and
// finalisers of objects in variables of its own. One glue therefore serves one instance at a time, and what it kept of an
// instance that was retired must not reach the next one:
//
// - views: an old memory that grows by nothing detaches them, so that the glue makes new ones;
// - closures of the guest: each knows the instance it was made in;
// - objects of exported classes: bindgen-objects.ts;
// - the glue's own functions that are still on the stack: until they have returned there is no next instance.
//
// Everything between the glue and the guest passes a boundary, so a class or a function of the glue is used as it is.
// Verified with wasm-bindgen 0.2.108; glue of older versions keeps more than can be told apart, and is refused.

import { FramegateError } from '../errors.ts'
import { GlueClasses, type Life } from './bindgen-objects.ts'
import { type AnyFunction, Boundary, type Guard, type GuardedExports } from './boundary.ts'
import {
  allocatorOf,
  functionOf,
  type Instantiated,
  importsOf,
  memoryOf,
  merged,
  tableOf,
  type WasmGuest,
} from './guest.ts'

/** The part of the glue of `--target bundler` that is used. */
export interface BindgenGlue {
  __wbg_set_wasm(exports: GuardedExports): void
}

/** The instance that a glue serves, or served last. */
interface Service {
  /** An instance that could not be completed serves nobody: only a complete one asks for memory. */
  isComplete: boolean
  readonly life: Life
  readonly boundary: Boundary
  readonly memory: WebAssembly.Memory
}

/** By a function of the glue: a bundler may make more than one object for a module. */
const services = new WeakMap<BindgenGlue['__wbg_set_wasm'], Service>()

/** Makes an instance for the glue. */
export function instantiateBindgen(guest: WasmGuest, given: object, guard: Guard): Instantiated {
  const glue = checked(guest.module, given)
  const previous = services.get(glue.__wbg_set_wasm)
  if (previous) release(previous)
  const boundary = new Boundary()
  const imports = merged(glueImports(guest.module, glue), importsOf(guest, guard))
  const { exports } = new WebAssembly.Instance(
    guest.module,
    boundary.imports(guest.module, imports, (call, name) => watchingClosures(call, name, boundary)),
  )
  const memory = memoryOf(exports)
  const classes = new GlueClasses(glue)
  const guarded = guardedExports(exports, boundary, classes)
  const life: Life = {
    isOver: guard.isRetired,
    free: (name, address) => boundary.enter(name, () => (exports[name] as AnyFunction)(address, BY_FINALISER)),
  }
  classes.begin(life)
  glue.__wbg_set_wasm(guarded)
  functionOf(exports, '__wbindgen_start')?.()
  boundary.attach(guard)
  const service: Service = { isComplete: false, life, boundary, memory }
  services.set(glue.__wbg_set_wasm, service)
  const lookup = (name: string) => functionOf(exports, name)
  const { alloc, free } = allocatorOf(guest, memory, lookup)
  return {
    toolchain: 'wasm-pack',
    memory,
    table: tableOf(exports),
    glue: given,
    lookup,
    alloc(size) {
      const address = alloc(size)
      service.isComplete ||= address !== 0
      return address
    },
    free,
  }
}

/** Imports of glue that keeps JavaScript's objects and the guest's closures by number, for all instances together. */
const OLD_GLUE: ReadonlySet<string> = new Set(['__wbindgen_object_drop_ref', '__wbindgen_cb_drop'])

/** @throws {@link FramegateError} `GUEST_INCOMPATIBLE` */
function checked(module: WebAssembly.Module, glue: object): BindgenGlue {
  if (typeof (glue as Partial<BindgenGlue>).__wbg_set_wasm !== 'function') {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      'the glue has no __wbg_set_wasm; build with --target bundler, and pass the whole module name_bg.js of its pkg folder',
    )
  }
  if (WebAssembly.Module.imports(module).some(({ name }) => OLD_GLUE.has(name))) {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      'the glue keeps the objects of all instances together; build with wasm-bindgen 0.2.108 or newer and reference types',
    )
  }
  return glue as BindgenGlue
}

/** Ends what the glue kept of the instance before. */
function release({ isComplete, life, boundary, memory }: Service): void {
  if (isComplete && !life.isOver()) {
    throw new FramegateError(
      'GUEST_INCOMPATIBLE',
      'the glue serves another library, and can serve only one; close that one first',
    )
  }
  if (boundary.isBusy) {
    throw new FramegateError(
      'GUEST_INTERRUPTED',
      'the glue is still leaving the instance that was retired; the next one is there when the outer call has returned',
    )
  }
  memory.grow(0)
}

function glueImports(module: WebAssembly.Module, glue: BindgenGlue): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {}
  for (const { module: from } of WebAssembly.Module.imports(module)) {
    if (from.endsWith('_bg.js')) imports[from] = glue as unknown as WebAssembly.ModuleImports
  }
  return imports
}

/** What the glue calls in a `finally`, or when something is collected: for a retired instance there is nothing to do. */
const CLEANING = /^__wbindgen_free$|^__externref_|^__wbindgen_add_to_stack_pointer$|closure__destroy/

/** As the second argument of a function that frees an object: the call is a finaliser's. */
const BY_FINALISER = 1

/** The exports as the glue sees them. */
function guardedExports(exports: WebAssembly.Exports, boundary: Boundary, classes: GlueClasses): GuardedExports {
  const guarded = boundary.exports(exports)
  for (const [name, call] of Object.entries(guarded)) {
    if (classes.frees(name)) {
      // The glue's finalisers do not know which instance an object was of; bindgen-objects.ts has its own.
      guarded[name] = (address: number, by: number) =>
        boundary.isRetired || by === BY_FINALISER ? undefined : (call as AnyFunction)(address, by)
    } else if (CLEANING.test(name)) {
      guarded[name] = (...values: unknown[]) => (boundary.isRetired ? undefined : (call as AnyFunction)(...values))
    }
  }
  return guarded
}

/** A closure of the guest, as the glue hands it to JavaScript. */
type GuestClosure = AnyFunction & { _wbg_cb_unref?: () => void }

/** Imports whose closures the event loop calls: an error would end the process, for there is nobody to catch it. */
const DEFERRING = /^__wbg_(then|catch|finally|queueMicrotask)_/

/** The glue's closures enter whichever instance it serves: those of a retired one must not. */
function watchingClosures(call: AnyFunction, name: string, boundary: Boundary): AnyFunction {
  if (DEFERRING.test(name)) return (...values) => call(...values.map((value) => deferred(value, boundary)))
  return (...values) => {
    const returned = call(...values)
    if (typeof returned !== 'function') return returned
    const closure = returned as GuestClosure
    const unref = closure._wbg_cb_unref
    if (unref === undefined) return returned
    const watched: GuestClosure = (...parameters) => {
      if (boundary.isRetired) throw boundary.stale('a closure')
      return closure(...parameters)
    }
    watched._wbg_cb_unref = unref
    return watched
  }
}

/** A closure that does nothing once its instance was retired; a promise that waits for it stays pending. */
function deferred(value: unknown, boundary: Boundary): unknown {
  if ((value as GuestClosure | null | undefined)?._wbg_cb_unref === undefined) return value
  return (...parameters: unknown[]) => (boundary.isRetired ? undefined : (value as GuestClosure)(...parameters))
}
