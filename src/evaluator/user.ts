// Where a call's fields come from: a user that is asked about once is written straight into the frame; of a user that is
// asked about many times, an image of a frame's input part is kept, and a call gets a copy of it.

import { type Frame, FramegateError } from '../ffi/index.ts'
import type { Plan } from './catalog.ts'
import { heapBound, OVERFLOW, type Target, writeValue } from './encode.ts'
import type { Engine } from './engine.ts'
import { HEAD, HEAD_SIZE, TEMPORARY, TEMPORARY_FACTOR } from './layout.ts'
import type { Field } from './lookup.ts'
import type { User } from './types.ts'

/** A user as a call needs it. */
export interface FieldSource {
  /** A frame for a call with this plan, with the user's fields and the end of its heap written; the caller releases it. */
  frame(engine: Engine, plan: Plan): Frame
  /** Takes over the hashes that a call has added to its frame. */
  learn(engine: Engine, frame: Frame): void
}

const { plain: PLAIN, containers: CONTAINERS } = TEMPORARY_FACTOR

/** The heap of the first image; it doubles as needed. */
const FIRST_HEAP = 512

/** A user that is asked about once: its fields go straight into the frame. */
export class FreshUser implements FieldSource {
  readonly #user: User

  constructor(user: User) {
    this.#user = checkedUser(user)
  }

