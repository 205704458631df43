/** The run behind `framegate verify`: lays out the matrix, runs its cells one after the other, judges, and reports. */
import { existsSync } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import picocolors from 'picocolors'
import { built, nativeObstacle, probeModuleName } from '../built-files.ts'
import { CommandError, errorCode, exitCodes, fileError } from '../errors.ts'
import { type MachineFacts, machineFacts } from '../machine.ts'
import { Output } from '../output.ts'
import { counted } from '../printable.ts'
import { duration } from './duration.ts'
import { LiveBar } from './live.ts'
import { layOut, type Plan, type Wanted } from './plan.ts'
import { type CellResult, noCounts, wrongTotal } from './result.ts'
import { rowOf } from './rows.ts'
import { runCell } from './run-cell.ts'
import { renderText } from './table.ts'
import { judge, outcomeOf, type Verdict } from './verdict.ts'

/** What the start and the end of a cell's process take, on a usual machine. */
const startSeconds = 0.5

/** The options of `framegate verify`, read and checked. */
export interface VerifyOptions extends Wanted {
  /** The backends were named, so that one which cannot run is an error. */
  readonly backendsGiven: boolean
  /** Where the HTML report goes. */
  readonly report: string | undefined
  readonly json: boolean
}

/** All that the report and the JSON output say. */
export interface Verification {
  readonly verdict: Verdict
  readonly results: readonly CellResult[]
  readonly wanted: Wanted
  readonly machine: MachineFacts
}

/** Runs the matrix. Returns the exit code: done only when it is proved. */
export async function verify(options: VerifyOptions): Promise<number> {
  const { workers, seconds, backends } = options
  const plan = planFor(options)
  await checkReport(options.report)
  process.stderr.write(`framegate: ${announcement(plan)}\n`)
  const results = await runAll(plan)
  const verification: Verification = {
    verdict: judge(plan, results),
    results,
    wanted: { workers, seconds, backends },
    machine: machineFacts(),
  }
  const useColors = process.stdout.isTTY === true && picocolors.isColorSupported
  const output = await Output.open(undefined)
  await output.write(options.json ? asJson(verification) : renderText(results, verification.verdict, useColors))
  await output.end()
  if (options.report !== undefined) await writeReport(options.report, verification)
  return verification.verdict.proved ? exitCodes.done : exitCodes.failed
}

function planFor(options: VerifyOptions): Plan {
  if (!existsSync(built(probeModuleName)))
    throw new CommandError('MODULE_NOT_FOUND', `${built(probeModuleName)} does not exist; run \`make build\``)
  const obstacle = options.backends.includes('native') ? nativeObstacle() : undefined
  if (obstacle !== undefined && options.backendsGiven)
    throw new CommandError('LIBRARY_NOT_LOADED', `--backend native cannot run here: ${obstacle}`)
  return layOut(options, obstacle)
}

/** A run of minutes must not end in a file that cannot be written. */
async function checkReport(path: string | undefined): Promise<void> {
  if (path === undefined) return
  try {
    await (await open(path, 'a')).close()
  } catch (error) {
    if (errorCode(error, '') !== 'ENOENT') throw fileError('--report', path, error)
    const message = `--report: ${path} lies in a folder that does not exist; make the folder first`
    throw new CommandError('ENOENT', message, { cause: error })
  }
}

async function writeReport(path: string, verification: Verification): Promise<void> {
  const { renderReport } = await import('./report.ts')
  try {
    await writeFile(path, renderReport(verification))
  } catch (error) {
    throw fileError('--report', path, error)
  }
}

async function runAll({ cells }: Plan): Promise<CellResult[]> {
  const bar = await LiveBar.start(cells, process.stderr.isTTY)
  const results: CellResult[] = []
  try {
    for (const cell of cells) {
      bar.update(cell, noCounts(), 0)
      results.push(await runCell(cell, (counts, seconds) => bar.update(cell, counts, seconds)))
      bar.cellDone(cell)
    }
  } finally {
    bar.end()
  }
  return results
}

function announcement({ cells, leftOut }: Plan): string {
  const rowCount = new Set(cells.map(({ row }) => row)).size
  const seconds = cells.reduce((sum, cell) => sum + cell.seconds + startSeconds, 0)
  const without = leftOut.length === 0 ? '' : `, ${counted(leftOut.length, 'row')} left out`
  return `${counted(rowCount, 'row')} in ${counted(cells.length, 'run')} of ${cells[0]?.seconds} s${without}: about ${duration(seconds)}`
}

function asJson({ verdict, results, wanted, machine }: Verification): string {
  const { proved, summary, reasons, leftOut } = verdict
  const cells = results.map((result) => {
    const { row, workers, operations, seconds, wrong, firstWrong, crash, examples } = result
    const { title, kind } = rowOf(row)
    return {
      ...{ row, title, kind, workers, seconds, operations },
      operationsPerSecond: seconds > 0 ? operations / seconds : null,
      wrong: { total: wrongTotal(result), ...wrong },
      firstWrongSeconds: firstWrong,
      crashes: crash === null ? 0 : 1,
      ...{ crash, outcome: outcomeOf(result), examples },
    }
  })
  return `${JSON.stringify({ proved, summary, objections: reasons, leftOut, wanted, machine, cells }, null, 2)}\n`
}
