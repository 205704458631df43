// The frame stack of debug mode. Every piece of a frame lies between red zones (pattern.ts), memory that no call holds
// is filled, and what was there last is known by its call:
//
//     base                                              top                                      end
//     | zone piece zone | zone piece zone | ...          | released by f | released by g | unused |
//
// Frames too large for the region have blocks of the guest's allocator, which rest in the quarantine once released.

import type { FramegateError } from '../errors.ts'
import { Carved, FrameStack, REGION_BYTES } from '../wasm/frame-stack.ts'
import type { AddressChecks } from './addresses.ts'
import { Call, type Calls } from './calls.ts'
import { lateWrite, overrun, strayWrite } from './faults.ts'
import { GuardedMemory } from './guarded-memory.ts'
import type { Ledger } from './ledger.ts'
import { FILL, firstOther, overrunOf, paint, RED_ZONE, type Zone } from './pattern.ts'

/** A piece of a call's frame: an argument, a slot, or a whole frame that a caller took. */
interface Piece extends Zone {
  end: number
  /** The region's top before it was pushed. */
  readonly mark: number
  readonly call: Call
  /** Which argument it is, once that is known. */
  place: string | undefined
  /** The frame that a caller took. */
  frame: Carved | undefined
}

/** A part of the region that no call holds. */
interface Released {
  start: number
  readonly end: number
  readonly call: Call
}

/** What the stack needs of its instance's guards. */
export interface StackGuards {
  readonly calls: Calls
  readonly ledger: Ledger
  /** Looks at addresses; it is asked only once calls are made. */
  readonly checks: AddressChecks
}

export class GuardedFrameStack extends FrameStack {
  /** Whose memory is being given back: the blocks of it go to the allocator while this is set. */
  releasing: Call | undefined
  readonly #guards: StackGuards
  readonly #pieces: Piece[] = []
  /** From the highest address to the lowest. */
  readonly #released: Released[] = []

  constructor(guards: StackGuards, ...parameters: ConstructorParameters<typeof FrameStack>) {
    super(...parameters)
    this.#guards = guards
    this.memory.u8.fill(FILL.released, this.base, this.base + REGION_BYTES)
  }

  override push(size: number): number {
    const mark = this.top
    const from = super.push(RED_ZONE + size + RED_ZONE)
    if (from === mark) this.#checkUntouched(mark)
    const start = from + RED_ZONE
    const to = (start + size + RED_ZONE + 7) & ~7
    const call = this.#guards.calls.current ?? new Call('the library', this.push)
    const piece = { from, start, end: start + size, to: to >>> 0, mark, call, place: undefined, frame: undefined }
    paint(this.memory.u8, piece)
    this.#pieces.push(piece)
    return start
  }

  override pushText(text: string, place: string): number {
    const start = super.pushText(text, place)
    // There was room for the longest encoding; the text ends at its NUL.
    const piece = this.#pieces.at(-1) as Piece
    const { u8 } = this.memory
    piece.place = place
    piece.end = u8.indexOf(0, start) + 1
    u8.fill(FILL.redZone, piece.end, piece.to)
    return start
  }

  override text(address: number, place: string): string {
    const { calls, checks } = this.#guards
    this.settle()
    const fault = checks.textFault(address, place)
    if (fault) calls.report(fault)
    return super.text(address, place)
  }

  override carve(size: number): Carved {
    const { calls, ledger } = this.#guards
    const call = new Call('library.frame', this.carve)
    return calls.run(call, () => {
      const mark = this.top
      const base = super.carve(size).base
      const piece = this.#pieces.at(-1) as Piece
      const rounded = piece.end - piece.start
      piece.place = `the frame of ${rounded} bytes`
      const frame = new GuardedFrame(this, base, rounded, mark, new GuardedMemory(this.memory, call), calls, ledger)
      ledger.addFrame(frame, rounded)
      piece.frame = frame
      return this.hold(frame)
    })
  }

  override release(mark: number, symbol: string): void {
    this.settle()
    let call: Call | undefined
    for (let last = this.#pieces.at(-1); last !== undefined && last.mark >= mark; last = this.#pieces.at(-1)) {
      this.#pieces.pop()
      this.#inspectOne(last)
      call = last.call
    }
    if (call) this.#bury(mark, call)
    this.releasing = call
    super.release(mark, symbol)
  }

