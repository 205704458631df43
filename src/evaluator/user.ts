// Where a call's fields come from: a user that is asked about once is written straight into the frame; of a user that is
// asked about many times, an image of a frame's input part is kept, and a call gets a copy of it.

import { FramegateError } from '../ffi/index.ts'
import type { Catalog, Plan } from './catalog.ts'
import { heapBound, OVERFLOW, type Target, writeValue } from './encode.ts'
import type { Engine } from './engine.ts'
import { HEAD_SIZE, SLOT_SIZE } from './layout.ts'
import type { FieldName, Reader } from './lookup.ts'
import type { User } from './types.ts'

/** A user as a call needs it. */
export interface FieldSource {
  /** Heap bytes that are likely enough for the fields of a plan. */
  heapRoom(engine: Engine, plan: Plan): number
  /** Writes the fields and returns the end of the heap, or {@link OVERFLOW}. */
  write(engine: Engine, plan: Plan, target: Target): number
  /** Heap bytes that are enough in any case. */
  heapBound(engine: Engine, plan: Plan): number
}

/** The heap of the first image; it doubles as needed. */
const FIRST_HEAP = 512

/** A user that is asked about once: its fields go straight into the frame. */
export class FreshUser implements FieldSource {
  readonly #user: User

  constructor(user: User) {
    this.#user = checkedUser(user)
  }

  heapRoom(_engine: Engine, { fields }: Plan): number {
    return 256 + 128 * fields.length
  }

  write({ catalog, heapStart }: Engine, { fields }: Plan, target: Target): number {
    let cursor = heapStart
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as number
      cursor = writeField(catalog, field, target, cursor, this.#user)
      if (cursor === OVERFLOW) return OVERFLOW
    }
    return cursor
  }

  heapBound({ catalog, mostBytes }: Engine, { fields }: Plan): number {
    return fields.reduce(
      (bytes, field) => bytes + heapBound(fieldValue(catalog, field, this.#user), fieldName(catalog, field), mostBytes),
      0,
    )
  }
}

function fieldValue(catalog: Catalog, field: number, user: User): unknown {
  return (catalog.readers.get(field) as Reader)(user)
}

function fieldName(catalog: Catalog, field: number): string {
  return (catalog.fields.get(field) as FieldName)[1]
}

/** Writes one field of a user into its slot. */
function writeField(catalog: Catalog, field: number, target: Target, cursor: number, user: User): number {
  const value = fieldValue(catalog, field, user)
  return writeValue(target, HEAD_SIZE + field * SLOT_SIZE, cursor, value, fieldName(catalog, field))
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
  #target: Target = target(0)
  /** What calls copy: everything behind the head, up to the end of the heap. */
  #copied: Uint8Array = new Uint8Array(0)
  #end = 0
  #hasField: Uint8Array = new Uint8Array(0)
  #hasPlan: boolean[] = []
  /** Set while fields are encoded: a getter that asks about its own user then gets an answer without the image. */
  #encoding = false
  readonly #fresh: FreshUser

  constructor(user: User) {
    this.#user = checkedUser(user)
    this.#fresh = new FreshUser(user)
  }

  heapRoom(engine: Engine, plan: Plan): number {
    if (this.#encoding) return this.#fresh.heapRoom(engine, plan)
    if (this.#engine !== engine) this.#start(engine)
    if (this.#hasPlan[plan.number] !== true) this.#add(engine, plan)
    return this.#end - engine.heapStart
  }

  write(engine: Engine, plan: Plan, into: Target): number {
    if (this.#encoding) return this.#fresh.write(engine, plan, into)
    if (this.#end > into.limit) return OVERFLOW
    into.hasContainers = this.#target.hasContainers
    into.memory.u8.set(this.#copied, into.base + HEAD_SIZE)
    return this.#end
  }

  heapBound(engine: Engine, plan: Plan): number {
    return this.#encoding ? this.#fresh.heapBound(engine, plan) : this.#end - engine.heapStart
  }

  /** Other specs number their fields differently. */
  #start(engine: Engine): void {
    this.#engine = engine
    this.#target = target(engine.heapStart + FIRST_HEAP)
    this.#end = engine.heapStart
    this.#hasField = new Uint8Array(engine.catalog.fields.length)
    this.#hasPlan = []
  }

  #add({ catalog, mostBytes }: Engine, plan: Plan): void {
    this.#encoding = true
    try {
      for (const field of plan.fields) {
        if (this.#hasField[field] === 1) continue
        let end = writeField(catalog, field, this.#target, this.#end, this.#user)
        if (end === OVERFLOW) {
          this.#grow(heapBound(fieldValue(catalog, field, this.#user), fieldName(catalog, field), mostBytes))
          end = writeField(catalog, field, this.#target, this.#end, this.#user)
          if (end === OVERFLOW) throw changing()
        }
        this.#end = end
        this.#hasField[field] = 1
      }
    } finally {
      this.#encoding = false
    }
    this.#hasPlan[plan.number] = true
    this.#copied = this.#target.memory.u8.subarray(HEAD_SIZE, this.#end)
  }

  #grow(bytes: number): void {
    const { memory, hasContainers } = this.#target
    this.#target = { ...target(2 * this.#end + bytes + 8), hasContainers }
    this.#target.memory.u8.set(memory.u8.subarray(0, this.#end))
  }
}

function target(size: number): Target {
  const buffer = new ArrayBuffer((size + 7) & ~7)
  const memory = { u8: new Uint8Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) }
  return { memory, base: 0, limit: buffer.byteLength, hasContainers: false }
}

/** A getter or proxy gave a larger value each time it was read. */
export function changing(): FramegateError {
  return new FramegateError('USER_INVALID', 'the user changed while it was read; pass an object that stays as it is')
}
