// Memory of one argument or frame of the native backend in debug mode: bytes of the host's between red zones.

import { exhausted, type Memory } from '../frame.ts'
import type { Koffi } from '../native/types.ts'
import type { Call, Calls } from './calls.ts'
import { overrun } from './faults.ts'
import { overrunOf, paint, RED_ZONE, type Zone } from './pattern.ts'
import type { Ground, Quarantine } from './quarantine.ts'

export class GuardedArea {
  /** What the guest may use. */
  readonly bytes: Uint8Array
  readonly call: Call
  /** The frame that a caller took. */
  frame: object | undefined
  readonly #place: string
  readonly #whole: Uint8Array
  readonly #address: number
  readonly #zone: Zone

  /** @throws {@link FramegateError} `GUEST_MEMORY_EXHAUSTED` */
  constructor(koffi: Koffi, size: number, place: string, call: Call) {
    this.call = call
    this.#place = place
    const end = RED_ZONE + size
    this.#zone = { from: 0, start: RED_ZONE, end, to: end + RED_ZONE }
    try {
      // Not the array's own: V8 moves the bytes of small ones.
      this.#whole = new Uint8Array(new ArrayBuffer(this.#zone.to))
    } catch {
      throw exhausted(size)
    }
    paint(this.#whole, this.#zone)
    this.bytes = this.#whole.subarray(RED_ZONE, end)
    this.#address = Number(koffi.address(this.#whole))
  }

  /** Views for a frame. */
  get memory(): Memory {
    const { buffer, byteOffset, length } = this.bytes
    return {
      u8: this.bytes,
      i32: new Int32Array(buffer, byteOffset, length >> 2),
      f64: new Float64Array(buffer, byteOffset, length >> 3),
    }
  }

  contains(address: number): boolean {
    return address >= this.#address && address < this.#address + this.#whole.length
  }

  /** Finds what was written into the red zones. */
  inspect(calls: Calls): void {
    const offset = overrunOf(this.#whole, this.#zone)
    if (offset === undefined) return
    calls.report(overrun(offset, this.bytes.length, this.#place, this.call, calls.current))
  }

  /** Keeps the memory where it is for a while, so that late writes hit nothing else and are noticed. */
  release(quarantine: Quarantine): void {
    const whole = this.#whole
    const ground: Ground = { bytes: () => whole, write: (_, bytes) => whole.set(bytes) }
    const { call } = this
    const resting = { address: this.#address, size: whole.length, what: 'the frame of', free: undefined, call, ground }
    quarantine.hold({ ...resting, end: () => {} })
  }
}
