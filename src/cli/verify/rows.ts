/**
 * The rows of the matrix: what is run, how it spreads over threads, and what a wrong reply in it would mean. Each row
 * asks for something that only its own call can know, and looks whether the reply is an answer to that call.
 */

export type RowId =
  | 'wasm-minimal'
  | 'wasm-full'
  | 'native-minimal'
  | 'native-full'
  | 'native-nonblocking'
  | 'c-threads'
  | 'pooled-frames'
  | 'cached-string'

export type Backend = 'wasm' | 'native'

export interface Row {
  readonly id: RowId
  readonly title: string
  /** A `real` row and the `reference` must be clean, a `control` must be caught giving wrong replies. */
  readonly kind: 'real' | 'reference' | 'control'
  /** What `--backend` must name for the row to run; the controls always run. */
  readonly backend: Backend | undefined
  /** What one of the N workers is. */
  readonly worker: 'thread with an instance' | 'thread' | 'call in flight' | 'C thread' | 'nested call'
  readonly what: string
  readonly wrongMeans: string
}

/** What one operation is. Between them, the two workloads cover the shim alone and everything above it. */
export const workloads: readonly { readonly name: string; readonly what: string }[] = [
  {
    name: 'minimal',
    what:
      'One operation asks the probe, a small library in C, for a text that it allocates and fills with the seed of the ' +
      'call, checks the seed in the text, and frees it. No two workers use the same seed.',
  },
  {
    name: 'full',
    what:
      'One operation evaluates a gate or a dynamic config for a user whose attribute is a tag, and checks that rule id ' +
      'and value are the ones made for that tag. No two workers use the same tag, and all have the same specs.',
  },
]

export const rows: readonly Row[] = [
  {
    id: 'wasm-minimal',
    title: 'wasm, minimal',
    kind: 'real',
    backend: 'wasm',
    worker: 'thread with an instance',
    what: 'Each worker is a thread with a WebAssembly instance of its own, called through framegate/ffi.',
    wrongMeans: 'A call was given the text of another call: the shim or the runtime lets two calls share a frame.',
  },
  {
    id: 'wasm-full',
    title: 'wasm, full',
    kind: 'real',
    backend: 'wasm',
    worker: 'thread with an instance',
    what: 'Each worker is a thread with an evaluator of its own on the wasm backend.',
    wrongMeans: "A user was given another user's decision: the failure that this package exists to rule out.",
  },
  {
    id: 'native-minimal',
    title: 'native, minimal',
    kind: 'real',
    backend: 'native',
    worker: 'thread',
    what: 'All workers are threads of one process that call one shared object through framegate/ffi and koffi.',
    wrongMeans: "A call was given another call's text, or one that was freed: argument or result memory is shared.",
  },
  {
    id: 'native-full',
    title: 'native, full',
    kind: 'real',
    backend: 'native',
    worker: 'thread',
    what: 'All workers are threads of one process, each with an evaluator on the one shared object.',
    wrongMeans: "A user was given another user's decision: the engine keeps something of a call outside its frame.",
  },
  {
    id: 'native-nonblocking',
    title: 'native nonblocking, minimal',
    kind: 'real',
    backend: 'native',
    worker: 'call in flight',
    what: 'One thread keeps N calls in flight, each a promise, which koffi runs on threads of its own.',
    wrongMeans: "A promise was settled with another call's result: memory of a call did not live until its promise.",
  },
  {
    id: 'c-threads',
    title: 'plain C threads, minimal',
    kind: 'reference',
    backend: 'native',
    worker: 'C thread',
    what: 'N threads of C alone, with neither JavaScript nor the shim: what the probe and the machine can do.',
    wrongMeans: 'The probe or the C library is broken: no other row means anything.',
  },
  {
    id: 'pooled-frames',
    title: 'control: pooled frames',
    kind: 'control',
    backend: undefined,
    worker: 'thread',
    what:
      'Built to fail, as purego 0.9.0 was: call frames are recycled through a free list that all threads share, argument ' +
      'and result have one word of the frame, and the result is read from there after the frame went back to the list.',
    wrongMeans: 'Wanted: without a wrong reply here the harness could not be trusted to see one elsewhere.',
  },
  {
    id: 'cached-string',
    title: 'control: cached argument',
    kind: 'control',
    backend: undefined,
    worker: 'nested call',
    what:
      'Built to fail, as the string cache of node:ffi was: the memory of a text argument is kept per function and ' +
      'parameter. A callback calls the same function again, which overwrites the text that the outer call has yet to read.',
    wrongMeans: 'Wanted: without a wrong reply here the harness could not be trusted to see one elsewhere.',
  },
]

/** The row of that id. */
export function rowOf(id: RowId): Row {
  return rows.find((row) => row.id === id) as Row
}

/** At how many workers a row runs, of those that were asked for. */
export function workerCounts(row: Row, asked: readonly number[]): readonly number[] {
  if (row.id === 'cached-string') return [1]
  if (row.id !== 'pooled-frames') return asked
  // One thread cannot race; two must, whatever was asked for, or nothing shows that a race would be seen.
  const several = asked.filter((workers) => workers > 1)
  return several.length > 0 ? several : [2]
}

/** How many threads of JavaScript a row starts. */
export function threadCount(row: Row, workers: number): number {
  return row.worker === 'thread' || row.worker === 'thread with an instance' ? workers : 1
}
