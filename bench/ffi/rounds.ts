// Runs the cells: three rounds over all of them, so that what the machine does meanwhile falls on all alike.

import { resolve } from 'node:path'
import { SingleBar } from 'cli-progress'
import { type Figure, figure } from '../../src/cli/bench/figure.ts'
import { type Cell, looseFree, type PeerName, peers, variantsOf } from './cells.ts'
import { builtShim, compile, freshShim, warnOfOldBuild } from './compile.ts'
import { type OperationName, operations, promisedOperations } from './operations.ts'
import { type CellTimes, runCell } from './run-cell.ts'

export interface FfiOptions {
  /** All where undefined. */
  readonly operations: readonly string[] | undefined
  readonly peers: readonly string[] | undefined
  readonly variant: string | undefined
  readonly rounds: number
  /** What each process measures. */
  readonly milliseconds: number | undefined
  /** Another folder with a compiled shim. */
  readonly shim: string | undefined
}

/** One way to write a call, in nanoseconds. */
export interface Way {
  readonly variant: string | undefined
  readonly nanoseconds: Figure
  /** Of each round. */
  readonly rounds: readonly number[]
}

/** One cell of the table. */
export interface CellResult {
  readonly operation: Cell['operation']
  readonly peer: PeerName
  readonly version: string
  /** The fastest that counts first; empty where the peer could not do it. */
  readonly ways: readonly Way[]
  readonly reason: string | undefined
}

export interface FfiReport {
  readonly rounds: number
  readonly warmup: number
  readonly milliseconds: number
  readonly shim: 'dist' | 'sources' | 'other'
  readonly results: readonly CellResult[]
}

/** Peers of the main table, in the order of its columns. */
export const tablePeers: readonly PeerName[] = [
  'shim-wasm',
  'bare-wasm',
  'deno-wasm',
  'bun-wasm',
  'shim-native',
  'koffi',
  'ffi-rs',
  'deno-ffi',
  'bun-ffi',
]
export const promisedPeers: readonly PeerName[] = ['shim-wasm', 'shim-native', 'koffi', 'ffi-rs', 'deno-ffi']
export const debugPeers: readonly PeerName[] = [
  'shim-wasm-debug-off',
  'shim-wasm-debug-on',
  'shim-native-debug-off',
  'shim-native-debug-on',
]
export const debugOperations: readonly OperationName[] = ['add', 'text-in-32', 'text-out-32']

/** A way this much slower than the fastest in the first round is not run again: it will not become the fastest. */
const hopeless = 1.25
/** The way that the shim writes strings itself: what the frame costs is the difference, so it is always measured. */
export const shimTextIn = 'encodeInto'

interface Running extends Cell {
  version: string
  reason: string | undefined
  readonly rounds: number[]
}

/** Measures all cells, or those that the options select. */
export async function benchFfi(options: FfiOptions): Promise<FfiReport> {
  const isSelection = options.operations !== undefined || options.peers !== undefined
  const cells: Running[] = selected(options).map((cell) => ({ ...cell, version: '', reason: undefined, rounds: [] }))
  compile()
  if (!isSelection && options.shim === undefined) warnOfOldBuild()
  const times: CellTimes = {
    warmup: isSelection ? 250 : 100,
    milliseconds: options.milliseconds ?? (isSelection ? 300 : 80),
    shim: options.shim === undefined ? (isSelection ? freshShim : builtShim) : resolve(options.shim),
  }
  const progress = new CellProgress(cells.length * options.rounds)
  let left = cells
  for (let round = 0; round < options.rounds; round++) {
    for (const cell of left) {
      progress.show(cell)
      await measure(cell, times)
    }
    left = cells.filter((cell) => cell.reason === undefined && !isHopeless(cell, cells))
    progress.remaining(left.length * (options.rounds - round - 1))
  }
  progress.end()
  return {
    rounds: options.rounds,
    warmup: times.warmup,
    milliseconds: times.milliseconds,
    shim: options.shim !== undefined ? 'other' : isSelection ? 'sources' : 'dist',
    results: together(cells),
  }
}

