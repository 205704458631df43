// The operations: the loop that is timed, what it must return, and what is checked before. A process runs one of them
// only, so that each loop sees one function. What calls return is summed up and compared, so that none is optimised
// away.

import type { Calls, Peer, PromisedCalls } from './calls.ts'
import { increment } from './calls.ts'

/** Makes `count` calls and returns the sum of what came back. */
export type Batch = (count: number) => number
export type PromisedBatch = (count: number) => Promise<number>

interface Prepared<Run> {
  readonly run: Run
  readonly expected: (count: number) => number
}

/** One row of the table. */
export interface Operation {
  readonly title: string
  /** Throws where a result is wrong, before anything is timed. */
  prepare(peer: Peer): Prepared<Batch>
}

export interface PromisedOperation {
  readonly title: string
  prepare(peer: Peer): Prepared<PromisedBatch>
}

const inFlight = 64

function operation<Name extends keyof Calls>(
  title: string,
  name: Name,
  batch: (call: Calls[Name]) => Batch,
  each: (index: number) => number,
  check?: (peer: Peer, call: Calls[Name]) => void,
): Operation {
  return {
    title,
    prepare: (peer) => {
      const call = peer.calls[name]() as Calls[Name]
      check?.(peer, call)
      return { run: batch(call), expected: (count) => sumOf(count, each) }
    },
  }
}

const large = 1n << 60n

export const operations = {
  noop: operation(
    'noop()',
    'noop',
    (call) => (count) => {
      for (let i = 0; i < count; i++) call()
      return count
    },
    () => 1,
  ),
  add: operation(
    'add(i32, i32)',
    'addI32',
    (call) => (count) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += call(i, 1)
      return sum
    },
    (i) => i + 1,
  ),
  sum: operation(
    'sum of 4 f64',
    'sumF64',
    (call) => (count) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += call(i + 0.5, 0.25, 2, -1)
      return sum
    },
    (i) => i + 1.75,
  ),
  add64: operation(
    'add(i64, i64) BigInt',
    'addI64',
    (call) => (count) => {
      // Beyond 2^53, where koffi too gives bigints.
      let sum = large
      for (let i = 0; i < count; i++) sum = call(sum, 3n)
      return Number(sum - large)
    },
    () => 3,
  ),
  'text-in-32': textIn('cstring in, 32 B', 32),
  'text-in-1k': textIn('cstring in, 1 KB', 1024),
  'text-out-32': textOut('owned cstring out 32 B + free', 'text32', 32),
  'text-out-1k': textOut('owned cstring out 1 KB + free', 'text1024', 1024),
  'bytes-64': bytesIn('buffer in, 64 B', 64),
  'bytes-4k': bytesIn('buffer in, 4 KB', 4096),
  'bytes-1m': bytesIn('buffer in, 1 MB', 1 << 20),
  callback: operation(
    'callback (JS -> C -> JS)',
    'callBack',
    (call) => (count) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += call(increment, i)
      return sum
    },
    (i) => i + 1,
  ),
  registered: operation(
    'callback, registered before',
    'callRegistered',
    (call) => (count) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += call(i)
      return sum
    },
    (i) => i + 1,
  ),
  eight: operation(
    'eight symbols in turn',
    'eight',
    (calls) => (count) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += calls[i & 7]!(i & 31, 3)
      return sum
    },
    (i) => ((i & 7) === 5 ? (i & 31) ^ 3 : (i & 31) + 3),
  ),
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations

export const promisedOperations = {
  'add-await': promised('add(i32, i32), await each', 'addI32', (call, i) => call(i, 1), false),
  'add-flight': promised('add(i32, i32), 64 in flight', 'addI32', (call, i) => call(i, 1), true),
  'text-in-await': promised('cstring in 32 B, await each', 'textFirst', (call) => call(text(1, 32)), false),
  'text-in-flight': promised('cstring in 32 B, 64 in flight', 'textFirst', (call) => call(text(1, 32)), true),
  'text-out-await': promised('owned cstring out 32 B, await each', 'text32', (call, i) => call(i % 26), false),
  'text-out-flight': promised('owned cstring out 32 B, 64 in flight', 'text32', (call, i) => call(i % 26), true),
} as const satisfies Record<string, PromisedOperation>

