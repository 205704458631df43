// The instructions that a metered guest may have: what follows each opcode, and how much fuel it takes. Everything else is
// refused, so that an instruction that nobody weighed cannot come in with a newer runtime.
//
// Allowed are WebAssembly 1.0, sign extension, conversions that saturate, several values, bulk memory, reference types
// and 128-bit vectors. Not: threads, exceptions, tail calls, garbage-collected objects, several or 64-bit memories,
// relaxed vectors (whose results differ between machines).

import { MalformedModule, type SectionReader } from '../wasm-sections.ts'

export const op = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  memorySize: 0x3f,
  i32Const: 0x41,
  i32LessSigned: 0x48,
  i32GreaterOrEqual: 0x4f,
  i32Subtract: 0x6b,
  i32ShiftLeft: 0x74,
  i32ShiftRight: 0x76,
  select: 0x1b,
  unreachable: 0x00,
  prefix: 0xfc,
} as const

/** What an instruction without structure of its own takes. */
export interface Weight {
  readonly fuel: number
  /** The uppermost operand is a length of this kind, for which a function takes fuel besides. */
  readonly length?: Length
}

/** Bytes that are filled or copied, elements of a table, pages that are added to memory. */
export type Length = 'bytes' | 'elements' | 'pages'

/** i32, i64, f32, f64, v128, funcref, externref. */
export const valueTypes: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f])

/**
 * Reads a value type of one byte. Types of more bytes belong to proposals that are not allowed; to read on after the first
 * would be to take the others for instructions.
 */
export function valueType(reader: SectionReader): number {
  const code = reader.byte()
  if (valueTypes.has(code)) return code
  throw new MalformedModule(`it has the value type 0x${code.toString(16)}, which a metered guest may not have`)
}

/** Where a value takes no place of its own. */
const EMPTY_BLOCK = 0x40

/** Reads a block's type: the number of an entry of the type section; or -1 for no value, -2 for one. */
export function blockType(reader: SectionReader): number {
  const first = reader.next ?? 0
  // One byte below 0x80 with its sign bit set is a value type; an index is never negative.
  if (first < 0x40 || first >= 0x80) return reader.leb()
  if (first !== EMPTY_BLOCK) {
    valueType(reader)
    return -2
  }
  reader.byte()
  return -1
}

/** Reads what follows an opcode that has no structure of its own. Undefined: it is not one of those allowed. */
export function plainInstruction(reader: SectionReader, code: number): Weight | undefined {
  if (code >= 0x45 && code <= 0xc4) return SLOW.has(code) ? DIVISION : ONE
  if (code >= 0x28 && code <= 0x3e) return address(reader)
  switch (code) {
    case 0x01: // nop
    case 0x1a: // drop
    case 0x1b: // select
    case 0xd1: // ref.is_null
      return ONE
    case 0x1c: // select, typed
      reader.list(() => valueType(reader))
      return ONE
    case 0x20: // local.get, local.set, local.tee, global.get, global.set
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24:
    case 0x3f: // memory.size: the number of the memory, in as many bytes as it likes
    case 0x41: // i32.const
    case 0x42: // i64.const
      reader.leb()
      return ONE
    case 0x25: // table.get, table.set, ref.func
    case 0x26:
    case 0xd2:
      reader.leb()
      return REFERENCE
    case 0x40: // memory.grow
      reader.leb()
      return { fuel: GROWTH, length: 'pages' }
    case 0x43: // f32.const
      reader.skip(4)
      return ONE
    case 0x44: // f64.const
      reader.skip(8)
      return ONE
    case 0xd0: // ref.null
      return valueType(reader) === 0x70 || reader.bytes[reader.offset - 1] === 0x6f ? ONE : undefined
    case 0xfc:
      return prefixed(reader)
    case 0xfd:
      return vector(reader)
    default:
      return undefined
  }
}

const ONE: Weight = { fuel: 1 }
const DIVISION: Weight = { fuel: 8 }
/** Functions as values, and what is done with them, are calls into the runtime. */
const REFERENCE: Weight = { fuel: 64 }
/** So is growth, which also makes new objects of the host's. */
const GROWTH = 1000
const BYTES: Weight = { fuel: 16, length: 'bytes' }
const ELEMENTS: Weight = { fuel: 64, length: 'elements' }

/** Divisions, remainders and square roots. */
const SLOW: ReadonlySet<number> = new Set([0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3])

/** Undefined with bit 6, after which the number of a memory would come. */
function address(reader: SectionReader): Weight | undefined {
  if (reader.leb() & 0x40) return undefined
  reader.leb()
  return ONE
}

function prefixed(reader: SectionReader): Weight | undefined {
  const code = reader.leb()
  // i32.trunc_sat_f32_s and the like
  if (code <= 7) return ONE
  switch (code) {
    case 8: // memory.init
    case 10: // memory.copy
      reader.leb()
      reader.leb()
      return BYTES
    case 9: // data.drop
    case 13: // elem.drop
    case 16: // table.size
      reader.leb()
      return ONE
    case 11: // memory.fill
      reader.leb()
      return BYTES
    case 12: // table.init
    case 14: // table.copy
      reader.leb()
      reader.leb()
      return ELEMENTS
    case 15: // table.grow
      reader.leb()
      return { fuel: GROWTH, length: 'elements' }
    case 17: // table.fill
      reader.leb()
      return ELEMENTS
    default:
      return undefined
  }
}

function vector(reader: SectionReader): Weight | undefined {
  const code = reader.leb()
  if (code > 0xff) return undefined
  if (code <= 11 || code === 92 || code === 93) return address(reader)
  // v128.const, i8x16.shuffle
  if (code === 12 || code === 13) {
    reader.skip(16)
    return ONE
  }
  if (code >= 84 && code <= 91) {
    const weight = address(reader)
    reader.byte()
    return weight
  }
  if (code >= 21 && code <= 34) reader.byte()
  // f32x4 and f64x2: sqrt, div
  return code === 0xe3 || code === 0xe7 || code === 0xef || code === 0xf3 ? { fuel: 16 } : ONE
}