  /** Finds what was written into red zones by the call that has just ended, or by those before. */
  inspect(): void {
    this.settle()
    for (const piece of this.#pieces) this.#inspectOne(piece)
  }

  /** Looks at all memory that no call holds. */
  inspectReleased(): void {
    this.settle()
    const fault = this.#touched(this.top, this.base + REGION_BYTES)
    if (fault) this.#guards.calls.report(fault)
  }

  /** Says that the piece at an address is given to the guest, and how messages name it. */
  give(address: number, place: string): void {
    const { calls, ledger } = this.#guards
    const piece = this.#pieces.find(({ start, call, frame }) => start === address && (frame || call === calls.current))
    if (piece === undefined) return
    piece.place ??= place
    if (piece.frame) ledger.use(piece.frame)
  }

  /** Whether the address lies in a frame, held or not. */
  contains(address: number): boolean {
    const isInRegion = address >= this.base && address < this.base + REGION_BYTES
    return isInRegion || this.#pieceAt(address) !== undefined
  }

  isInFrameOf(call: Call | undefined, address: number): boolean {
    const piece = this.#pieceAt(address)
    return piece !== undefined && piece.call === call
  }

  /** The call that held this memory last, if none does now. */
  formerOwner(address: number): Call | undefined {
    return this.isReleased(address) ? this.#releasedAt(address)?.call : undefined
  }

  #pieceAt(address: number): Piece | undefined {
    return this.#pieces.find(({ from, to }) => address >= from && address < to)
  }

  #releasedAt(address: number): Released | undefined {
    return this.#released.find(({ start, end }) => address >= start && address < end)
  }

  #inspectOne(piece: Piece): void {
    const offset = overrunOf(this.memory.u8, piece)
    if (offset === undefined) return
    const { calls } = this.#guards
    const { start, end, place, call } = piece
    calls.report(overrun(offset, end - start, place, call, calls.current))
  }

  /** Fills what a call gives back. */
  #bury(mark: number, call: Call): void {
    const end = this.top
    this.memory.u8.fill(FILL.released, mark, end)
    this.#forget(end)
    this.#released.push({ start: mark, end, call })
  }

  /** Forgets who was below an address. */
  #forget(below: number): void {
    for (let last = this.#released.at(-1); last !== undefined && last.start < below; last = this.#released.at(-1)) {
      if (last.end > below) {
        last.start = below
        return
      }
      this.#released.pop()
    }
  }

  /** @throws FramegateError when the memory from `mark` on, which is about to be used, was written into meanwhile */
  #checkUntouched(mark: number): void {
    const fault = this.#touched(mark, this.top)
    if (fault === undefined) {
      this.#forget(this.top)
      return
    }
    this.top = mark
    const { current } = this.#guards.calls
    throw current ? current.traced(fault) : fault
  }

  #touched(start: number, end: number): FramegateError | undefined {
    const { u8 } = this.memory
    const at = firstOther(u8, start, end, FILL.released)
    if (at < 0) return undefined
    u8.fill(FILL.released, start, end)
    const released = this.#releasedAt(at)
    if (released) return lateWrite('the frame of', at - released.start, released.call)
    return strayWrite(at, this.#guards.calls.current)
  }
}

/** A frame that a caller of debug mode holds. */
class GuardedFrame extends Carved {
  readonly #calls: Calls
  readonly #ledger: Ledger
  readonly #views: GuardedMemory

  constructor(
    stack: FrameStack,
    base: number,
    size: number,
    mark: number,
    memory: GuardedMemory,
    calls: Calls,
    ledger: Ledger,
  ) {
    super(stack, base, size, mark, memory)
    this.#calls = calls
    this.#ledger = ledger
    this.#views = memory
  }

  override release(): void {
    try {
      this.#calls.run(new Call('frame.release', this.release), () => super.release())
    } finally {
      if (this.released) {
        this.#ledger.remove(this)
        this.#views.release()
      }
    }
  }
}
