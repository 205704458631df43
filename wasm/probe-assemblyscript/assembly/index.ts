// An AssemblyScript guest, which framegate/ffi is tested with. Strings, arrays and objects are the guest's own, on a heap
// with a garbage collector: the host makes them, pins what a call needs, and copies what it gets.

// ---- what the host names to make an array

export const ARRAY_I32_ID: u32 = idof<i32[]>()
export const INT32ARRAY_ID: u32 = idof<Int32Array>()
export const UINT8ARRAY_ID: u32 = idof<Uint8Array>()
export const FLOAT64ARRAY_ID: u32 = idof<Float64Array>()
export const STATICARRAY_F64_ID: u32 = idof<StaticArray<f64>>()

// ---- numbers

export function add(a: i32, b: i32): i32 {
  return a + b
}

export function addU64(a: u64, b: u64): u64 {
  return a + b
}

// ---- strings

export function greet(name: string): string {
  return `Hello, ${name}!`
}

export function join(first: string, second: string): string {
  return first + second
}

/** UTF-16 units. */
export function length(text: string): i32 {
  return text.length
}

/** The text, or null where it is empty. */
export function orNull(text: string): string | null {
  return text.length > 0 ? text : null
}

/** The length, or -1 for null. */
export function lengthOrNull(text: string | null): i32 {
  return text === null ? -1 : text.length
}

// ---- typed arrays

export function reversed(bytes: Uint8Array): Uint8Array {
  return bytes.slice().reverse()
}

/** A part of the array: one buffer, another start and length. */
export function part(bytes: Uint8Array, start: i32, end: i32): Uint8Array {
  return bytes.subarray(start, end)
}

export function sumI32(values: Int32Array): i64 {
  let sum: i64 = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

export function squares(count: i32): Int32Array {
  const out = new Int32Array(count)
  for (let i = 0; i < count; i++) out[i] = i * i
  return out
}

export function sumF64(values: Float64Array): f64 {
  let sum = 0.0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

/** A new array. */
export function scaled(values: Float64Array, factor: f64): Float64Array {
  const out = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) out[i] = values[i] * factor
  return out
}

/** Changes the array of the guest, not the host's. */
export function scale(values: Float64Array, factor: f64): void {
  for (let i = 0; i < values.length; i++) values[i] *= factor
}

/** An array without a buffer of its own. */
export function sumStatic(values: StaticArray<f64>): f64 {
  let sum = 0.0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

export function sumArray(values: i32[]): i64 {
  let sum: i64 = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

// ---- objects: the host keeps a pinned reference and knows nothing of what is in it

class Counter {
  value: i64
  name: string

  constructor(start: i64, name: string) {
    this.value = start
    this.name = name
  }
}

export function counterNew(start: i64, name: string): Counter {
  return new Counter(start, name)
}

export function counterAdd(counter: Counter, by: i64): void {
  counter.value += by
}

export function counterValue(counter: Counter): i64 {
  return counter.value
}

export function counterName(counter: Counter): string {
  return counter.name
}

// ---- memory and faults

/** Makes so many strings that nobody keeps: the collector has work to do, also in the middle of the call. */
export function litter(count: i32): i32 {
  let total = 0
  for (let i = 0; i < count; i++) total += `string number ${i}`.length
  return total
}

/** Collects, with the arguments still in use. */
export function collectAndJoin(first: string, second: string): string {
  __collect()
  return first + second
}

/** Aborts with the message. */
export function fail(message: string): void {
  throw new Error(message)
}

/** Traps: an element beyond the array. */
export function outOfRange(values: Int32Array): i32 {
  return values[values.length]
}

/** Recurses `depth` times and returns it. */
export function recurse(depth: i32): i32 {
  return depth === 0 ? 0 : recurse(depth - 1) + 1
}

// ---- what a loader has to know

const one = new Counter(1, 'the one')

/** Always the same object. */
export function theOne(): Counter {
  return one
}

/** A parameter may be left out: the guest asks how many were passed. */
export function power(base: f64, exponent: f64 = 2): f64 {
  return base ** exponent
}

/** A byte order mark, and the text. */
export function marked(text: string): string {
  return `\uFEFF${text}`
}

export enum Fruit {
  Apple,
  Pear = 5,
}
