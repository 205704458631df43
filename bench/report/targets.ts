/** What framegate is to reach, and what the run says of it. Ratios are of medians in one run, so that they hold on any machine. */
import type { Measured } from '../../src/cli/bench/rounds.ts'
import type { GrowthPoint } from '../workloads/growth/index.ts'
import type { Axis } from '../workloads/growth/points.ts'
import { growthOf } from '../workloads/start/index.ts'
import type { BenchReport } from './bench-report.ts'

export interface Target {
  readonly workload: string
  readonly asked: string
  readonly measured: string
  readonly isMet: boolean
}

/** What `constant` allows: a larger payload does not fit into the processor's caches. */
const constant = 1.25
/** What V8's heap comes and goes by, in MB. */
const breath = 10

const own = 'framegate wasm'
const core = 'statsig-node-core'

/** Of the parts that were run. */
export function targetsOf(report: BenchReport): Target[] {
  return [...ofRates(report), ...ofStart(report), ...ofThreads(report), ...ofGrowth(report)]
}

function ofRates({ statsig, flags }: BenchReport): Target[] {
  const gates = 'gates, a fresh user for every gate'
  return [
    atLeast(statsig?.measured, 'fresh', gates, 2.5, 'statsig-node'),
    atLeast(statsig?.measured, 'fresh', gates, 30, core),
    atLeast(statsig?.measured, 'request', 'gates, one user x 50', 4, 'best'),
    atLeast(statsig?.measured, 'same', 'gates, the same user object', 4, 'best'),
    atLeast(statsig?.measured, 'configs', 'dynamic configs', 10, core),
    atLeast(statsig?.measured, 'experiments', 'experiments', 4, 'best'),
    atLeast(statsig?.measured, 'layers', 'layers', 4, 'best'),
    atLeast(flags?.measured, 'fresh', '3-rule flag, a fresh user', 1.2, 'flagd-core'),
    atLeast(flags?.measured, 'request', '3-rule flag, one user x 50', 1.5, 'flagd-core'),
  ].flatMap((target) => target ?? [])
}

/** @param base - an engine, or the best of Statsig's */
function atLeast(
  measured: readonly Measured[] | undefined,
  what: string,
  workload: string,
  asked: number,
  base: string,
): Target | undefined {
  const results = measured?.find((one) => one.what === what)?.results ?? []
  const rates = new Map(results.map(({ engine, perSecond }) => [engine, perSecond.median]))
  const other = base === 'best' ? Math.max(rates.get(core) ?? 0, rates.get('statsig-node') ?? 0) : rates.get(base)
  const mine = rates.get(own)
  if (!mine || !other) return undefined
  const name = base === 'best' ? "the better of Statsig's" : base
  const isMet = mine / other >= asked
  return { workload, asked: `${asked}x ${name}`, measured: `${(mine / other).toFixed(2)}x`, isMet }
}

function ofStart({ start }: BenchReport): Target[] {
  if (start === undefined) return []
  const of = (engine: string, origin: string) =>
    start.started.find((result) => result.engine === engine && result.origin === origin)!
  const [mine, cores, snapshot] = [of(own, 'specs'), of(core, 'specs'), of(own, 'snapshot')]
  const loop = start.busyLoops.find(({ engine }) => engine === own)!
  const growth = growthOf(loop)
  const specs = `${Math.round(start.bytes / 1000)} kB of specs`
  return [
    atMost(`first answer from ${specs}`, mine.firstAnswer.median / cores.firstAnswer.median, 0.5, "core's"),
    atMost(
      'first answer from a snapshot',
      snapshot.firstAnswer.median / cores.firstAnswer.median,
      0.1,
      "core's from specs",
    ),
    atMost('memory over a bare Node after the first answer', mine.memory.median / cores.memory.median, 0.5, "core's"),
    {
      workload: `growth of memory in the second half of ${loop.users.toLocaleString('en-US')} fresh users, never yielding`,
      asked: `none (${breath} MB at most)`,
      measured: `${growth.toFixed(0)} MB`,
      isMet: growth <= breath,
    },
  ]
}

function ofThreads({ threads }: BenchReport): Target[] {
  const wanted = [own, 'framegate/pool']
  return (threads?.ratios ?? [])
    .filter(({ engine }) => wanted.includes(engine))
    .map(({ engine, twoToOne }) => ({
      workload: `two threads to one, ${engine}`,
      asked: 'at least 1.9x',
      measured: `${twoToOne.toFixed(2)}x`,
      isMet: twoToOne >= 1.9,
    }))
}

function ofGrowth({ growth }: BenchReport): Target[] {
  return (growth?.axes ?? [])
    .filter(({ axis }) => (['gates', 'attributes'] satisfies Axis[] as Axis[]).includes(axis))
    .map(({ title, points }) => {
      const [first, last] = ends(points.filter(({ engine }) => engine === own))
      const times = last.nanoseconds.median / first.nanoseconds.median
      return {
        workload: `cost of an evaluation with ${first.size} to ${last.size.toLocaleString('en-US')} ${title}`,
        asked: `constant (${constant}x at most)`,
        measured: `${times.toFixed(2)}x`,
        isMet: times <= constant,
      }
    })
}

function ends(points: readonly GrowthPoint[]): [GrowthPoint, GrowthPoint] {
  return [points[0]!, points.at(-1)!]
}

function atMost(workload: string, times: number, asked: number, of: string): Target {
  return { workload, asked: `at most ${asked} of ${of}`, measured: times.toFixed(2), isMet: times <= asked }
}
