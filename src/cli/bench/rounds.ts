/**
 * Engines in turns: in each round every engine gets its time for each measurement, so that what the machine does meanwhile falls on
 * all alike. The median of the rounds counts, and the range is shown beside it.
 */
import type { ContestantProcess } from './contestant-process.ts'
import { type Figure, figure } from './figure.ts'

/** Of one measurement, the engines' evaluations a second, in the order of the engines. */
export interface Measured {
  readonly what: string
  readonly title: string
  readonly results: readonly EngineFigure[]
}

export interface EngineFigure {
  readonly engine: string
  readonly version: string
  readonly perSecond: Figure
}

export interface Timing {
  /** Of each measurement in each round. */
  readonly seconds: number
  readonly rounds: number
}

/** Told before each measurement how many of all are done. */
export type Watch = (done: number, all: number, what: string) => void

/** Runs the measurements that an engine has, for each engine. */
export async function measureInRounds(
  engines: readonly ContestantProcess[],
  titles: Readonly<Record<string, string>>,
  { seconds, rounds }: Timing,
  watch: Watch = () => {},
): Promise<Measured[]> {
  const cells: { engine: ContestantProcess; version: string; what: string; rates: number[] }[] = []
  const facts = await Promise.all(engines.map((engine) => engine.ready()))
  for (const what of Object.keys(titles))
    engines.forEach((engine, index) => {
      const { version, measurements } = facts[index]!
      if (measurements.includes(what)) cells.push({ engine, version, what, rates: [] })
    })
  const all = cells.length * (rounds + 1)
  let done = 0
  const warm = new Set<string>()
  for (const { engine, what } of cells) {
    watch(done++, all, `${engine.name}: warming up`)
    // For the compilers: those of WebAssembly take a second to have all of an engine at its best, and a measurement's own code less.
    await engine.measure(what, warm.has(engine.name) ? Math.min(seconds, 0.5) : Math.min(5 * seconds, 2))
    warm.add(engine.name)
  }
  for (let round = 0; round < rounds; round++)
    for (const { engine, what, rates } of cells) {
      watch(done++, all, `${engine.name}: ${titles[what]}`)
      rates.push(await engine.measure(what, seconds))
    }
  watch(all, all, '')
  return Object.entries(titles).flatMap(([what, title]): Measured[] => {
    const results = cells
      .filter((cell) => cell.what === what)
      .map(({ engine, version, rates }) => ({ engine: engine.name, version, perSecond: figure(rates) }))
    return results.length === 0 ? [] : [{ what, title, results }]
  })
}
