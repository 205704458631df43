// The module that makes functions of WebAssembly out of functions of the host: for each signature it imports
// `host.<signature>` and exports it again under the same name.

import type { CallbackType, Definitions, FieldType } from '../definitions.ts'
import { singleScalar } from './layout.ts'

const I32 = 0x7f
const I64 = 0x7e
const F32 = 0x7d
const F64 = 0x7c

const LETTERS: Readonly<Record<number, string>> = { [I32]: 'i', [I64]: 'l', [F32]: 'f', [F64]: 'd' }

/** Machine types as WebAssembly sees a callback. */
interface MachineSignature {
  readonly parameters: readonly number[]
  readonly result: number | undefined
}

/** A struct of more than one scalar crosses as its address, a result of that kind as an address passed first. */
function machineSignature({ parameters, result }: CallbackType): MachineSignature {
  const machine = parameters.map(machineType)
  if (result === 'void') return { parameters: machine, result: undefined }
  if (singleScalar(result) === undefined) return { parameters: [I32, ...machine], result: undefined }
  return { parameters: machine, result: machineType(result) }
}

function machineType(type: CallbackType['parameters'][number]): number {
  const isField = typeof type === 'string' || ('type' in type && type.type === 'struct')
  const scalar = isField ? singleScalar(type as FieldType) : undefined
  if (scalar === 'i64' || scalar === 'u64') return I64
  if (scalar === 'f32') return F32
  return scalar === 'f64' ? F64 : I32
}

/** The signature's name: a letter for each parameter, and one for the result. */
export function adapterName(type: CallbackType): string {
  const { parameters, result } = machineSignature(type)
  const letters = (types: readonly number[]) => types.map((each) => LETTERS[each]).join('')
  return `${letters(parameters)}_${letters(result === undefined ? [] : [result])}`
}

/**
 * The bytes of a module that the callbacks of `definitions` need in WebAssembly. Compile it where modules are compiled
 * beforehand, and pass it as the guest's `callbacks`; elsewhere the shim compiles what it needs itself.
 *
 * @example
 * ```
 * writeFileSync('callbacks.wasm', callbackModule(definitions))
 * ```
 */
export function callbackModule(definitions: Definitions): Uint8Array {
  const types = Object.values(definitions)
    .flatMap(({ parameters }) => parameters)
    .filter((type): type is CallbackType => typeof type === 'object' && 'type' in type && type.type === 'callback')
  return adapterModule(types)
}

/** The module for these types. */
export function adapterModule(types: readonly CallbackType[]): Uint8Array {
  const signatures = [...new Map(types.map((type) => [adapterName(type), type])).entries()]
  const count = leb(signatures.length)
  const functionTypes = signatures.flatMap(([, type]) => {
    const { parameters, result } = machineSignature(type)
    return [0x60, ...leb(parameters.length), ...parameters, ...(result === undefined ? [0] : [1, result])]
  })
  const imports = signatures.flatMap(([name], index) => [...text('host'), ...text(name), 0x00, ...leb(index)])
  const exports = signatures.flatMap(([name], index) => [...text(name), 0x00, ...leb(index)])
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [...count, ...functionTypes]),
    ...section(2, [...count, ...imports]),
    ...section(7, [...count, ...exports]),
  ])
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content]
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value)
  return [...leb(bytes.length), ...bytes]
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = []
  let left = value
  do {
    bytes.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    left >>>= 7
  } while (left > 0)
  return bytes
}
