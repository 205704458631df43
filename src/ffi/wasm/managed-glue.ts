// The interface of AssemblyScript's loader, guarded: functions of the guest, and the loader's own that allocate in it.

import type { Pins } from './assemblyscript.ts'
import type { AnyFunction, Boundary } from './boundary.ts'

/**
 * The loader's exports, whose functions retire the instance when they end abruptly. They belong to their instance: once it
 * is retired they are refused, because the addresses that they are called with are of its memory.
 */
export function guardedLoader(
  loaded: Record<string, unknown>,
  boundary: Boundary,
  pins: Pins,
): Record<string, unknown> {
  return {
    ...guardedNamespace(loaded, boundary),
    __pin(address: number) {
      pins.add(address >>> 0)
      return address
    },
    __unpin: (address: number) => pins.remove(address >>> 0),
  }
}

function guardedNamespace(loaded: Record<string, unknown>, boundary: Boundary): Record<string, unknown> {
  const glue: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(loaded)) {
    // Namespaces and enums are objects of their own.
    if (isNamespace(value)) glue[name] = guardedNamespace(value, boundary)
    else glue[name] = typeof value === 'function' ? guarded(name, value as AnyFunction, boundary) : value
  }
  return glue
}

function isNamespace(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Functions of the loader that allocate. They complain of wrong arguments themselves, which leaves the guest as it was. */
const MAKERS: ReadonlySet<string> = new Set(['__newString', '__newArrayBuffer', '__newArray'])

function guarded(name: string, call: AnyFunction, boundary: Boundary): AnyFunction {
  if (name === '__getFunction') {
    return (...values) => {
      if (boundary.isRetired) throw boundary.stale(name)
      const found = call(...values)
      return typeof found === 'function' ? boundary.guarded('a function of the table', found as AnyFunction) : found
    }
  }
  if (MAKERS.has(name) || name.startsWith('__get')) {
    return (...values) => {
      if (boundary.isRetired) throw boundary.stale(name)
      try {
        return call(...values)
      } catch (error) {
        if (!MAKERS.has(name) || !isAbrupt(error, boundary)) throw error
        return boundary.enter(name, () => {
          throw error
        })
      }
    }
  }
  return boundary.guarded(name, call)
}

/** Whether an error is the guest's and not the loader's. */
function isAbrupt(error: unknown, boundary: Boundary): boolean {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return true
  return boundary.cameThrough(error) || (error instanceof Error && error.name === 'InternalError')
}
