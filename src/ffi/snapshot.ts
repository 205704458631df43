// A snapshot: what an instance of a guest is at rest, from which other instances of the same module start without
// running anything of the guest. Blocks of memory that are as the module itself makes them are left out.
//
//      0  'FGSN'           the format's mark
//      4  version          of the format
//      8  checksum         two words over everything from byte 16 on
//     16  length           of the whole, in bytes
//     20  memory           size of the linear memory, in bytes
//     24  frames           address of the region that frames are carved from
//     28  panic            address of the guest's panic text, or 0
//     32  base             1: blocks left out are as the module makes them; 0: they are zero
//     36  module id        a byte that counts, then up to 35 bytes
//     72  globals, runs    how many there are
//     80  note             its length
//     88  globals          16 bytes each: number among the module's exports, 0 number or 1 bigint, value
//         runs             8 bytes each: address, length
//         note             the caller's bytes, up to a multiple of 8
//         image            the bytes of the runs, one after another
//
// Numbers are little-endian, words of 32 bits unless the drawing says otherwise.

import { FramegateError } from './errors.ts'

/** Where the fixed part's numbers are. */
const AT = {
  mark: 0,
  version: 4,
  checksum: 8,
  length: 16,
  memory: 20,
  frames: 24,
  panic: 28,
  base: 32,
  moduleID: 36,
  globals: 72,
  runs: 76,
  note: 80,
  head: 88,
} as const

const MARK = 0x4e53_4746
const VERSION = 1
const GLOBAL_SIZE = 16
const RUN_SIZE = 8
const LONGEST_ID = AT.globals - AT.moduleID - 1

/** A mutable global that the module exports, by its number among the exports. */
export interface GlobalValue {
  readonly index: number
  readonly value: number | bigint
}

/** A stretch of memory. */
export interface Run {
  readonly address: number
  readonly length: number
}

/** What goes into a snapshot. */
export interface SnapshotParts {
  readonly moduleID: Uint8Array
  readonly memoryBytes: number
  readonly framesAt: number
  readonly panicAt: number
  readonly isOnModule: boolean
  readonly globals: readonly GlobalValue[]
  readonly runs: readonly Run[]
  /** Stretches that are zero in the snapshot, whatever they are in memory. */
  readonly blanks: readonly Run[]
  /** The memory that the runs lie in. */
  readonly memory: Uint8Array
  readonly note: Uint8Array
}

/**
 * The state of a guest's instance at rest, made by `snapshot()` of a library or an evaluator. Its bytes can be kept in a file or a
 * key-value store, posted, or lie in a `SharedArrayBuffer`; they are the snapshot's own and must not be changed.
 *
 * The checksum finds damage, not forgery: take snapshots from stores that only you write. What a forged one can do is
 * confined to the instances that start from it.
 *
 * @example
 * ```
 * const snapshot = library.snapshot()
 * writeFileSync('guest.snapshot', snapshot.bytes)
 * const again = open(guest, definitions, { snapshot: Snapshot.from(readFileSync('guest.snapshot')) })
 * ```
 */
export class Snapshot {
  readonly #bytes: Uint8Array
  readonly #words: DataView
  /** Of what was made here it is written when somebody asks for the bytes: code that never ran takes 4 ms for 270 kB. */
  #lacksChecksum: boolean

  private constructor(bytes: Uint8Array, lacksChecksum = false) {
    this.#bytes = bytes
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#lacksChecksum = lacksChecksum
  }

