// The objects of AssemblyScript's garbage collector as they lie in memory. Reading them does not enter the guest, so nothing
// can be collected meanwhile. The loader's own readers are not used: they take any address for an array of any class, and
// drop a byte order mark at the start of a long string.
//
//     object - 8   object - 4   object
//     | class id |    size    | a string's UTF-16 units; a static array's elements; or
//                             | buffer | first element | size in bytes | an array's length in elements |

import type { TypedArrayType } from '../definitions.ts'
import { FramegateError } from '../errors.ts'

export const ELEMENTS = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const

const STRING_ID = 2

// Flags of a class, in the table at `__rtti_base`: a count, then a word for each class.
const VIEW = 1 << 0
const ARRAY = 1 << 1
const STATIC_ARRAY = 1 << 2
const SIZE_SHIFT = 6
const SIGNED = 1 << 11
const FLOAT = 1 << 12
const MANAGED = 1 << 14

/** So many units are made a string at a time; more would fill the stack. */
const UNITS = 4096

export class ManagedMemory {
  readonly #memory: WebAssembly.Memory
  readonly #exports: WebAssembly.Exports

  constructor(memory: WebAssembly.Memory, exports: WebAssembly.Exports) {
    this.#memory = memory
    this.#exports = exports
  }

  /** Copies a string out. Half a surrogate pair stays what it is. */
  text(address: number, place: string): string {
    const found = this.textOrNothing(address)
    if (found === undefined) throw this.#invalid(address, 'string', place)
    return found
  }

  textOrNothing(address: number): string | undefined {
    const object = this.#object(address)
    if (object?.id !== STRING_ID) return undefined
    const units = new Uint16Array(this.#memory.buffer.slice(address, address + object.size))
    let text = ''
    for (let at = 0; at < units.length; at += UNITS) text += String.fromCharCode(...units.subarray(at, at + UNITS))
    return text
  }

  /** Copies an array out: a typed array, an `Array` or a `StaticArray` of numbers. */
  array(type: TypedArrayType, address: number, place: string): ArrayBufferView {
    const object = this.#object(address)
    const flags = object && this.#flags(object.id)
    if (object === undefined || flags === undefined || !holds(flags, type.of)) {
      throw this.#invalid(address, `array of ${type.of}`, place)
    }
    const Elements = ELEMENTS[type.of]
    const { buffer } = this.#memory
    let start = address
    let size = object.size
    if ((flags & STATIC_ARRAY) === 0) {
      const data = new DataView(buffer)
      start = data.getUint32(address + 4, true)
      size =
        flags & ARRAY
          ? data.getUint32(address + 12, true) * Elements.BYTES_PER_ELEMENT
          : data.getUint32(address + 8, true)
    }
    if (start + size > buffer.byteLength) throw this.#invalid(address, `array of ${type.of}`, place)
    return new Elements(buffer.slice(start, start + size))
  }

  /**
   * The id of an array's class.
   *
   * @throws {@link FramegateError} `SYMBOL_NOT_FOUND`, `DEFINITION_INVALID`
   */
  classOf({ id: name, of }: TypedArrayType, place: string): number {
    const global = this.#exports[name]
    if (!(global instanceof WebAssembly.Global)) {
      throw new FramegateError(
        'SYMBOL_NOT_FOUND',
        `the module exports no global ${name} for ${place}; add: export const ${name} = idof<…>()`,
      )
    }
    const id = Number(global.value)
    const flags = this.#flags(id)
    if (flags !== undefined && holds(flags, of)) return id
    throw new FramegateError('DEFINITION_INVALID', `${place} is an array of ${of}, but ${name} is no such class's id`)
  }

  #object(address: number): { readonly id: number; readonly size: number } | undefined {
    const { buffer } = this.#memory
    if (address < 8 || address > buffer.byteLength) return undefined
    const data = new DataView(buffer)
    const size = data.getUint32(address - 4, true)
    return address + size > buffer.byteLength ? undefined : { id: data.getUint32(address - 8, true), size }
  }

  #flags(id: number): number | undefined {
    const base = this.#exports.__rtti_base
    if (!(base instanceof WebAssembly.Global)) return undefined
    const data = new DataView(this.#memory.buffer)
    const at = Number(base.value)
    return id < data.getUint32(at, true) ? data.getUint32(at + 4 + id * 4, true) : undefined
  }

  #invalid(address: number, what: string, place: string): FramegateError {
    return new FramegateError(
      'RESULT_INVALID',
      `${place} is the address ${address}, where there is no ${what}; is the definition right?`,
    )
  }
}

/** Whether a class is an array of such elements. */
function holds(flags: number, of: TypedArrayType['of']): boolean {
  if ((flags & (VIEW | ARRAY | STATIC_ARRAY)) === 0 || flags & MANAGED) return false
  const size = (flags >>> SIZE_SHIFT) & 31
  const isFloat = (flags & FLOAT) !== 0
  if (size !== ELEMENTS[of].BYTES_PER_ELEMENT || isFloat !== of.startsWith('f')) return false
  return isFloat || ((flags & SIGNED) !== 0) === of.startsWith('i')
}
