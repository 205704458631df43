// The region of an instance's memory that calls carve their frames from:
//
//     base                        top                           end
//     | outer call's frame | nested call's frame |   unused    | slack |
//
// A call notes `top`, pushes what its arguments need, and releases back to what it noted. Nothing is kept for another
// call, no address is handed out twice at a time. What does not fit gets a block of its own from the guest's allocator,
// and leaves a marker of 8 bytes in the region so that every call's mark differs.

import { FramegateError } from '../errors.ts'
import { checkedSize, exhausted, type Frame, type Memory } from '../frame.ts'
import { isWellFormed, unfitText } from '../scalars.ts'
import { readText } from '../text.ts'

/** Size of the region. Larger arguments have blocks of their own. */
export const REGION_BYTES = 32 * 1024
const MARKER_BYTES = 8
/** Room for the markers of blocks when the region is full. */
const SLACK_BYTES = 4096

/** Up to this length a loop over the characters is faster than `encodeInto` (4 ns a character against 65 ns). */
const SHORT_TEXT = 14

/** Memory of the guest's allocator. */
export interface Allocator {
  /** @throws FramegateError when there is no memory */
  allocate(size: number): number
  free(address: number, size: number): void
}

interface Block {
  readonly address: number
  readonly size: number
  /** Where the region's top was. */
  readonly at: number
}

const encoder = new TextEncoder()

/** The frames of one instance. */
export class FrameStack {
  readonly memory: Memory
  /** For values of any alignment. */
  data: DataView
  top: number
  readonly #linear: WebAssembly.Memory
  readonly #allocator: Allocator
  readonly #base: number
  readonly #end: number
  readonly #blocks: Block[] = []
  /** Frames that callers hold, in the order they were taken. */
  readonly #held: Carved[] = []
  /** A view that starts at the region's base: a call's first string needs no view of its own (17 ns). */
  #region: Uint8Array

  /** @param at - where the region is, in memory that comes from a snapshot */
  constructor(linear: WebAssembly.Memory, allocator: Allocator, at?: number) {
    this.#linear = linear
    this.#allocator = allocator
    this.memory = views(linear.buffer)
    this.data = new DataView(linear.buffer)
    // A multiple of 16 holds any C type.
    this.#base = at ?? (allocator.allocate(REGION_BYTES + 16) + 15) & ~15
    this.#base >>>= 0
    this.top = this.#base
    this.#end = this.#base + REGION_BYTES - SLACK_BYTES
    this.settle()
    this.#region = new Uint8Array(linear.buffer, this.#base, REGION_BYTES)
  }

  get base(): number {
    return this.#base
  }

  /** Whether a call or a caller holds a frame. */
  get isInUse(): boolean {
    return this.top !== this.#base
  }

