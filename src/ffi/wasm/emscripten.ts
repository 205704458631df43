// Modules that come with Emscripten's own JavaScript. Its factory function makes an instance asynchronously, while a retired
// instance is replaced in the middle of a call: so one is always made ahead, and never entered before it is needed.

import { FramegateError, messageOf } from '../errors.ts'
import { type AnyFunction, Boundary, type Guard } from './boundary.ts'
import { allocatorOf, functionOf, type Instantiated, memoryOf, tableOf, type WasmGuest } from './guest.ts'

/** The function that Emscripten's generated JavaScript exports, of a build with `-sMODULARIZE`. */
export type EmscriptenFactory<Glue> = (options: Record<string, unknown>) => Promise<Glue> | Glue

interface Made<Glue> {
  readonly boundary: Boundary
  readonly exports: WebAssembly.Exports
  readonly glue: Glue
}

/** A factory with an instance made ahead; by {@link prepareFactory}. */
export class PreparedFactory<Glue> {
  readonly #make: () => Promise<Made<Glue>>
  #spare: Made<Glue> | undefined
  #failure: unknown
  #ready: Promise<void> = Promise.resolve()

  /** @internal */
  constructor(make: () => Promise<Made<Glue>>) {
    this.#make = make
    this.prepare()
  }

  /** Resolves when the next instance is there, and rejects where it cannot be made. */
  get ready(): Promise<void> {
    return this.#ready.then(() => {
      if (this.#spare === undefined) throw this.#failure
    })
  }

  /** @internal */
  prepare(): void {
    this.#ready = this.#make().then(
      (made) => {
        this.#spare = made
      },
      (failure: unknown) => {
        this.#failure = failure
      },
    )
  }

  /**
   * The instance made ahead; the next one is begun.
   *
   * @internal
   * @throws {@link FramegateError} `GUEST_NOT_READY`
   */
  take(): Made<Glue> {
    const made = this.#spare
    if (made === undefined) {
      throw new FramegateError(
        'GUEST_NOT_READY',
        'Emscripten’s JavaScript is still making the next instance; call again when `factory.ready` has resolved',
        { cause: this.#failure },
      )
    }
    this.#spare = undefined
    this.prepare()
    return made
  }
}

/**
 * Makes a factory of Emscripten's ready to be opened.
 *
 * @param factory - the default export of the JavaScript that Emscripten wrote, built with `-sMODULARIZE -sEXPORT_ES6`
 * @param module - the WebAssembly that belongs to it
 * @param options - what the factory is given besides; it is asked again for every instance
 * @throws {@link FramegateError} `GUEST_INCOMPATIBLE`
 *
 * @example
 * ```
 * const guest = { module, factory: await prepareFactory(createModule, module) }
 * const library = open(guest, definitions)
 * library.glue.ccall('add', 'number', ['number', 'number'], [1, 2])
 * ```
 */
export async function prepareFactory<Glue>(
  factory: EmscriptenFactory<Glue>,
  module: WebAssembly.Module,
  options: Readonly<Record<string, unknown>> = {},
): Promise<PreparedFactory<Glue>> {
  const prepared = new PreparedFactory<Glue>(async () => {
    const boundary = new Boundary()
    let exports: WebAssembly.Exports | undefined
    const glue = await factory({
      ...options,
      instantiateWasm(
        imports: WebAssembly.Imports,
        ready: (instance: Pick<WebAssembly.Instance, 'exports'>, from: unknown) => unknown,
      ) {
        const instance = new WebAssembly.Instance(module, boundary.imports(module, imports, withoutExit))
        exports = instance.exports
        // What Emscripten's JavaScript calls, its callers call: so it gets the guarded functions.
        const guarded = boundary.exports(exports)
        ready({ exports: guarded as WebAssembly.Exports }, module)
        return guarded
      },
    })
    if (exports === undefined) throw incompatible('it did not ask for an instance; is it of this build?')
    for (const [name, value] of Object.entries(glue as object)) boundary.rename(value, name.replace(/^_/, ''))
    return { boundary, exports, glue }
  })
  try {
    await prepared.ready
  } catch (cause) {
    throw cause instanceof FramegateError ? cause : incompatible(messageOf(cause), cause)
  }
  return prepared
}

function incompatible(reason: string, cause?: unknown): FramegateError {
  return new FramegateError(
    'GUEST_INCOMPATIBLE',
    `Emscripten’s factory made no instance: ${reason}; build it with -sMODULARIZE, without -sWASM_ASYNC_COMPILATION=0`,
    { cause },
  )
}

/** What Emscripten's `exit` throws; it is no `Error`. */
interface ExitStatus {
  readonly name: 'ExitStatus'
  readonly status: number
}

function isExitStatus(thrown: unknown): thrown is ExitStatus {
  return typeof thrown === 'object' && (thrown as Partial<ExitStatus> | null)?.name === 'ExitStatus'
}

/** The process, where there is one. */
const host = (globalThis as { process?: { exitCode?: number | string | null | undefined } }).process

/** A guest that calls `exit` ends its instance. In Node, Emscripten's JavaScript sets the process's exit code besides. */
function withoutExit(call: AnyFunction): AnyFunction {
  return (...values) => {
    const exitCode = host?.exitCode
    try {
      return call(...values)
    } catch (error) {
      if (!isExitStatus(error)) throw error
      if (host) host.exitCode = exitCode
      throw new Error(`the guest called exit(${error.status})`, { cause: error })
    }
  }
}

/** Makes an instance of what was prepared. */
export function instantiatePrepared(guest: WasmGuest, factory: PreparedFactory<unknown>, guard: Guard): Instantiated {
  const { boundary, exports, glue } = factory.take()
  boundary.attach(guard)
  const memory = memoryOf(exports)
  // Optimised builds shorten the exports' names; the glue keeps them, with an underscore.
  const lookup = (name: string) => {
    const shortened = functionOf(glue as object, `_${name}`)
    return functionOf(exports, name) ?? (boundary.original(shortened) as typeof shortened) ?? shortened
  }
  return {
    toolchain: 'emscripten',
    memory,
    table: tableOf(exports),
    glue,
    lookup,
    ...allocatorOf(guest, memory, lookup),
  }
}
