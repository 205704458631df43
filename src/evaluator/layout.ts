// The frame of an evaluation, as `wasm/engine/src/frame.rs` draws it; `layout.test.ts` compares the two. Offsets are in
// bytes from the start of the frame.
//
//     0  head: what is asked, then the outcome
//    96  a slot of 16 bytes for each field that any spec reads
//        8 bytes for each hash that is kept for a bound user, an even number of them
//        heap: texts; elements of arrays and objects
//        working memory of the engine

/** Offsets in the head. */
export const HEAD = {
  kind: 0,
  entity: 4,
  now: 8,
  seed: 16,
  heapEnd: 20,
  length: 24,
  keeps: 28,
  flags: 32,
  rule: 36,
  value: 40,
  group: 44,
  idType: 48,
  version: 52,
  delegate: 56,
  explicit: 60,
  exposures: 64,
  undelegated: 72,
  contributions: 80,
  mapped: 88,
  log: 92,
} as const

export const HEAD_SIZE = 96
export const SLOT_SIZE = 16
export const HASH_SIZE = 8

/** Temporary bytes that any call may take. */
export const TEMPORARY = 1024

/**
 * Temporary bytes for each byte of heap. A text's lower case is at most half as long again; a control character in an
 * array is one byte of heap, six of JSON, and six more of its lower case.
 */
export const TEMPORARY_FACTOR = { plain: 2, containers: 12 } as const

/** Tags of slots. */
export const TAG = { absent: 0, null: 1, false: 2, true: 3, number: 4, text: 5, array: 6, object: 7 } as const

/** Kinds of questions. */
export const KIND = { gate: 0, config: 1, experiment: 2, layer: 3 } as const

/** Bits of the outcome. */
export const FLAG = {
  value: 1,
  recognized: 1 << 1,
  unsupported: 1 << 2,
  tooDeep: 1 << 3,
  active: 1 << 4,
  inLayer: 1 << 5,
  inGroup: 1 << 6,
  countryNotLoaded: 1 << 7,
  operatorFailed: 1 << 8,
  learned: 1 << 9,
  panicked: 0x8000_0000,
} as const

/** A number that is not there, as a signed word. */
export const NONE = -1

/** Words of an entry in the exposure log, and its second word when it repeats a stretch of the log. */
export const LOGGED_WORDS = 3
export const LOGGED_REPEAT = 2

/** Bits of a plan. */
export const PLAN = { time: 1, seed: 2, country: 4 } as const

// The catalog, as `wasm/engine/src/catalog.rs` draws it; `layout.test.ts` compares these two as well.

export const CATALOG_VERSION = 2

/** Offsets in the head of a catalog. */
export const CATALOG = {
  version: 0,
  length: 4,
  format: 8,
  bits: 12,
  time: 16,
  defaultEnvironment: 24,
  conditions: 28,
  gates: 32,
  configs: 36,
  layers: 40,
  plans: 44,
  fields: 48,
  labels: 52,
  texts: 56,
  values: 60,
  explicit: 64,
  report: 68,
  hashes: 72,
} as const

export const CATALOG_SIZE = 76

/** Words of a row of names or plans. */
export const ROW_WORDS = 4

/** Offsets in a row of names. */
export const NAME = { hash: 0, label: 4, plan: 8, bits: 12 } as const

/** Offsets in a row of plans. */
export const PLAN_ROW = { bits: 0, scratch: 4, fields: 8, count: 12 } as const