export type PromisedOperationName = keyof typeof promisedOperations

function textIn(title: string, length: number): Operation {
  const texts = Array.from({ length: 8 }, (_, index) => text(index, length))
  return operation(
    title,
    'textFirst',
    (call) => (count) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += call(texts[i & 7]!)
      return sum
    },
    (i) => 97 + (i & 7),
    (peer) => {
      const hash = peer.calls.textHash()
      // The short one last: it ends where the NUL is, before what the long ones left.
      for (const each of [...texts, 'short']) {
        mustBe('the hash of a text', hash(each), fnv(new TextEncoder().encode(each)))
      }
    },
  )
}

function textOut(title: string, name: 'text32' | 'text1024', length: number): Operation {
  return operation(
    title,
    name,
    (call) => (count) => {
      let sum = 0
      // Looking into the text makes it a whole one: some are handed out in pieces.
      for (let i = 0; i < count; i++) sum += call(i & 15)!.charCodeAt(0)
      return sum
    },
    (i) => 97 + (i & 15),
    (_, call) => {
      for (let seed = 0; seed < 26; seed++) mustBe('a text', call(seed), answer(seed, length))
    },
  )
}

function bytesIn(title: string, length: number): Operation {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 255)
  bytes[length - 1] = 5
  return operation(
    title,
    'bytesEnds',
    (call) => (count) => {
      let sum = 0
      for (let i = 0; i < count; i++) {
        bytes[0] = i & 127
        sum += call(bytes)
      }
      return sum
    },
    (i) => (i & 127) + 5 * 256,
    (peer) => mustBe('the hash of a buffer', peer.calls.bytesHash()(bytes), fnv(bytes)),
  )
}

function promised<Name extends keyof PromisedCalls>(
  title: string,
  name: Name,
  call: (call: PromisedCalls[Name], index: number) => Promise<number | string | null>,
  together: boolean,
): PromisedOperation {
  const expected = { addI32: (i: number) => i + 1, textFirst: () => 98, text32: (i: number) => 97 + (i % 26) }[name]
  return {
    title,
    prepare: (peer) => {
      const made = peer.promised[name]() as PromisedCalls[Name]
      return {
        run: together ? flight((index) => call(made, index)) : oneByOne((index) => call(made, index)),
        expected: (count) => sumOf(count, expected),
      }
    },
  }
}

function oneByOne(call: (index: number) => Promise<number | string | null>): PromisedBatch {
  return async (count) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += numberOf(await call(i))
    return sum
  }
}

/** Each of 64 chains starts its next call when its last one has ended. */
function flight(call: (index: number) => Promise<number | string | null>): PromisedBatch {
  return async (count) => {
    let sum = 0
    let next = 0
    const chain = async () => {
      while (next < count) {
        // In a step of its own: `sum +=` would read the sum before it waits.
        const value = numberOf(await call(next++))
        sum += value
      }
    }
    await Promise.all(Array.from({ length: inFlight }, chain))
    return sum
  }
}

function numberOf(value: number | string | null): number {
  return typeof value === 'number' ? value : value!.charCodeAt(0)
}

/** A flat string of ASCII letters, digits and signs that begins with letter number `first`. */
function text(first: number, length: number): string {
  const codes = Array.from({ length }, (_, index) => (index === 0 ? 97 + first : 32 + ((index * 7 + first) % 95)))
  return String.fromCharCode(...codes)
}

/** What `text_32` and `text_1024` return. */
function answer(seed: number, length: number): string {
  const letter = String.fromCharCode(97 + seed)
  return letter.repeat(length - 1) + letter.toUpperCase()
}

function fnv(bytes: Uint8Array): number {
  let hash = 2166136261
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619)
  return hash >>> 0
}

function sumOf(count: number, each: (index: number) => number): number {
  let sum = 0
  for (let index = 0; index < count; index++) sum += each(index)
  return sum
}

function mustBe(what: string, given: unknown, right: unknown): void {
  if (given !== right) throw new Error(`${what} is wrong: ${String(given)} instead of ${String(right)}`)
}
