// A tenant's own operator: an instance of its metered module, which is asked whether a user's value meets a condition's
// target. What goes wrong in it is an error of that one question; the next is answered, by a new instance if need be.
// Its ABI and how to write one: wasm/operator/README.md.

import type { JsonValue } from '../evaluator/index.ts'
import { FramegateError, type Library, open } from '../ffi/index.ts'
import { FUEL_EXPORT, invalid, OPERATOR_EXPORT } from './meter-guest.ts'

/** How an operator is run. */
export interface OperatorOptions {
  /** For each question; a unit is about one instruction. */
  readonly fuel: number
  /** What the module imports, all of it: no import has a default. A function is asked again for each instance. */
  readonly imports?: WebAssembly.Imports | (() => WebAssembly.Imports)
  /** How many new instances faults may bring about in a second. */
  readonly recoveriesPerSecond?: number
}

/** What became of the questions so far. */
export interface OperatorStats {
  readonly calls: number
  /** Calls without an answer, those out of fuel among them. */
  readonly faults: number
  readonly fuelExhausted: number
  /** The number of the instance that answers, from 1. */
  readonly generation: number
  /** Of the instance that answers. */
  readonly memoryBytes: number
}

/** An opened operator. It belongs to the thread that opened it. */
export interface Operator extends Disposable {
  /**
   * Whether the value meets the target.
   *
   * @param value - undefined: the user has no such field
   * @param target - an object is encoded once, and must not be changed afterwards
   * @throws {@link FramegateError} `FUEL_EXHAUSTED`, `GUEST_TRAPPED`, `GUEST_STACK_EXHAUSTED`, `GUEST_INTERRUPTED` (by an
   * import), `GUEST_MEMORY_EXHAUSTED` when both texts do not fit below the memory's cap, `RESULT_INVALID` for an answer that
   * is neither 0 nor 1, `STRING_INVALID` for what JSON cannot express, `DISPOSED`
   */
  (value: JsonValue | undefined, target: JsonValue): boolean
  readonly stats: OperatorStats
  /** Ends the operator; a question then throws `DISPOSED`. */
  close(): void
}

const definitions = {
  [OPERATOR_EXPORT]: { parameters: ['buffer', { lengthOf: 0 }, 'buffer', { lengthOf: 2 }], result: 'i32' },
} as const

/**
 * Opens a module that `meterGuest` made.
 *
 * @throws {@link FramegateError} `OPERATOR_INVALID` for a module that is not metered or imports more than it is given; and
 * what an instance can end with while it is made: `GUEST_TRAPPED` (also out of fuel), `GUEST_MEMORY_EXHAUSTED`
 *
 * @example
 * ```
 * const matches = openOperator(await WebAssembly.compile(metered), { fuel: 1_000_000 })
 * matches('alice@example.com', ['*@example.com']) // true
 * ```
 */
export function openOperator(module: WebAssembly.Module, options: OperatorOptions): Operator {
  const { fuel, imports, recoveriesPerSecond } = options
  if (!Number.isInteger(fuel) || fuel < 1 || fuel > 0x7fffffff) {
    throw new FramegateError('ARGUMENT_OUT_OF_RANGE', `fuel is ${fuel}; pass a whole number from 1 to 2147483647`)
  }
  checkOperator(module, imports)
  const library = open({ module, fuel: FUEL_EXPORT, ...(imports && { imports }) }, definitions, {
    fuel,
    ...(recoveriesPerSecond !== undefined && { recoveriesPerSecond }),
  })
  return operatorOf(library)
}

function operatorOf(library: Library<typeof definitions>): Operator {
  const { [OPERATOR_EXPORT]: ask } = library.symbols
  const targets = new EncodedTargets()
  let calls = 0
  let faults = 0
  let fuelExhausted = 0

  const operator = (value: JsonValue | undefined, target: JsonValue): boolean => {
    calls++
    try {
      const answer = ask(value === undefined ? EMPTY : encoded(value), targets.encoded(target))
      if (answer === 0 || answer === 1) return answer === 1
      throw new FramegateError('RESULT_INVALID', `${OPERATOR_EXPORT} answered ${answer}; it has to be 0 or 1`)
    } catch (error) {
      faults++
      if (error instanceof FramegateError && error.code === 'FUEL_EXHAUSTED') fuelExhausted++
      throw error
    }
  }
  const close = () => library.close()
  Object.defineProperty(operator, 'stats', {
    get: (): OperatorStats => {
      const { generation, memoryBytes } = library
      return { calls, faults, fuelExhausted, generation, memoryBytes }
    },
  })
  return Object.assign(operator, { close, [Symbol.dispose]: close }) as Operator
}

/**
 * Looks at a module without making an instance of it.
 *
 * @throws {@link FramegateError} `OPERATOR_INVALID`
 */
export function checkOperator(module: WebAssembly.Module, given: OperatorOptions['imports']): void {
  const imports = typeof given === 'function' ? given() : (given ?? {})
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]))
  if (exported.get(FUEL_EXPORT) !== 'global')
    throw invalid(`it exports no ${FUEL_EXPORT}; give its bytes to meterGuest first`)
  if (exported.get(OPERATOR_EXPORT) !== 'function') throw invalid(`it exports no function ${OPERATOR_EXPORT}`)
  if (exported.get('memory') !== 'memory') throw invalid('it exports no memory of the name memory')
  const missing = WebAssembly.Module.imports(module).filter(({ module: from, name }) => !isGiven(imports, from, name))
  if (missing.length === 0) return
  const names = missing.map(({ module: from, name, kind }) => `${from}.${name} (${kind})`).join(', ')
  throw invalid(`it imports what it is not given: ${names}; pass them as imports`)
}

/** Not by way of a prototype: `constructor` is something that every object has. */
function isGiven(imports: WebAssembly.Imports, from: string, name: string): boolean {
  return Object.hasOwn(imports, from) && Object.hasOwn(imports[from] as object, name)
}

const EMPTY = new Uint8Array()
const encoder = new TextEncoder()

function encoded(value: JsonValue): Uint8Array {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new FramegateError('STRING_INVALID', `the value cannot be written as JSON: ${String(cause)}`, { cause })
  }
  if (text === undefined) throw new FramegateError('STRING_INVALID', `a ${typeof value} cannot be written as JSON`)
  return encoder.encode(text)
}

/** A condition's target is one value for as long as its specs are in force: encoded once, it need not be again. */
class EncodedTargets {
  readonly #objects = new WeakMap<object, Uint8Array>()

  encoded(target: JsonValue): Uint8Array {
    if (typeof target !== 'object' || target === null) return encoded(target)
    const known = this.#objects.get(target)
    if (known !== undefined) return known
    const made = encoded(target)
    this.#objects.set(target, made)
    return made
  }
}
