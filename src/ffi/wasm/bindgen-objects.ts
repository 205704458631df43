// Objects of the classes that wasm-bindgen's glue exports. The glue keeps an object's address in a property and frees it
// in a finaliser, in whichever instance it serves then. Here the address is an accessor that knows the instance it was set
// in, and the finaliser is one that knows it too: an object of a retired instance is neither used nor freed in the next.

import { FramegateError } from '../errors.ts'
import type { BindgenGlue } from './bindgen.ts'

/** One instance's time of serving the glue. */
export interface Life {
  isOver(): boolean
  /** Calls the function of that name, which frees an object. */
  free(name: string, address: number): void
}

interface GlueClass {
  /** Name of the function that frees an object. */
  readonly free: string
  /** The instance whose objects are made now. */
  life: Life | undefined
}

interface Remains {
  readonly life: Life
  readonly address: number
  readonly free: string
}

interface Held {
  readonly life: Life
  address: number
}

interface Prototype {
  __wbg_ptr?: number
  free(): void
  [Symbol.dispose]?(): void
  __destroy_into_raw(): number
}

const HELD = Symbol('address and instance')

type GlueObject = Prototype & { [HELD]?: Held }

/** Known by their prototypes, which a second object of the same glue shares. */
const known = new WeakMap<Prototype, GlueClass>()

const collected = new FinalizationRegistry<Remains>(({ life, address, free }) => {
  if (life.isOver()) return
  try {
    life.free(free, address)
  } catch {
    // It has retired the instance, and nobody called whom the error could reach.
  }
})

/** The classes of one glue. */
export class GlueClasses {
  readonly #classes: readonly GlueClass[]

  constructor(glue: BindgenGlue) {
    this.#classes = Object.values(glue).flatMap((value: unknown) => {
      const prototype = typeof value === 'function' ? (value.prototype as Prototype | undefined) : undefined
      if (typeof prototype?.__destroy_into_raw !== 'function') return []
      return [known.get(prototype) ?? watch(prototype, glue)]
    })
  }

  /** Whether that function frees an object of a class. */
  frees(name: string): boolean {
    return this.#classes.some(({ free }) => free === name)
  }

  /** From now on objects are of this instance. */
  begin(life: Life): void {
    for (const each of this.#classes) each.life = life
  }
}

/** Makes the objects of a class know their instance. */
function watch(prototype: Prototype, glue: BindgenGlue): GlueClass {
  const { free } = prototype
  const found: GlueClass = { free: freeing(prototype, glue), life: undefined }
  known.set(prototype, found)
  Object.defineProperty(prototype, '__wbg_ptr', {
    get(this: GlueObject) {
      return addressOf(this)
    },
    set(this: GlueObject, address: number) {
      keep(this, address, found)
    },
  })
  // An object whose instance is gone is gone with it: `using` and `finally` need not know.
  const release = function (this: GlueObject): void {
    const held = this[HELD]
    if (held === undefined || held.address === 0) return
    if (held.life.isOver()) forget(this, held)
    else free.call(this)
  }
  prototype.free = release
  prototype[Symbol.dispose] = release
  return found
}

/** Which function frees objects of a class, learnt by freeing an object that is none. */
function freeing(prototype: Prototype, glue: BindgenGlue): string {
  const called: string[] = []
  const record = (name: string) => () => called.push(name)
  glue.__wbg_set_wasm(new Proxy({}, { get: (_, name) => record(String(name)) }))
  const object = Object.create(prototype) as Prototype
  object.__wbg_ptr = 0
  object.free()
  const [name] = called
  if (called.length === 1 && name !== undefined) return name
  throw new FramegateError(
    'GUEST_INCOMPATIBLE',
    `the glue frees a ${nameOf(object)} in a way that is not known; this was verified with wasm-bindgen 0.2.108`,
  )
}

function addressOf(object: GlueObject): number {
  const held = object[HELD]
  if (held === undefined || held.address === 0) {
    throw new FramegateError(
      'HANDLE_DISPOSED',
      `the ${nameOf(object)} was freed, or passed to a function that took it over; make a new one`,
    )
  }
  if (!held.life.isOver()) return held.address
  throw new FramegateError(
    'HANDLE_STALE',
    `the ${nameOf(object)} went with its instance, which was retired; make a new one`,
  )
}

/** The glue sets the address of a new object, and sets it to 0 when the guest has it back. */
function keep(object: GlueObject, address: number, { free, life }: GlueClass): void {
  const before = object[HELD]
  if (before !== undefined) forget(object, before)
  if (address === 0 || life === undefined) return
  Object.defineProperty(object, HELD, { value: { life, address }, configurable: true, writable: true })
  collected.register(object, { life, address, free }, object)
}

function forget(object: GlueObject, held: Held): void {
  held.address = 0
  collected.unregister(object)
}

function nameOf(object: object): string {
  return object.constructor?.name ?? 'object'
}
