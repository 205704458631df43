/**
 * Gate evaluations per second of framegate on both backends, beside Statsig's native engine and its plain JavaScript engine, on one
 * thread each. Every engine has a process of its own; they take turns, three rounds, so that what the machine does meanwhile falls on
 * all alike; the median counts and the range is shown. Before anything is measured, every engine's answers for all gates and users are
 * compared with the native engine's: a wrong engine's speed is of no interest, so a difference ends the run.
 */
import { EngineProcess } from './engine-handle.ts'
import { type EngineName, engineNames } from './engines.ts'
import { type Figure, figure } from './figure.ts'
import type { Measurement } from './messages.ts'
import { table } from './table.ts'
import { gatesPerRequest, loadWorkload, userCount, type Workload } from './workload.ts'

interface EngineResult {
  readonly engine: EngineName
  readonly version: string
  readonly fresh: Figure
  readonly request: Figure
}

export interface EvaluatorReport {
  readonly specs: string
  readonly gates: number
  readonly users: number
  readonly seconds: number
  readonly rounds: number
  readonly results: readonly EngineResult[]
  readonly legacyDifferences: readonly { gate: string; users: number }[]
}

const reference: EngineName = 'statsig-node-core'
const rounds = 3
const titles: Record<Measurement, string> = {
  fresh: 'a fresh user for every gate',
  request: `one user, ${gatesPerRequest} gates`,
}

/** Measures each engine for so many seconds in each round. */
export async function benchEvaluator(seconds: number): Promise<EvaluatorReport> {
  const workload = loadWorkload()
  const engines = engineNames.map((name) => new EngineProcess(name))
  try {
    const versions = new Map<EngineName, string>()
    for (const engine of engines) versions.set(engine.name, await engine.ready())
    const legacyDifferences = await compareAnswers(engines, workload)
    const results = await measureAll(engines, versions, seconds)
    return {
      specs: workload.specsName,
      gates: workload.gates.length,
      users: userCount,
      seconds,
      rounds,
      results,
      legacyDifferences,
    }
  } finally {
    for (const engine of engines) engine.stop()
  }
}

/** Ends the run on any difference but the known ones of the plain JavaScript engine, which are returned. */
async function compareAnswers(
  engines: readonly EngineProcess[],
  workload: Workload,
): Promise<{ gate: string; users: number }[]> {
  const answers = new Map<EngineName, readonly string[]>()
  for (const engine of engines) answers.set(engine.name, await engine.answers())
  const right = answers.get(reference)!
  const legacy: { gate: string; users: number }[] = []
  for (const [name, given] of answers)
    workload.gates.forEach((gate, index) => {
      const users = given.filter((letters, user) => letters[index] !== right[user]![index]).length
      if (users === 0) return
      if (name !== 'statsig-node' || !workload.legacyDifferences.includes(gate))
        throw new Error(
          `${name} answers gate ${gate} differently from ${reference} for ${users} of ${userCount} users: nothing was measured`,
        )
      legacy.push({ gate, users })
    })
  return legacy
}

async function measureAll(
  engines: readonly EngineProcess[],
  versions: Map<EngineName, string>,
  seconds: number,
): Promise<EngineResult[]> {
  const rates = new Map(engineNames.map((name) => [name, { fresh: [] as number[], request: [] as number[] }]))
  for (const engine of engines)
    for (const what of ['fresh', 'request'] as const) await engine.measure(what, Math.min(seconds, 0.5))
  for (let round = 0; round < rounds; round++)
    for (const what of ['fresh', 'request'] as const)
      for (const engine of engines) rates.get(engine.name)![what].push(await engine.measure(what, seconds))
  return engineNames.map((engine) => {
    const { fresh, request } = rates.get(engine)!
    return { engine, version: versions.get(engine)!, fresh: figure(fresh), request: figure(request) }
  })
}

export function printEvaluator(report: EvaluatorReport, machine: string): void {
  console.log(
    `Gate evaluations per second, one thread. ${machine}. Specs: ${report.specs}, ${report.gates} gates, ${userCount} users.`,
  )
  console.log(
    `Median of ${rounds} interleaved rounds of ${report.seconds} s each, lowest and highest beside it. Answers equal before timing.`,
  )
  for (const what of ['fresh', 'request'] as const) {
    const rate = (name: EngineName) => report.results.find(({ engine }) => engine === name)![what].median
    const rows = report.results.map(({ engine, version, [what]: { median, lowest, highest } }) => [
      `${engine} ${version}`,
      thousands(median),
      `${thousands(lowest)} - ${thousands(highest)}`,
      `${(median / rate(reference)).toFixed(2)}x`,
      `${(median / rate('statsig-node')).toFixed(2)}x`,
    ])
    console.log(`\n${titles[what]}`)
    console.log(table([['engine', 'per second', 'range', 'to core', 'to statsig-node'], ...rows]))
  }
  if (report.legacyDifferences.length > 0)
    console.log(
      `\nstatsig-node is known to differ on ${report.legacyDifferences.map(({ gate, users }) => `${gate} (${users} of ${userCount} users)`).join(', ')}.`,
    )
}

function thousands(rate: number): string {
  return Math.round(rate).toLocaleString('en-US')
}
