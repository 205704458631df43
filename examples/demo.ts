/**
 * The example project, evaluated: every gate, experiment and layer for 10,000 users on one thread, and a table of what
 * came out. `make demo` ends here; `npx tsx examples/demo.ts --users 200000` asks more of it.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import cliProgress from 'cli-progress'
import colors from 'picocolors'
import { createEvaluator } from '../src/node.ts'
import { writeUsers } from './generate.ts'
import { DEFAULT_SEED, type User } from './generator/users.ts'

type Evaluator = ReturnType<typeof createEvaluator>

/** How often each answer was given: the name asked about, then the answer, then the number of users. */
type Tally = Map<string, Map<string, number>>

interface Run {
  readonly gates: Tally
  readonly experiments: Tally
  readonly layers: Tally
  readonly evaluations: number
  readonly seconds: number
}

const HERE = dirname(fileURLToPath(import.meta.url))
const WIDTH = 98
const NAME_WIDTH = 42
const BAR_WIDTH = 24
const PATIENCE_MS = 2000

/** Why a user is in no group of an experiment, by the conventional ids of the rules that come before the groups. */
const OUTSIDE: Readonly<Record<string, string>> = {
  layerAssignment: 'not allocated',
  targetingGate: 'not targeted',
  inlineTargetingRules: 'not targeted',
  prestart: 'not started',
  abandoned: 'ended',
  disabled: 'disabled',
  default: 'default',
}

function usersOf(file: string): User[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as User)
}

function idListsOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

function count(tally: Tally, name: string, answer: string): void {
  const answers = tally.get(name) ?? new Map<string, number>()
  tally.set(name, answers.set(answer, (answers.get(answer) ?? 0) + 1))
}

function evaluate(evaluator: Evaluator, users: readonly User[]): Run {
  const { gates: gateNames, experiments, autotunes, layers: layerNames } = evaluator.list
  const experimentNames = [...new Set([...experiments, ...autotunes])]
  const passed = new Array<number>(gateNames.length).fill(0)
  const experimentTally: Tally = new Map()
  const layerTally: Tally = new Map()
  const progress = progressAfterAWhile(users.length)
  const started = performance.now()
  for (const [index, user] of users.entries()) {
    const bound = evaluator.bind(user)
    for (const [position, name] of gateNames.entries())
      if (bound.checkGate(name)) passed[position] = (passed[position] ?? 0) + 1
    for (const name of experimentNames) {
      const { groupName, ruleID } = bound.getExperiment(name)
      count(experimentTally, name, groupName ?? OUTSIDE[ruleID] ?? 'held out')
    }
    for (const name of layerNames)
      count(layerTally, name, bound.getLayer(name).allocatedExperimentName ?? 'no experiment')
    progress.reach(index + 1)
  }
  const seconds = (performance.now() - started) / 1000
  progress.stop()
  const gates: Tally = new Map(gateNames.map((name, position) => [name, new Map([['passed', passed[position] ?? 0]])]))
  const evaluations = users.length * (gateNames.length + experimentNames.length + layerNames.length)
  return { gates, experiments: experimentTally, layers: layerTally, evaluations, seconds }
}

/** A bar on a terminal, shown only once the work has taken two seconds: most runs are over before. */
function progressAfterAWhile(total: number): { reach(done: number): void; stop(): void } {
  const started = performance.now()
  let bar: cliProgress.SingleBar | undefined
  return {
    reach(done) {
      if (bar) return bar.update(done)
      if (done % 256 !== 0 || !process.stderr.isTTY || performance.now() - started < PATIENCE_MS) return
      bar = new cliProgress.SingleBar(
        { format: '  evaluating {bar} {percentage} % · {eta_formatted} left', clearOnComplete: true },
        cliProgress.Presets.shades_classic,
      )
      bar.start(total, done)
    },
    stop: () => bar?.stop(),
  }
}

const number = (value: number): string => value.toLocaleString('en-US')

const byName = ([left]: [string, unknown], [right]: [string, unknown]): number => (left < right ? -1 : 1)

function share(part: number, whole: number): string {
  const percent = (100 * part) / whole
  return `${percent > 0 && percent < 1 ? percent.toFixed(2) : percent.toFixed(1)} %`.padStart(8)
}

function meter(part: number, whole: number): string {
  const full = part === 0 ? 0 : Math.max(1, Math.round((BAR_WIDTH * part) / whole))
  return colors.green('█'.repeat(full)) + colors.dim('░'.repeat(BAR_WIDTH - full))
}

function heading(title: string, columns: string): string {
  return `\n${colors.bold(title.padEnd(NAME_WIDTH + 2))}${colors.dim(columns)}`
}

function gateLines(gates: Tally, users: number): string[] {
  return [...gates].sort(byName).map(([name, answers]) => {
    const passed = answers.get('passed') ?? 0
    return `  ${name.padEnd(NAME_WIDTH)}${share(passed, users)}  ${meter(passed, users)} ${number(passed).padStart(8)}`
  })
}

/** One line per name, the answers after it, continued below themselves where they do not fit. */
function answerLines(tally: Tally): string[] {
  return [...tally].sort(byName).flatMap(([name, answers]) => {
    const items = [...answers].sort(answerOrder).map(([answer, users]) => `${answer} ${number(users)}`)
    const rows: string[] = []
    for (const item of items) {
      const row = rows.at(-1)
      if (row !== undefined && NAME_WIDTH + 2 + row.length + item.length + 3 <= WIDTH)
        rows[rows.length - 1] = `${row} · ${item}`
      else rows.push(item)
    }
    return rows.map((row, index) => `  ${(index === 0 ? name : '').padEnd(NAME_WIDTH)}${row}`)
  })
}

/** Groups and experiments first, by name; then the users outside them. */
function answerOrder([left]: [string, number], [right]: [string, number]): number {
  const outside = [...Object.values(OUTSIDE), 'held out', 'no experiment']
  return Number(outside.includes(left)) - Number(outside.includes(right)) || byName([left, 0], [right, 0])
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { users: { type: 'string', default: '10000' } } })
  const wanted = Number(values.users)
  if (!Number.isSafeInteger(wanted) || wanted < 1) {
    process.stderr.write(`demo: --users takes a whole number above zero, not "${values.users}"\n`)
    process.exit(2)
  }
  const file = join(HERE, '..', '.cache', 'example-users', `${DEFAULT_SEED}-${wanted}.ndjson`)
  if (!existsSync(file)) await writeUsers(file, wanted)
  const users = usersOf(file)

  const loading = performance.now()
  const specs = readFileSync(join(HERE, 'shop.specs.json'), 'utf8')
  const evaluator = createEvaluator({ specs, idLists: idListsOf(join(HERE, 'id-lists')), environment: 'production' })
  const loaded = performance.now() - loading
  const run = evaluate(evaluator, users)

  const lines = [
    colors.bold(
      `Larch & Loom: ${number(users.length)} users, ${run.gates.size} gates, ${run.experiments.size} experiments, ${run.layers.size} layers`,
    ),
    heading('Gate', '  passed  share of users               users'),
    ...gateLines(run.gates, users.length),
    heading('Experiment', 'users per group'),
    ...answerLines(run.experiments),
    heading('Layer', 'users per allocated experiment'),
    ...answerLines(run.layers),
    '',
    colors.bold(`${number(Math.round(run.evaluations / run.seconds))} evaluations per second on one thread`),
    `  ${number(run.evaluations)} evaluations in ${run.seconds.toFixed(2)} s; engine and specs loaded in ${loaded.toFixed(0)} ms`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

await main()
