/**
 * `make bench`: gate evaluations per second of framegate on both backends, beside Statsig's native engine and its plain JavaScript
 * engine, on one thread each. Every engine has a process of its own; they take turns, three rounds, so that what the machine does
 * meanwhile falls on all alike; the median counts and the range is shown. Before anything is measured, every engine's answers for all
 * gates and users are compared with the native engine's: a wrong engine's speed is of no interest, so a difference ends the run.
 *
 *   tsx bench/main.ts [--seconds N] [--json]
 *
 * Each run is also kept in `bench/results/`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { EngineProcess } from './engine-handle.ts'
import { type EngineName, engineNames } from './engines.ts'
import type { Measurement } from './messages.ts'
import { gatesPerRequest, loadWorkload, projectFolder, userCount } from './workload.ts'

interface Figure {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

interface EngineResult {
  readonly engine: EngineName
  readonly version: string
  readonly fresh: Figure
  readonly request: Figure
}

const reference: EngineName = 'statsig-node-core'
const rounds = 3
const titles: Record<Measurement, string> = {
  fresh: 'a fresh user for every gate',
  request: `one user, ${gatesPerRequest} gates`,
}

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
})
const seconds = Number(options.seconds)
if (!(seconds > 0)) throw new Error(`--seconds must be a number above 0, not "${options.seconds}"`)
const workload = loadWorkload()
const engines = engineNames.map((name) => new EngineProcess(name))
try {
  const versions = new Map<EngineName, string>()
  for (const engine of engines) versions.set(engine.name, await engine.ready())
  const legacyDifferences = await compareAnswers()
  const results = await measureAll(versions)
  const report = {
    machine: `${cpus()[0]?.model.trim()}, Node ${process.version}`,
    specs: workload.specsName,
    gates: workload.gates.length,
    users: userCount,
    seconds,
    rounds,
    results,
    legacyDifferences,
  }
  const folder = join(projectFolder, 'bench/results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, `${new Date().toISOString().replaceAll(':', '-')}.json`),
    `${JSON.stringify(report, null, 2)}\n`,
  )
  if (options.json) console.log(JSON.stringify(report, null, 2))
  else printReport(report)
} finally {
  for (const engine of engines) engine.stop()
}

/** Ends the run on any difference but the known ones of the plain JavaScript engine, which are returned. */
async function compareAnswers(): Promise<{ gate: string; users: number }[]> {
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

async function measureAll(versions: Map<EngineName, string>): Promise<EngineResult[]> {
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

function figure(rates: readonly number[]): Figure {
  const sorted = [...rates].sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)]!, lowest: sorted[0]!, highest: sorted.at(-1)! }
}

function printReport(report: {
  machine: string
  specs: string
  gates: number
  results: readonly EngineResult[]
  legacyDifferences: readonly { gate: string; users: number }[]
}): void {
  console.log(
    `Gate evaluations per second, one thread. ${report.machine}. Specs: ${report.specs}, ${report.gates} gates, ${userCount} users.`,
  )
  console.log(
    `Median of ${rounds} interleaved rounds of ${seconds} s each, lowest and highest beside it. Answers equal before timing.`,
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

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(
      (row) =>
        `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`,
    )
    .join('\n')
}
