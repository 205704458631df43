// A warm tenant's own operators: opened when they are first asked, let go with the tenant's instance.

import type { Operator as OperatorFunction } from '../evaluator/index.ts'
import { FramegateError, messageOf } from '../ffi/index.ts'
import { checkOperator, type Operator, openOperator } from './operator.ts'
import type { TenantOperator } from './types.ts'

/** Some 2 ms of work. */
const FUEL = 1_000_000
const RECOVERIES_PER_SECOND = 20

export class TenantOperators {
  /** What the evaluator asks. */
  readonly functions: Readonly<Record<string, OperatorFunction>>
  readonly #opened = new Map<string, Operator>()
  readonly #onFailure: (operator: string, error: FramegateError) => void

  constructor(
    definitions: Readonly<Record<string, TenantOperator>>,
    onFailure: (operator: string, error: FramegateError) => void,
  ) {
    this.#onFailure = onFailure
    this.functions = Object.fromEntries(
      Object.entries(definitions).map(([name, definition]) => [name, this.#functionOf(name, definition)]),
    )
  }

  get memoryBytes(): number {
    let bytes = 0
    for (const { stats } of this.#opened.values()) bytes += stats.memoryBytes
    return bytes
  }

  close(): void {
    for (const operator of this.#opened.values()) operator.close()
    this.#opened.clear()
  }

  /** A fault is told, and goes on to the evaluator, which fails the condition. */
  #functionOf(name: string, definition: TenantOperator): OperatorFunction {
    return (value, target) => {
      try {
        return this.#open(name, definition)(value, target)
      } catch (cause) {
        const error =
          cause instanceof FramegateError ? cause : new FramegateError('GUEST_INTERRUPTED', messageOf(cause), { cause })
        this.#onFailure(name, error)
        throw error
      }
    }
  }

  #open(name: string, { module, imports, fuel = FUEL }: TenantOperator): Operator {
    let operator = this.#opened.get(name)
    if (operator === undefined) {
      operator = openOperator(module, {
        fuel,
        ...(imports && { imports }),
        recoveriesPerSecond: RECOVERIES_PER_SECOND,
      })
      this.#opened.set(name, operator)
    }
    return operator
  }
}

/**
 * Looks at modules before a tenant depends on them.
 *
 * @throws FramegateError `OPERATOR_INVALID`
 */
export function checkOperators(definitions: Readonly<Record<string, TenantOperator>> = {}): void {
  for (const { module, imports } of Object.values(definitions)) checkOperator(module, imports)
}
