// What a call through the shim may cost, and whether it does.

import { type PeerName, peers } from './cells.ts'
import { type OperationName, operations } from './operations.ts'
import { type CellResult, debugOperations, shimTextIn } from './rounds.ts'

/** One target beside what was measured. */
export interface Judged {
  readonly what: string
  readonly given: string
  readonly target: string
  readonly met: boolean
  /** `met`, or by how much it is missed. */
  readonly outcome: string
}

const scalarTarget = 1.5
const textTarget = 1.3
const nativeTarget = 1.3
const frameTarget = 15
/** Debug mode costs nothing where it is off: no more than processes that run the same code differ by. */
const debugNanoseconds = 2
const debugPart = 0.05

const names = Object.keys(operations) as OperationName[]
const scalars: readonly OperationName[] = ['noop', 'add', 'sum', 'add64']
const texts: readonly OperationName[] = ['text-in-32', 'text-out-32']

/** The targets whose two sides were to be measured. One without a figure is missed. */
export function judge(results: readonly CellResult[]): Judged[] {
  const measured = (name: OperationName, peer: PeerName, variant?: string) => {
    const result = results.find((each) => each.operation === name && each.peer === peer)
    const way = variant === undefined ? result?.ways[0] : result?.ways.find((each) => each.variant === variant)
    return result && (way?.nanoseconds.median ?? Number.NaN)
  }
  const ratio = (name: OperationName, ours: PeerName, theirs: PeerName, target: number) => {
    const [a, b] = [measured(name, ours), measured(name, theirs)]
    if (a === undefined || b === undefined) return []
    const what = `${operations[name].title}, ${peers[ours].title} / ${peers[theirs].title}`
    return [judged(what, a / b, target, (value) => `${value.toFixed(2)}x`)]
  }
  // A call with a string through the shim, less the same encoding by hand into a place that is never given back.
  const frame = () => {
    const [a, b] = [measured('text-in-32', 'shim-wasm'), measured('text-in-32', 'bare-wasm', shimTextIn)]
    if (a === undefined || b === undefined) return []
    return [judged(`a frame: cstring in, 32 B, shim wasm less ${shimTextIn} by hand`, a - b, frameTarget, nanoseconds)]
  }
  const debugOff = (name: OperationName, off: PeerName, plain: PeerName) => {
    const [a, b] = [measured(name, off), measured(name, plain)]
    if (a === undefined || b === undefined) return []
    const what = `${operations[name].title}, ${peers[off].title} less not asked for`
    return [judged(what, a - b, Math.max(debugNanoseconds, b * debugPart), nanoseconds)]
  }
  return [
    ...scalars.flatMap((name) => ratio(name, 'shim-wasm', 'bare-wasm', scalarTarget)),
    ...texts.flatMap((name) => ratio(name, 'shim-wasm', 'bare-wasm', textTarget)),
    ...frame(),
    ...names.flatMap((name) => ratio(name, 'shim-native', 'koffi', nativeTarget)),
    ...debugOperations.flatMap((name) => [
      ...debugOff(name, 'shim-wasm-debug-off', 'shim-wasm'),
      ...debugOff(name, 'shim-native-debug-off', 'shim-native'),
    ]),
  ]
}

function judged(what: string, value: number, target: number, unit: (value: number) => string): Judged {
  if (Number.isNaN(value)) return { what, given: '-', target: unit(target), met: false, outcome: 'not measured' }
  const met = value <= target
  return {
    what,
    given: unit(value),
    target: unit(target),
    met,
    outcome: met ? 'met' : `missed by ${unit(value - target)}`,
  }
}

function nanoseconds(value: number): string {
  return `${value.toFixed(1)} ns`
}