  /**
   * Renews the views if memory has grown since they were made: that detaches them, and their elements are gone. Asking for
   * an element takes 0.6 ns, for `byteLength` 12.
   */
  settle(): void {
    if (this.memory.u8[0] !== undefined) return
    Object.assign(this.memory, views(this.#linear.buffer))
    this.data = new DataView(this.#linear.buffer)
    this.#region = new Uint8Array(this.#linear.buffer, this.#base, REGION_BYTES)
  }

  /**
   * Takes `size` bytes for the call that runs now, aligned to 8. Views may have been replaced afterwards.
   *
   * @throws {@link FramegateError} `GUEST_MEMORY_EXHAUSTED`
   */
  push(size: number): number {
    const at = this.top
    const next = at + ((size + 7) & ~7)
    if (size > REGION_BYTES || next > this.#end) return this.#pushBlock(size)
    this.top = next
    this.settle()
    return at
  }

  /** Gives back what the call of `symbol` pushed since `top` was `mark`. */
  release(mark: number, _symbol: string): void {
    this.top = mark
    if (this.#held.length !== 0) this.#endHeld(mark)
    if (this.#blocks.length !== 0) this.#freeBlocks(mark)
  }

  /**
   * Writes a text as a C string and returns its address.
   *
   * @throws {@link FramegateError} `STRING_INVALID` for a NUL or half a surrogate pair
   */
  pushText(text: string, place: string): number {
    const { length } = text
    if (text.indexOf('\0') >= 0)
      throw unfitText(place, `has a NUL at index ${text.indexOf('\0')}, where C would end it`)
    // Three bytes hold any UTF-16 unit, so that nothing is ever cut off.
    const at = this.push(length * 3 + 1)
    const { u8 } = this.memory
    if (length <= SHORT_TEXT) {
      let index = 0
      for (; index < length; index++) {
        const unit = text.charCodeAt(index)
        if (unit > 0x7f) break
        u8[at + index] = unit
      }
      if (index === length) {
        u8[at + length] = 0
        return at
      }
    }
    const target = at === this.#base ? this.#region : u8.subarray(at, at + length * 3)
    const { written } = encoder.encodeInto(text, target)
    if (written !== length && !isWellFormed(text)) {
      throw unfitText(place, 'has half of a surrogate pair, which UTF-8 cannot express')
    }
    u8[at + written] = 0
    return at
  }

  /** Reads the C string at an address that the guest gave. */
  text(address: number, place: string): string {
    this.settle()
    return readText(this.memory.u8, address, place)
  }

  /**
   * Checks what the guest says about its memory.
   *
   * @throws {@link FramegateError} `RESULT_INVALID` where `length` bytes at `address` are not all in memory
   */
  checkRange(address: number, length: number, place: string): void {
    const { length: size } = this.memory.u8
    if (length >= 0 && address + length <= size) return
    throw new FramegateError(
      'RESULT_INVALID',
      `${place} is ${length} bytes at address ${address}, beyond the ${size} bytes of memory; is the definition right?`,
    )
  }

  /** Takes a frame that the caller releases. It has some bytes of its own even if it is to have none, so that marks differ. */
  carve(size: number): Carved {
    const rounded = checkedSize(size)
    const mark = this.top
    return this.hold(new Carved(this, this.push(Math.max(rounded, MARKER_BYTES)), rounded, mark))
  }

  /** Remembers a frame: the end of a call that it was taken in ends it too. */
  protected hold<Held extends Carved>(frame: Held): Held {
    this.#held.push(frame)
    return frame
  }

  /** Whether the address lies in memory that frames are carved from and no call holds. */
  isReleased(address: number): boolean {
    return address >= this.top && address < this.#base + REGION_BYTES
  }

  #pushBlock(size: number): number {
    const at = this.top
    if (at + MARKER_BYTES > this.#end + SLACK_BYTES) {
      throw new FramegateError(
        'GUEST_STACK_EXHAUSTED',
        'too many calls with large arguments are nested; end some first',
      )
    }
    const rounded = (size + 7) & ~7
    if (rounded < size) throw exhausted(size)
    const address = this.#allocator.allocate(rounded)
    this.#blocks.push({ address, size: rounded, at })
    this.top = at + MARKER_BYTES
    this.settle()
    return address
  }

  #endHeld(mark: number): void {
    for (let last = this.#held.at(-1); last !== undefined && last.mark >= mark; last = this.#held.at(-1)) {
      this.#held.pop()
      last.released = true
    }
  }

  #freeBlocks(mark: number): void {
    for (let last = this.#blocks.at(-1); last !== undefined && last.at >= mark; last = this.#blocks.at(-1)) {
      this.#blocks.pop()
      this.#allocator.free(last.address, last.size)
    }
    this.settle()
  }
}

/** A frame in an instance's memory, held by a caller. */
export class Carved implements Frame {
  readonly stack: FrameStack
  readonly base: number
  readonly size: number
  /** Where the stack's top was before and after. */
  readonly mark: number
  readonly #top: number
  /** Views of its own, in debug mode. */
  readonly #memory: Memory | undefined
  released = false

  constructor(stack: FrameStack, base: number, size: number, mark: number, memory?: Memory) {
    this.stack = stack
    this.base = base
    this.size = size
    this.mark = mark
    this.#top = stack.top
    this.#memory = memory
  }

  get memory(): Memory {
    if (this.#memory !== undefined) return this.#memory
    this.stack.settle()
    return this.stack.memory
  }

  release(): void {
    if (this.released) throw new FramegateError('FRAME_STALE', 'the frame was released before; release it once')
    if (this.stack.top !== this.#top) {
      throw new FramegateError('FRAME_STALE', 'a frame above this one is still in use; release that one first')
    }
    this.stack.release(this.mark, 'frame')
    this.released = true
  }
}

function views(buffer: ArrayBuffer): Memory {
  return { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
}
