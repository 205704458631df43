// Fuel of a metered guest: a global that the guest counts down at every function's entry and every turn of a loop, and
// traps below zero. Each call from outside is given the same amount, calls nested in it share it.

import { FramegateError } from '../errors.ts'
import type { Export, Instance } from './instance.ts'

/** What the global can hold. */
const MOST = 0x7fff_ffff

export class Fuel {
  readonly limit: number
  readonly #global: WebAssembly.Global
  readonly #instance: Pick<Instance, 'hostCalls'>

  /** @throws FramegateError `GUEST_INCOMPATIBLE`, `ARGUMENT_INVALID` */
  constructor(
    name: string,
    exports: WebAssembly.Exports | undefined,
    limit: number | undefined,
    instance: Pick<Instance, 'hostCalls'>,
  ) {
    const global = exports?.[name]
    if (!(global instanceof WebAssembly.Global) || typeof global.value !== 'number') {
      throw new FramegateError(
        'GUEST_INCOMPATIBLE',
        `the module exports no global ${name} that counts fuel; use its metered build`,
      )
    }
    this.limit = checkedFuel(limit ?? MOST)
    this.#global = global
    this.#instance = instance
  }

  get isExhausted(): boolean {
    return (this.#global.value as number) < 0
  }

  /** Fills up before a call from outside. */
  fill(): void {
    if (this.#instance.hostCalls === 0) this.#global.value = this.limit
  }

  /** The function with its fuel. A closure for each arity: a list of arguments takes 30 ns instead of 5. */
  filled(target: Export): Export {
    switch (target.length) {
      case 0:
        return () => {
          this.fill()
          return target()
        }
      case 1:
        return (a) => {
          this.fill()
          return target(a as number)
        }
      case 2:
        return (a, b) => {
          this.fill()
          return target(a as number, b as number)
        }
      default:
        return (...values) => {
          this.fill()
          return target(...values)
        }
    }
  }
}

function checkedFuel(limit: number): number {
  if (Number.isInteger(limit) && limit >= 0 && limit <= MOST) return limit
  throw new FramegateError('ARGUMENT_INVALID', `fuel of ${limit} is none; pass a whole number from 0 to ${MOST}`)
}
