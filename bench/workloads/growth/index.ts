/** What an evaluation costs when the payload or the user grows. */
import { differences, onlyKnown } from '../../../src/cli/bench/comparison.ts'
import { ContestantProcess } from '../../../src/cli/bench/contestant-process.ts'
import { engineNames } from '../../../src/cli/bench/engine.ts'
import type { Figure } from '../../../src/cli/bench/figure.ts'
import { measureInRounds, type Timing, type Watch } from '../../../src/cli/bench/rounds.ts'
import { compiled } from '../../compile.ts'
import { type Axis, axes, axisTitles, sizesOf } from './points.ts'

export interface GrowthPoint {
  readonly engine: string
  readonly size: number
  /** Of an evaluation. */
  readonly nanoseconds: Figure
}

export interface GrowthReport {
  readonly axes: readonly { readonly axis: Axis; readonly title: string; readonly points: readonly GrowthPoint[] }[]
}

export async function benchGrowth(isQuick: boolean, { seconds, rounds }: Timing, watch: Watch): Promise<GrowthReport> {
  const all = axes.flatMap((axis) => sizesOf(axis, isQuick).map((size) => ({ axis, size })))
  // There are many points, and each is a simple loop.
  const timing = { seconds: seconds / 4, rounds }
  const points: (GrowthPoint & { axis: Axis })[] = []
  for (const [done, { axis, size }] of all.entries()) {
    watch(done, all.length, `${size} ${axis}`)
    for (const point of await measurePoint(axis, size, timing)) points.push({ axis, ...point })
  }
  watch(all.length, all.length, '')
  return {
    axes: axes.map((axis) => ({
      axis,
      title: axisTitles[axis],
      points: points.filter((point) => point.axis === axis).map(({ axis: _, ...point }) => point),
    })),
  }
}

async function measurePoint(axis: Axis, size: number, timing: Timing): Promise<GrowthPoint[]> {
  const program = compiled('workloads/growth/point-process')
  const engines = engineNames.map((name) => new ContestantProcess(name, program, [name, axis, String(size)]))
  try {
    const reference = engines.find(({ name }) => name === 'statsig-node-core')!
    const right = await reference.answers()
    for (const engine of engines)
      onlyKnown(
        differences(engine.name, await engine.answers(), right),
        () => false,
        `${reference.name} with ${size} ${axis}`,
      )
    const [measured] = await measureInRounds(engines, { fresh: axis }, timing)
    return measured!.results.map(({ engine, perSecond }) => ({ engine, size, nanoseconds: perEvaluation(perSecond) }))
  } finally {
    for (const engine of engines) engine.stop()
  }
}

function perEvaluation({ median, lowest, highest }: Figure): Figure {
  return { median: 1e9 / median, lowest: 1e9 / highest, highest: 1e9 / lowest }
}
