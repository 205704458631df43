/** Modules of these tests, metered. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MeterOptions, meterGuest } from '../../src/tenants/meter-guest.ts'
import { joined, leb, name, section } from '../../src/tenants/module-bytes.ts'
import { projectFolder } from '../support/data.ts'
import { watBytes } from '../wat/compile.ts'

export const MEBIBYTE = 1 << 20

/** Whatever a runtime can read, so that it is metering that refuses. */
const everything = {
  exceptions: true,
  memory64: true,
  multi_memory: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  tail_call: true,
}

export function wat(text: string): Uint8Array<ArrayBuffer> {
  return watBytes(text, 'operator.wat', everything)
}

export function hostileBytes(): Uint8Array<ArrayBuffer> {
  return wat(readFileSync(join(import.meta.dirname, 'hostile.wat'), 'utf8'))
}

/** The example operator that `make guests` built. */
export function exampleBytes(language: string): Uint8Array {
  return readFileSync(join(projectFolder, `.cache/guests/operator-${language}.wasm`))
}

export async function metered(bytes: Uint8Array, options: Partial<MeterOptions> = {}): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await meterGuest(bytes, { maxBytes: MEBIBYTE, ...options }))
}

/** A module with a right operator, and with more. */
export function withOperator(more = '', body = '(i32.const 1)', memory = '(memory (export "memory") 1)'): Uint8Array {
  return wat(`(module ${more} ${memory}
    (func (export "framegate_operator") (param i32 i32 i32 i32) (result i32) ${body}))`)
}

/** A module whose operator has these instructions, more than wabt could read, and answers 1. */
export function withInstructions(code: readonly number[]): Uint8Array {
  const body = joined([[0], code, [0x41, 1, 0x0b]])
  return joined([
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, Uint8Array.from([1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f])),
    section(3, Uint8Array.from([1, 0])),
    section(5, Uint8Array.from([1, 0, 1])),
    section(7, joined([[2], name('memory'), [2, 0], name('framegate_operator'), [0, 0]])),
    section(10, joined([[1], leb(body.length), body])),
  ])
}

/** An instance as it is without the library, to be called and looked into. */
export function bare(module: WebAssembly.Module, imports: WebAssembly.Imports = {}) {
  const { exports } = new WebAssembly.Instance(module, imports)
  const call = exports.framegate_operator as (...parameters: number[]) => number
  const fuel = exports.framegate_fuel as WebAssembly.Global<'i32'>
  const memory = exports.memory as WebAssembly.Memory
  /** Asks with that much fuel. Undefined: it ended in a trap or with a full stack. */
  const ask = (given: number, value = '"z"', target = '[]'): { answer: number | undefined; left: number } => {
    fuel.value = given
    const { written } = new TextEncoder().encodeInto(value + target, new Uint8Array(memory.buffer, 1024))
    try {
      const answer = call(1024, value.length, 1024 + value.length, written - value.length)
      return { answer, left: fuel.value }
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
        return { answer: undefined, left: fuel.value }
      }
      throw error
    }
  }
  return { ask, memory, fuel }
}
