// Where a toolchain's JavaScript and the guest call each other. In both directions every call passes here, so that
//
// - whatever comes out of the guest as an exception retires the instance, while an error that the JavaScript throws
//   afterwards (a `Result::Err`, say) is only an error;
// - a retired instance is not entered again;
// - an instance that was retired by a call from one of its own imports does not go on when the import returns.

import { FramegateError } from '../errors.ts'
import { moduleImports } from './module-imports.ts'

/** What the guest's imports and glue report to the instance they belong to. */
export interface Guard {
  /** Enters the guest; an abrupt end retires the instance. */
  run<Result>(symbol: string, call: () => Result): Result
  isRetired(): boolean
  /** A function of the host as the guest may call it: it ends the guest's call if a nested one retired the instance. */
  host<Call extends (...parameters: never[]) => unknown>(call: Call): Call
}

/** Any function on either side. */
export type AnyFunction = (...values: unknown[]) => unknown

/** Exports as the glue sees them. */
export type GuardedExports = Record<string, unknown>

interface Known {
  readonly guest: AnyFunction
  /** What error messages call it. */
  name: string
}

export class Boundary {
  #guard: Guard | undefined
  /** Calls of the glue and of imports that are under way. */
  #depth = 0
  /** The error that the instance ended with. */
  #end: unknown
  #thrown: unknown
  readonly #known = new WeakMap<object, Known>()

  /** Begins to guard. Until then an error is the business of who makes the instance. */
  attach(guard: Guard): void {
    this.#guard = guard
  }

  get isRetired(): boolean {
    return this.#guard?.isRetired() === true
  }

  /** Whether code of this instance is on the stack, or the glue around it. */
  get isBusy(): boolean {
    return this.#depth > 0
  }

  /** Whether an import threw this error, so that it has gone through the guest's frames. */
  cameThrough(error: unknown): boolean {
    return error !== undefined && error === this.#thrown
  }

  /** Enters the guest on behalf of the glue. */
  enter<Result>(name: string, call: () => Result): Result {
    const guard = this.#guard
    if (guard === undefined) return call()
    if (guard.isRetired()) throw this.#depth > 0 ? this.#end : this.stale(name)
    this.#depth++
    try {
      return guard.run(name, call)
    } catch (error) {
      this.#end = error
      throw error
    } finally {
      this.#depth--
    }
  }

  /** The error for what belongs to an instance that is no more. */
  stale(name: string): FramegateError {
    return new FramegateError(
      'HANDLE_STALE',
      `${name} belongs to an instance that was retired or closed; take it from library.glue again`,
      { cause: this.#end },
    )
  }

  /** The guest's exports for the glue: functions are guarded, everything else is as it is. */
  exports(exports: WebAssembly.Exports): GuardedExports {
    const guarded: GuardedExports = {}
    for (const [name, value] of Object.entries(exports)) {
      guarded[name] = typeof value === 'function' ? this.guarded(name, value as AnyFunction) : value
    }
    return guarded
  }

  /** A function of the guest for the glue. */
  guarded(name: string, guest: AnyFunction): AnyFunction {
    const known: Known = { guest, name }
    const call: AnyFunction = (...values) => this.enter(known.name, () => guest(...values))
    this.#known.set(call, known)
    return call
  }

  /** The guest's own function behind a guarded one. */
  original(call: unknown): AnyFunction | undefined {
    return typeof call === 'function' ? this.#known.get(call)?.guest : undefined
  }

  /** Gives a guarded function the name that the caller knows it by: optimised builds shorten those of exports. */
  rename(call: unknown, name: string): void {
    const known = typeof call === 'function' ? this.#known.get(call) : undefined
    if (known) known.name = name
  }

  /**
   * What the module imports, out of what is given: functions are guarded.
   *
   * @param adapt - what the toolchain adds to each function
   * @throws {@link FramegateError} `GUEST_INCOMPATIBLE` with the names that are missing
   */
  imports(
    module: WebAssembly.Module,
    given: WebAssembly.Imports,
    adapt: (call: AnyFunction, name: string) => AnyFunction = (call) => call,
  ): WebAssembly.Imports {
    return neededImports(module, given, (value, name) =>
      isHostFunction(value) ? this.#import(adapt(value as AnyFunction, name)) : value,
    )
  }

  #import(call: AnyFunction): AnyFunction {
    return (...values) => {
      this.#depth++
      try {
        const returned = call(...values)
        if (this.isRetired) {
          throw new FramegateError('GUEST_INTERRUPTED', 'a nested call retired the instance', { cause: this.#end })
        }
        return returned
      } catch (error) {
        this.#thrown = error
        throw error
      } finally {
        this.#depth--
      }
    }
  }
}

/**
 * What the module imports, out of what is given.
 *
 * @throws {@link FramegateError} `GUEST_INCOMPATIBLE` with the names that are missing
 */
export function neededImports(
  module: WebAssembly.Module,
  given: WebAssembly.Imports,
  adapt: (value: WebAssembly.ImportValue, name: string) => WebAssembly.ImportValue = (value) => value,
): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {}
  const missing: string[] = []
  for (const { module: from, name } of moduleImports(module)) {
    const value = given[from]?.[name]
    if (value === undefined) {
      missing.push(`${from}.${name}`)
      continue
    }
    imports[from] ??= {}
    imports[from][name] = adapt(value, name)
  }
  if (missing.length === 0) return imports
  throw new FramegateError(
    'GUEST_INCOMPATIBLE',
    `the module imports ${listed(missing)}, which nobody gives; pass them as the guest’s imports`,
  )
}

/** Functions of another guest are called without a detour. Only those fit into a table. */
export function isHostFunction(value: unknown): boolean {
  if (typeof value !== 'function') return false
  try {
    new WebAssembly.Table({ element: 'anyfunc', initial: 1 }).set(0, value)
    return false
  } catch {
    return true
  }
}

/** So many missing imports are named. */
const NAMED = 8

function listed(names: readonly string[]): string {
  const more = names.length - NAMED
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ')
}
