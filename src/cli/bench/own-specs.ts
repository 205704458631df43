/**
 * `framegate bench --specs`: framegate on somebody's own specs, beside Statsig's engines where these are installed in the current
 * folder. Answers are compared before anything is timed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nativeObstacle } from '../built-files.ts'
import { errorMessage } from '../errors.ts'
import { Output } from '../output.ts'
import { isInstalled } from '../packages.ts'
import { sibling } from '../sibling.ts'
import { openEvaluator, readIdLists, readInput } from '../specs-file.ts'
import { type Difference, differences, onlyKnown } from './comparison.ts'
import type { Answers } from './contestant.ts'
import { ContestantProcess } from './contestant-process.ts'
import type { EngineName } from './engine.ts'
import type { EngineTask } from './engine-process.ts'
import { askedNames } from './names.ts'
import { watched } from './progress.ts'
import { type Measured, measureInRounds, type Timing } from './rounds.ts'
import { differenceLines, measuredLines } from './table.ts'
import { userCount } from './users.ts'
import { measurements } from './workload.ts'

export interface OwnSpecsOptions extends Timing {
  readonly specs: string
  readonly idLists: string | undefined
  readonly json: boolean
}

const core = 'statsig-node-core'
const peers: readonly (readonly [EngineName, packageName: string])[] = [
  [core, '@statsig/statsig-node-core'],
  ['statsig-node', 'statsig-node'],
]

export async function benchOwnSpecs(options: OwnSpecsOptions): Promise<void> {
  const task = await taskOf(options)
  const folder = mkdtempSync(join(tmpdir(), 'framegate-bench-'))
  const engines: ContestantProcess[] = []
  try {
    const file = join(folder, 'task.json')
    writeFileSync(file, JSON.stringify(task))
    const program = fileURLToPath(sibling('engine-process', import.meta.url))
    const notes: string[] = []
    const answers = new Map<string, Answers>()
    for (const name of enginesHere(task.packagesFrom, notes)) {
      const engine = new ContestantProcess(name, program, [name, file])
      engines.push(engine)
      const given = await answersOf(engine, notes)
      if (given === undefined) engines.splice(engines.indexOf(engine), 1)
      else answers.set(name, given)
    }
    const known = compared(answers)
    const measured = await watched(!options.json && process.stderr.isTTY, (watch) =>
      measureInRounds(engines, measurements, options, watch),
    )
    await print(options, [...notes, ...differenceLines(known)], measured)
  } finally {
    for (const engine of engines) engine.stop()
    rmSync(folder, { recursive: true })
  }
}

async function taskOf({ specs: path, idLists: listFolder }: OwnSpecsOptions): Promise<EngineTask> {
  const specs = await readInput('--specs', path)
  const lists = listFolder === undefined ? {} : await readIdLists(listFolder)
  const evaluator = openEvaluator(path, { specs, idLists: lists }, { now: Date.now, seed: () => 0 })
  const names = askedNames(evaluator)
  evaluator.dispose()
  const decoder = new TextDecoder()
  const idLists = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, decoder.decode(list)]))
  return { specs: decoder.decode(specs), idLists, packagesFrom: process.cwd(), names }
}

function enginesHere(folder: string, notes: string[]): EngineName[] {
  const obstacle = nativeObstacle()
  if (obstacle !== undefined) notes.push(`framegate native is left out: ${obstacle}`)
  const missing = peers.filter(([, packageName]) => !isInstalled(packageName, folder))
  if (missing.length > 0)
    notes.push(`To see Statsig's engines beside framegate: npm install ${missing.map(([, name]) => name).join(' ')}`)
  const present = peers.filter((peer) => !missing.includes(peer)).map(([name]) => name)
  return ['framegate wasm', ...(obstacle === undefined ? (['framegate native'] as const) : []), ...present]
}

/** A peer that does not answer, with these specs or at all, is left out; framegate is not. */
async function answersOf(engine: ContestantProcess, notes: string[]): Promise<Answers | undefined> {
  try {
    return await engine.answers()
  } catch (error) {
    engine.stop()
    if (engine.name.startsWith('framegate')) throw error
    notes.push(`${engine.name} is left out: ${errorMessage(error).split('\n')[0]}`)
    return undefined
  }
}

/** framegate must answer as core does; what else differs is shown. */
function compared(answers: ReadonlyMap<string, Answers>): readonly Difference[] {
  const reference = answers.has(core) ? core : 'framegate wasm'
  const right = answers.get(reference)!
  const found = [...answers].flatMap(([engine, given]) => differences(engine, given, right))
  return onlyKnown(found, ({ engine }) => !engine.startsWith('framegate'), reference)
}

async function print({ specs, json, seconds, rounds }: OwnSpecsOptions, notes: string[], measured: Measured[]) {
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}`
  const output = await Output.open(undefined)
  if (json) await output.write(`${JSON.stringify({ machine, specs, seconds, rounds, measured, notes }, null, 2)}\n`)
  else {
    const head = [
      `Evaluations per second, one thread. ${machine}. ${specs}, ${userCount} made-up users.`,
      `Medians of ${rounds} rounds in turns, of ${seconds} s each. Answers were compared before.`,
    ]
    const tables = measured.flatMap((one) => ['', ...measuredLines(one)])
    await output.write(`${[...head, ...tables, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`)
  }
  await output.end()
}