  frame(engine: Engine, plan: Plan): Frame {
    const likely = this.#tryWrite(engine, plan, 256 + 128 * plan.fields.length, PLAIN)
    if (likely) return likely
    const bound = plan.fields.reduce((bytes, field) => bytes + mostHeap(field, this.#user, engine), 8)
    const enough = this.#tryWrite(engine, plan, bound, PLAIN) ?? this.#tryWrite(engine, plan, bound, CONTAINERS)
    if (enough) return enough
    throw changing()
  }

  /** Nobody asks about this user again. */
  learn(): void {}

  /** Nothing when the user's values need more heap than `room`, or more temporary memory than `factor` gives them. */
  #tryWrite(engine: Engine, plan: Plan, room: number, factor: number): Frame | undefined {
    const { heapStart } = engine
    const { fields } = plan
    const frame = engine.library.frame(frameSize(heapStart + room + 8, plan, factor * room))
    const target = { memory: frame.memory, base: frame.base, limit: heapStart + room, hasContainers: false }
    try {
      let end = heapStart
      for (let index = 0; index < fields.length && end !== OVERFLOW; index++) {
        end = writeField(fields[index] as Field, target, end, this.#user)
      }
      const heapEnd = aligned(end)
      const needed = frameSize(heapEnd, plan, (target.hasContainers ? CONTAINERS : PLAIN) * (heapEnd - heapStart))
      if (end !== OVERFLOW && needed <= frame.size) {
        target.memory.i32[(frame.base + HEAD.heapEnd) >>> 2] = heapEnd
        target.memory.i32[(frame.base + HEAD.keeps) >>> 2] = 0
        return frame
      }
    } catch (error) {
      frame.release()
      throw error
    }
    frame.release()
    return undefined
  }
}

/** What a call needs behind its heap besides the plan's own memory: for texts that are made of the user's values. */
function frameSize(heapEnd: number, { scratch }: Plan, temporary: number): number {
  return heapEnd + scratch + TEMPORARY + temporary
}

function aligned(offset: number): number {
  return (offset + 7) & ~7
}

/** Writes one field of a user into its slot. */
function writeField({ slot, name, read }: Field, target: Target, cursor: number, user: User): number {
  return writeValue(target, slot, cursor, read(user), name[1])
}

/** The most heap bytes that a field takes. */
function mostHeap({ name, read }: Field, user: User, { mostBytes }: Engine): number {
  return heapBound(read(user), name[1], mostBytes)
}

/** @throws {@link FramegateError} `USER_INVALID` when it is no object */
function checkedUser(user: User): User {
  if (typeof user === 'object' && user !== null && !Array.isArray(user)) return user
  const what = Array.isArray(user) ? 'an array' : user === null || user === undefined ? `${user}` : `a ${typeof user}`
  throw new FramegateError('USER_INVALID', `the user is ${what}; pass an object`)
}

/** A user that is asked about many times: each field is encoded when the first spec needs it. */
export class UserImage implements FieldSource {
  readonly #user: User
  #engine: Engine | undefined
  #target: Target = NOWHERE
  /** What calls copy: everything behind the head, up to the end of the heap. */
  #copied: Uint8Array = NOTHING
  #end = 0
  /** Temporary bytes that the fields so far may take. */
  #temporary = 0
  #hasField: boolean[] = []
  #hasPlan: boolean[] = []
  /** Set while fields are encoded: a getter that asks about its own user then gets an answer without the image. */
  #encoding = false

  constructor(user: User) {
    this.#user = checkedUser(user)
  }

  frame(engine: Engine, plan: Plan): Frame {
    if (this.#encoding) return new FreshUser(this.#user).frame(engine, plan)
    if (this.#engine !== engine) this.#start(engine)
    if (this.#hasPlan[plan.number] !== true) this.#add(engine, plan)
    const heapEnd = aligned(this.#end)
    const frame = engine.library.frame(frameSize(heapEnd, plan, this.#temporary))
    const { memory, base } = frame
    const copies = plan.fields.length !== 0
    if (copies) memory.u8.set(this.#copied, base + HEAD_SIZE)
    memory.i32[(base + HEAD.heapEnd) >>> 2] = heapEnd
    memory.i32[(base + HEAD.keeps) >>> 2] = copies ? 1 : 0
    return frame
  }

  learn(engine: Engine, { memory, base }: Frame): void {
    if (engine !== this.#engine) return
    const own = (this.#target.base + engine.hashesStart) >>> 2
    const theirs = (base + engine.hashesStart) >>> 2
    const words = (engine.heapStart - engine.hashesStart) >>> 2
    for (let word = 0; word < words; word++) this.#target.memory.i32[own + word] = memory.i32[theirs + word] as number
  }

  /** Other specs number their fields differently. */
  #start(engine: Engine): void {
    this.#engine = engine
    this.#target = target(engine, engine.heapStart + FIRST_HEAP)
    this.#copied = NOTHING
    this.#end = engine.heapStart
    this.#temporary = 0
    this.#hasField = []
    this.#hasPlan = []
  }

  #add(engine: Engine, plan: Plan): void {
    this.#encoding = true
    try {
      for (const field of plan.fields) {
        if (this.#hasField[field.number] === true) continue
        let end = writeField(field, this.#target, this.#end, this.#user)
        if (end === OVERFLOW) {
          this.#grow(engine, mostHeap(field, this.#user, engine))
          end = writeField(field, this.#target, this.#end, this.#user)
          if (end === OVERFLOW) throw changing()
        }
        this.#end = end
        this.#hasField[field.number] = true
      }
    } finally {
      this.#encoding = false
    }
    this.#hasPlan[plan.number] = true
    this.#temporary = (this.#target.hasContainers ? CONTAINERS : PLAIN) * (aligned(this.#end) - engine.heapStart)
    // Most plans add nothing to the heap, and a view takes 50 ns to make.
    const length = this.#end - HEAD_SIZE
    if (this.#copied.length !== length) {
      const start = this.#target.base + HEAD_SIZE
      this.#copied = this.#target.memory.u8.subarray(start, start + length)
    }
  }

  #grow(engine: Engine, bytes: number): void {
    const { memory, base, hasContainers } = this.#target
    this.#target = { ...target(engine, 2 * this.#end + bytes + 8), hasContainers }
    this.#target.memory.u8.set(memory.u8.subarray(base, base + this.#end), this.#target.base)
    this.#copied = NOTHING
  }
}

function target(engine: Engine, size: number): Target {
  const { memory, base } = engine.slabs.take(size)
  return { memory, base, limit: size, hasContainers: false }
}

/** What a user that was asked nothing yet has. */
const NOTHING = new Uint8Array(0)
const NOWHERE: Target = {
  memory: { u8: NOTHING, i32: new Int32Array(0), f64: new Float64Array(0) },
  base: 0,
  limit: 0,
  hasContainers: false,
}

/** A getter or proxy gave a larger value each time it was read. */
function changing(): FramegateError {
  return new FramegateError('USER_INVALID', 'the user changed while it was read; pass an object that stays as it is')
}