  /** The serialised form. */
  get bytes(): Uint8Array {
    if (this.#lacksChecksum) {
      const [low, high] = checksum(this.#bytes)
      this.#words.setUint32(AT.checksum, low, true)
      this.#words.setUint32(AT.checksum + 4, high, true)
      this.#lacksChecksum = false
    }
    return this.#bytes
  }

  /**
   * Bytes of the serialised form.
   *
   * @internal
   */
  get size(): number {
    return this.#bytes.length
  }

  /**
   * Takes serialised bytes; they are not copied unless they lie at an address that is no multiple of 8.
   *
   * @throws {@link FramegateError} `SNAPSHOT_INVALID` for bytes that are cut off, damaged, none, or of another version
   */
  static from(bytes: Uint8Array | ArrayBufferLike): Snapshot {
    const snapshot = Snapshot.trusted(bytes)
    const [low, high] = checksum(snapshot.#bytes)
    const words = snapshot.#words
    if (words.getUint32(AT.checksum, true) === low && words.getUint32(AT.checksum + 4, true) === high) return snapshot
    throw invalid('its checksum is wrong, so it was damaged')
  }

  /**
   * As {@link Snapshot.from} for bytes that never left this process: they are not summed up.
   *
   * @internal
   */
  static trusted(given: Uint8Array | ArrayBufferLike): Snapshot {
    // Node's Buffers are taken for what they are underneath: their own `slice` copies nothing.
    const { buffer, byteOffset, byteLength } = given instanceof Uint8Array ? given : new Uint8Array(given)
    const view = new Uint8Array(buffer, byteOffset, byteLength)
    const bytes = view.byteOffset % 8 === 0 ? view : view.slice()
    if (bytes.length < AT.head) throw invalid(`it has ${bytes.length} bytes, less than its head`)
    const snapshot = new Snapshot(bytes)
    const words = snapshot.#words
    if (words.getUint32(AT.mark, true) !== MARK) throw invalid('it does not begin as snapshots do')
    const version = words.getUint32(AT.version, true)
    if (version !== VERSION) throw invalid(`it is of version ${version}, this package reads version ${VERSION}`)
    const length = words.getUint32(AT.length, true)
    if (length !== bytes.length) throw invalid(`it says that it has ${length} bytes, and has ${bytes.length}`)
    if (snapshot.#imageAt + snapshot.#imageLength() > length) throw invalid('its parts are larger than the whole')
    return snapshot
  }

  /** @internal */
  static of(parts: SnapshotParts): Snapshot {
    return new Snapshot(serialised(parts), true)
  }

  /** What the caller of `library.snapshot` wanted to have with it. */
  get note(): Uint8Array {
    return this.#bytes.subarray(this.#noteAt, this.#noteAt + this.#word(AT.note))
  }

  /** The id of the module that it belongs to, in hexadecimal digits. */
  get moduleID(): string {
    const length = this.#bytes[AT.moduleID] as number
    return hex(this.#bytes.subarray(AT.moduleID + 1, AT.moduleID + 1 + length))
  }

  /**
   * Whether it belongs to the module of that id.
   *
   * @internal
   */
  isOf(id: Uint8Array): boolean {
    if (this.#bytes[AT.moduleID] !== id.length) return false
    return id.every((byte, index) => this.#bytes[AT.moduleID + 1 + index] === byte)
  }

  /** Size of the linear memory of an instance that starts from it. */
  get memoryBytes(): number {
    return this.#word(AT.memory)
  }

  /** @internal */
  get framesAt(): number {
    return this.#word(AT.frames)
  }

  /** @internal */
  get panicAt(): number {
    return this.#word(AT.panic)
  }

  /** @internal */
  get isOnModule(): boolean {
    return this.#word(AT.base) === 1
  }

  /** @internal */
  get globals(): GlobalValue[] {
    return Array.from({ length: this.#word(AT.globals) }, (_, number) => {
      const at = AT.head + number * GLOBAL_SIZE
      const isBig = this.#word(at + 4) === 1
      return {
        index: this.#word(at),
        value: isBig ? this.#words.getBigInt64(at + 8, true) : this.#words.getFloat64(at + 8, true),
      }
    })
  }

  /**
   * The stretches of memory with their bytes.
   *
   * @internal
   */
  *image(): Generator<readonly [address: number, bytes: Uint8Array]> {
    let at = this.#imageAt
    for (const { address, length } of this.#runs()) {
      yield [address, this.#bytes.subarray(at, at + length)]
      at += length
    }
  }

  *#runs(): Generator<Run> {
    const first = AT.head + this.#word(AT.globals) * GLOBAL_SIZE
    for (let number = 0; number < this.#word(AT.runs); number++) {
      const at = first + number * RUN_SIZE
      yield { address: this.#word(at), length: this.#word(at + 4) }
    }
  }

  #imageLength(): number {
    let length = 0
    if (this.#noteAt > this.#bytes.length) return Number.POSITIVE_INFINITY
    for (const run of this.#runs()) {
      if (run.address + run.length > this.memoryBytes) return Number.POSITIVE_INFINITY
      length += run.length
    }
    return length
  }

  get #noteAt(): number {
    return AT.head + this.#word(AT.globals) * GLOBAL_SIZE + this.#word(AT.runs) * RUN_SIZE
  }

  get #imageAt(): number {
    return this.#noteAt + multipleOf8(this.#word(AT.note))
  }

  #word(at: number): number {
    return this.#words.getUint32(at, true)
  }
}

/**
 * The id of a module's bytes, as {@link WasmGuest.id} takes it: their SHA-256 in hexadecimal digits.
 *
 * @example
 * ```
 * const bytes = readFileSync('guest.wasm')
 * const guest = { module: new WebAssembly.Module(bytes), id: await moduleID(bytes) }
 * ```
 */
export async function moduleID(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

/** The bytes of an id in hexadecimal digits, cut off where the format has no more room. */
export function idBytes(id: string): Uint8Array {
  const digits = id.slice(0, 2 * LONGEST_ID).match(/[0-9a-f]{2}/gi) ?? []
  return Uint8Array.from(digits, (pair) => Number.parseInt(pair, 16))
}

/** Bytes in hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** All but the checksum. */
function serialised(parts: SnapshotParts): Uint8Array {
  const { globals, runs, blanks, note, memory } = parts
  const noteAt = AT.head + globals.length * GLOBAL_SIZE + runs.length * RUN_SIZE
  const imageAt = noteAt + multipleOf8(note.length)
  const length = imageAt + runs.reduce((sum, run) => sum + run.length, 0)
  const bytes = new Uint8Array(length)
  const words = new DataView(bytes.buffer)
  const word = (at: number, value: number) => words.setUint32(at, value, true)
  word(AT.mark, MARK)
  word(AT.version, VERSION)
  word(AT.length, length)
  word(AT.memory, parts.memoryBytes)
  word(AT.frames, parts.framesAt)
  word(AT.panic, parts.panicAt)
  word(AT.base, parts.isOnModule ? 1 : 0)
  bytes[AT.moduleID] = Math.min(parts.moduleID.length, LONGEST_ID)
  bytes.set(parts.moduleID.subarray(0, LONGEST_ID), AT.moduleID + 1)
  word(AT.globals, globals.length)
  word(AT.runs, runs.length)
  word(AT.note, note.length)
  globals.forEach(({ index, value }, number) => {
    const at = AT.head + number * GLOBAL_SIZE
    word(at, index)
    word(at + 4, typeof value === 'bigint' ? 1 : 0)
    if (typeof value === 'bigint') words.setBigInt64(at + 8, value, true)
    else words.setFloat64(at + 8, value, true)
  })
  let runAt = AT.head + globals.length * GLOBAL_SIZE
  let at = imageAt
  for (const { address, length: size } of runs) {
    word(runAt, address)
    word(runAt + 4, size)
    bytes.set(memory.subarray(address, address + size), at)
    for (const blank of blanks) {
      const from = Math.max(0, blank.address - address)
      bytes.fill(0, at + from, at + Math.max(from, Math.min(size, blank.address + blank.length - address)))
    }
    runAt += RUN_SIZE
    at += size
  }
  bytes.set(note, noteAt)
  return bytes
}

/**
 * Sums up everything behind the checksum, four words at a time in lanes of their own: 2 GB a second, where one lane
 * waits for each multiplication and takes four times as long.
 */
function checksum(bytes: Uint8Array): [low: number, high: number] {
  const start = AT.length / 4
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
  let a = 0x811c_9dc5 | 0
  let b = 0x1000_193 | 0
  let c = 0x2545_f491 | 0
  let d = 0x27d4_eb2f | 0
  const { length } = words
  let index = start
  for (; index + 3 < length; index += 4) {
    a = mixed(a, words[index] as number)
    b = mixed(b, words[index + 1] as number)
    c = mixed(c, words[index + 2] as number)
    d = mixed(d, words[index + 3] as number)
  }
  for (; index < length; index++) a = mixed(a, words[index] as number)
  for (let rest = length * 4; rest < bytes.length; rest++) b = mixed(b, bytes[rest] as number)
  return [mixed(a, (c << 15) | (c >>> 17)) >>> 0, mixed(b, (d << 13) | (d >>> 19)) >>> 0]
}

function mixed(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, 0x0100_0193)
  return product ^ (product >>> 15)
}

function multipleOf8(length: number): number {
  return (length + 7) & ~7
}

function invalid(reason: string): FramegateError {
  return new FramegateError('SNAPSHOT_INVALID', `the snapshot cannot be used: ${reason}; make it again`)
}
