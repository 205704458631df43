// The figures as tables, with ratios and what was aimed at.

import { table } from '../table.ts'
import { type Cell, type PeerName, peers } from './cells.ts'
import { operations, promisedOperations } from './operations.ts'
import { type CellResult, debugOperations, debugPeers, type FfiReport, promisedPeers, tablePeers } from './rounds.ts'
import { type Judged, judge } from './targets.ts'

/** Figures from here on stand in microseconds; those of promises all do. */
const microsecondsFrom = 10_000

const titles: Record<string, { readonly title: string }> = { ...operations, ...promisedOperations }

/** Prints the whole report. */
export function printFfi(report: FfiReport, machine: string): void {
  const { results, rounds, milliseconds } = report
  console.log(`\nNanoseconds per call, one thread. ${machine}. ${versions(results)}.`)
  console.log(
    `Each cell in a process of its own, ${milliseconds} ms after warming up; median of ${rounds} rounds, with the range.`,
  )
  console.log('Answers are checked before timing. The loop around the call is included (about 1 ns).')
  const names = Object.keys(operations) as Cell['operation'][]
  const wasm = tablePeers.slice(0, 4)
  const native = tablePeers.slice(4)
  console.log(`\n${sheet('WebAssembly', names, wasm, results, ['shim-wasm', 'bare-wasm'])}`)
  console.log(`\n${sheet('shared object', names, native, results, ['shim-native', 'koffi'])}`)
  const promised = Object.keys(promisedOperations) as Cell['operation'][]
  console.log(`\n${sheet('promises', promised, promisedPeers, results, ['shim-native', 'koffi'])}`)
  console.log(`\n${debugSheet(results)}`)
  printWays(results)
  printReasons(results)
  printTargets(judge(results))
}

/** Prints single cells, as measured while the shim is being worked on. */
export function printCells({ results, shim, rounds, warmup, milliseconds }: FfiReport): void {
  const rows = results.flatMap(({ operation, peer, ways }) =>
    ways.map(({ variant, nanoseconds: { median, lowest, highest } }, index) => {
      const name = `${peer}${variant ? ` (${variant})` : ''}`
      return [index === 0 ? operation : '', name, median.toFixed(2), `${lowest.toFixed(2)} - ${highest.toFixed(2)}`]
    }),
  )
  console.log(table([['operation', 'peer', 'ns', 'range'], ...rows], 2))
  printReasons(results)
  printTargets(judge(results))
  const sources = { sources: 'src/ffi as it is now', dist: 'dist/ffi', other: 'the given folder' }[shim]
  console.log(`\nThe shim is ${sources}; ${rounds} rounds of ${milliseconds} ms after ${warmup} ms of warming up.`)
}

function sheet(
  title: string,
  names: readonly Cell['operation'][],
  columns: readonly PeerName[],
  results: readonly CellResult[],
  [ours, theirs]: readonly [PeerName, PeerName],
): string {
  const rows = names.map((name) => {
    const cells = columns.map((peer) => shown(find(results, name, peer), name in promisedOperations))
    return [titles[name]!.title, ...cells, ratio(find(results, name, ours), find(results, name, theirs))]
  })
  const heads = columns.map((peer) => peers[peer].title)
  return table([[title, ...heads, `shim / ${theirs === 'koffi' ? 'koffi' : 'bare'}`], ...rows])
}

function debugSheet(results: readonly CellResult[]): string {
  const rows = debugOperations.flatMap((name) =>
    (['shim-wasm', 'shim-native'] as const).map((peer) => {
      const [off, on] = debugPeers.filter((each) => each.startsWith(peer)) as [PeerName, PeerName]
      const base = find(results, name, peer)
      const [offCell, onCell] = [find(results, name, off), find(results, name, on)]
      return [
        `${titles[name]!.title}, ${peers[peer].title}`,
        ...[base, offCell, onCell].map((cell) => shown(cell)),
        ratio(offCell, base),
        ratio(onCell, base),
      ]
    }),
  )
  return table([['debug mode', 'not asked for', 'off', 'on', 'off / not asked for', 'on / not asked for'], ...rows])
}

function find(results: readonly CellResult[], operation: string, peer: PeerName): CellResult | undefined {
  return results.find((each) => each.operation === operation && each.peer === peer)
}

function shown(cell: CellResult | undefined, isPromised = false): string {
  const way = cell?.ways[0]
  if (!way) return '-'
  const { median, lowest, highest } = way.nanoseconds
  const isLong = isPromised || median >= microsecondsFrom
  const unit = isLong ? (value: number) => (value / 1000).toFixed(1) : nanoseconds
  return `${unit(median)}${isLong ? ' µs' : ''} (${unit(lowest)}-${unit(highest)})`
}

function ratio(ours: CellResult | undefined, theirs: CellResult | undefined): string {
  const [a, b] = [ours?.ways[0], theirs?.ways[0]]
  return a && b ? `${(a.nanoseconds.median / b.nanoseconds.median).toFixed(2)}x` : '-'
}

function nanoseconds(value: number): string {
  return value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')
}

function versions(results: readonly CellResult[]): string {
  const named = (peer: PeerName) => results.find((each) => each.peer === peer && each.version !== '')?.version
  const list = [
    ['koffi', named('koffi')],
    ['ffi-rs', named('ffi-rs')],
    ['Deno', named('deno-ffi')],
    ['Bun', named('bun-ffi')],
  ]
  return list.map(([name, version]) => (version ? `${name} ${version}` : `no ${name}`)).join(', ')
}

function printWays(results: readonly CellResult[]): void {
  const chosen = results.filter(({ ways }) => ways.length > 1)
  if (chosen.length === 0) return
  console.log('\nCalls written in several ways, of which the fastest stands above:')
  for (const { operation, peer, ways } of chosen) {
    const list = ways.map(({ variant, nanoseconds: { median } }) => `${variant} ${nanoseconds(median)}`)
    console.log(`  ${titles[operation]!.title}, ${peers[peer].title}: ${list.join(', ')}`)
  }
}

function printReasons(results: readonly CellResult[]): void {
  const reasons = new Map<string, string[]>()
  for (const { operation, peer, reason } of results) {
    if (reason === undefined) continue
    const key = `${peers[peer].title}: ${reason}`
    reasons.set(key, [...(reasons.get(key) ?? []), titles[operation]!.title])
  }
  if (reasons.size > 0) console.log('\nNot measured:')
  for (const [reason, names] of reasons) console.log(`  ${reason} (${names.join('; ')})`)
}

function printTargets(judged: readonly Judged[]): void {
  if (judged.length === 0) return
  const rows = judged.map(({ what, given, target, outcome }) => [what, given, target, outcome])
  console.log(`\n${table([['target', 'measured', 'at most', ''], ...rows])}`)
  const missed = judged.filter(({ met }) => !met).length
  console.log(
    missed === 0 ? `All ${judged.length} targets are met.` : `${missed} of ${judged.length} targets are missed.`,
  )
}