function selected({ operations: names, peers: chosen, variant }: FfiOptions): Cell[] {
  for (const name of names ?? []) known('op', name, [...Object.keys(operations), ...Object.keys(promisedOperations)])
  for (const name of chosen ?? []) known('peer', name, Object.keys(peers))
  const pairs = (names ?? [...Object.keys(operations), ...Object.keys(promisedOperations)]).flatMap((name) => {
    const operation = name as Cell['operation']
    return (chosen ?? defaultPeers(operation)).map((peer) => ({ operation, peer: peer as PeerName }))
  })
  const cells = pairs.flatMap(({ operation, peer }) =>
    variantsOf(operation, peer).map((each) => ({ operation, peer, variant: each })),
  )
  if (variant === undefined) return cells
  // A way is one of some peers only; the others are measured as they are.
  const wanted = cells.filter((cell) => cell.variant === undefined || cell.variant === variant)
  if (!wanted.some((cell) => cell.variant === variant)) throw new Error(`no selected cell has a variant "${variant}"`)
  return wanted
}

function defaultPeers(operation: Cell['operation']): readonly PeerName[] {
  if (operation in promisedOperations) return promisedPeers
  return (debugOperations as readonly string[]).includes(operation) ? [...tablePeers, ...debugPeers] : tablePeers
}

function known(option: string, name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw new Error(`--${option} has no "${name}"; it has ${names.join(', ')}`)
}

async function measure(cell: Running, times: CellTimes): Promise<void> {
  const reply = await runCell(cell, times)
  if ('unavailable' in reply) {
    cell.reason = reply.unavailable
    return
  }
  cell.version = reply.version
  cell.rounds.push(reply.nanoseconds)
}

function isHopeless(cell: Running, all: readonly Running[]): boolean {
  if (cell.variant === undefined || cell.variant === shimTextIn || cell.variant === looseFree) return false
  const others = all.filter(
    ({ operation, peer, variant }) => operation === cell.operation && peer === cell.peer && variant !== looseFree,
  )
  const fastest = Math.min(...others.flatMap(({ rounds }) => rounds))
  return figure(cell.rounds).median > fastest * hopeless
}

/** The ways of a cell in one result. A cell that failed in any round has no figure. */
function together(cells: readonly Running[]): CellResult[] {
  const groups = new Map<string, Running[]>()
  for (const cell of cells) {
    const key = `${cell.operation} ${cell.peer}`
    groups.set(key, [...(groups.get(key) ?? []), cell])
  }
  return [...groups.values()].map((group) => {
    const { operation, peer } = group[0]!
    const sound = group.filter(({ reason }) => reason === undefined)
    const ways = sound.map(({ variant, rounds }) => ({ variant, nanoseconds: figure(rounds), rounds }))
    ways.sort((a, b) => rank(a) - rank(b))
    const version = sound[0]?.version ?? ''
    return { operation, peer, version, ways, reason: sound.length > 0 ? undefined : group[0]!.reason }
  })
}

function rank({ variant, nanoseconds: { median } }: Way): number {
  return variant === looseFree ? Number.POSITIVE_INFINITY : median
}

/** A bar on standard error, where that is a terminal. */
class CellProgress {
  readonly #bar: SingleBar | undefined
  #done = -1

  constructor(total: number) {
    if (!process.stderr.isTTY) return
    this.#bar = new SingleBar({
      format: '{bar} {percentage} % | {value} of {total} | {cell}',
      barsize: 30,
      clearOnComplete: true,
      hideCursor: false,
      linewrap: true,
      stream: process.stderr,
    })
    this.#bar.start(total, 0, { cell: '' })
  }

  show({ operation, peer, variant }: Cell): void {
    this.#bar?.update(++this.#done, { cell: [operation, peer, variant].filter(Boolean).join(' ') })
  }

  remaining(cells: number): void {
    this.#bar?.setTotal(this.#done + 1 + cells)
  }

  end(): void {
    this.#bar?.stop()
  }
}
