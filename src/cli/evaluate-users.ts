/**
 * The run behind `framegate eval`: opens everything, streams the users through the evaluator, and reports.
 *
 *     users file -> batches of lines -> this thread or worker threads -> results in input order -> output
 *
 * Every stage waits for the next one, so memory does not depend on the number of users.
 */
import { fstatSync } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { Evaluator, LoadReport } from '../node.ts'
import { share } from '../pool/share.ts'
import { type BatchRunner, inThisThread, onWorkerThreads } from './batch-runner.ts'
import { exitCodes, fileError, UsageError } from './errors.ts'
import { Output } from './output.ts'
import { counted, grouped, printable } from './printable.ts'
import { Progress } from './progress.ts'
import { type Selection, selectEntities, selectionSize, type WantedNames } from './selection.ts'
import { type EvaluatorSource, openEvaluator, readIdLists, readInput } from './specs-file.ts'
import { addTally, emptyTally, renderTally } from './tally.ts'
import { type OutputFormat, reportedProblems, UserSeed } from './user-batch.ts'
import { userBatches } from './user-lines.ts'

/** The options of `framegate eval`, read and checked. */
export interface EvalOptions {
  readonly specs: string
  /** A path, or `-` for standard input. */
  readonly users: string
  readonly idLists: string | undefined
  readonly wanted: WantedNames
  readonly environment: string | undefined
  readonly backend: 'wasm' | 'native'
  readonly threads: number
  /** Milliseconds since 1970: the time that all users are evaluated at. */
  readonly now: number
  /** Standard output when undefined. */
  readonly output: string | undefined
  readonly format: OutputFormat
}

/** Evaluates all users. Returns the exit code: failed when any user had no result. */
export async function evaluateUsers(options: EvalOptions): Promise<number> {
  using users = await openUsers(options.users)
  await refuseToOverwriteInput(options)
  const source = await readSource(options)
  const seed = new UserSeed()
  const evaluator = openEvaluator(options.specs, source, { now: () => options.now, seed: seed.next })
  warnOfDropped(evaluator.report, options.specs)
  warnOfMissingLists(evaluator.report, source)
  const selection = selectEntities(evaluator, options.wanted)
  const output = await Output.open(options.output)
  const runner = await startRunner(options, evaluator, source, seed, selection)
  try {
    return await stream(users, runner, selection, output, options)
  } finally {
    await runner.close()
  }
}

async function stream(
  users: UsersInput,
  runner: BatchRunner,
  selection: Selection,
  output: Output,
  options: EvalOptions,
): Promise<number> {
  const { format } = options
  // Lines that scroll through the same terminal would tear the bar apart.
  const scrolls = format === 'ndjson' && options.output === undefined && process.stdout.isTTY
  const progress = new Progress(users.size, process.stderr.isTTY && !scrolls)
  const total = emptyTally()
  const started = performance.now()
  let usersDone = 0
  let failedUsers = 0
  for await (const result of runner.run(userBatches(users.chunks(), linesPerBatch(selection)))) {
    for (const problem of result.problems.slice(0, Math.max(0, reportedProblems - failedUsers))) {
      progress.clear()
      warn(`${users.name} line ${problem.line}: ${problem.code}: ${printable(problem.message)}`)
    }
    usersDone += result.users
    failedUsers += result.failedUsers
    if (result.tally !== undefined) addTally(total, result.tally)
    for (const piece of result.text) await output.write(piece)
    if (output.readerLeft) break
    await progress.advance(result.users, users.bytesRead)
  }
  progress.clear()
  if (output.readerLeft) return exitCodes.done

  if (format === 'table')
    await output.write(renderTally(total, selection, (performance.now() - started) / 1000, failedUsers))
  await output.end()
  if (failedUsers === 0) return exitCodes.done
  const unnamed =
    failedUsers > reportedProblems ? ` (${counted(failedUsers - reportedProblems, 'more line')} not shown)` : ''
  const where = format === 'ndjson' ? '; their lines in the output carry the error' : ''
  warn(
    `${grouped(failedUsers)} of ${counted(usersDone, 'user')} had no result${unnamed}${where}. Correct these lines and run again.`,
  )
  return exitCodes.failed
}

/** Where the users come from. */
interface UsersInput extends Disposable {
  /** As messages call it. */
  readonly name: string
  /** In bytes, where it can be known beforehand. */
  readonly size: number | undefined
  readonly bytesRead: number
  chunks(): AsyncGenerator<Uint8Array>
}

// Four batches of ordinary users per read: larger reads only add memory, smaller ones leave batches unfilled.
const readSize = 256 * 1024

async function openUsers(path: string): Promise<UsersInput> {
  const file = path === '-' ? undefined : await openForReading(path)
  const { size, isFile } = file === undefined ? sizeOf(0) : sizeOf(file.fd)
  const input: Readable = file?.createReadStream({ highWaterMark: readSize }) ?? process.stdin
  let bytesRead = 0
  return {
    name: file === undefined ? 'standard input' : path,
    size: isFile ? size : undefined,
    get bytesRead() {
      return bytesRead
    },
    async *chunks() {
      try {
        for await (const chunk of input) {
          bytesRead += chunk.length
          yield chunk
        }
      } catch (error) {
        throw fileError('--users', path, error)
      }
    },
    [Symbol.dispose]() {
      // An unread rest of standard input would keep the process waiting for its end.
      input.destroy()
    },
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    if ((await stat(path)).isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' })
    return await open(path)
  } catch (error) {
    throw fileError('--users', path, error)
  }
}

function sizeOf(fileDescriptor: number): { size: number; isFile: boolean } {
  try {
    const status = fstatSync(fileDescriptor)
    return { size: status.size, isFile: status.isFile() }
  } catch {
    return { size: 0, isFile: false }
  }
}

async function refuseToOverwriteInput({ output, users, specs }: EvalOptions): Promise<void> {
  if (output === undefined) return
  const target = await stat(output).catch(() => undefined)
  if (!target?.isFile()) return
  for (const [option, path] of [
    ['--users', users],
    ['--specs', specs],
  ] as const) {
    const input = path === '-' ? undefined : await stat(path).catch(() => undefined)
    if (input?.dev === target.dev && input.ino === target.ino)
      throw new UsageError(
        `--output ${output} is the same file as ${option}, which writing would destroy; name another file`,
      )
  }
}

/** An ID list that is not given is empty, which changes answers. */
function warnOfMissingLists({ idLists }: LoadReport, source: EvaluatorSource): void {
  const missing = idLists.filter((name) => !Object.hasOwn(source.idLists ?? {}, name))
  if (missing.length === 0) return
  warn(
    `warning: the specs ask for ID lists that were not given and count as empty: ${missing.map(printable).join(', ')}; ` +
      'name the folder that holds them with --id-lists',
  )
}

async function readSource({ specs, idLists, environment, backend }: EvalOptions): Promise<EvaluatorSource> {
  return {
    specs: await readInput('--specs', specs),
    backend,
    ...(idLists === undefined ? {} : { idLists: await readIdLists(idLists) }),
    ...(environment === undefined ? {} : { environment }),
  }
}

async function startRunner(
  { threads, now, format, backend }: EvalOptions,
  evaluator: Evaluator,
  source: EvaluatorSource,
  seed: UserSeed,
  selection: Selection,
): Promise<BatchRunner> {
  if (threads === 1) return inThisThread(evaluator, seed, { selection, format })
  const specs = backend === 'wasm' ? share(evaluator) : source
  // What is shared outlives it.
  evaluator.dispose()
  return onWorkerThreads(threads, { specs, now, selection, format })
}

// Fewer users to a batch where each has many results, so that the text of the batches in flight stays within some megabytes.
function linesPerBatch(selection: Selection): number {
  return Math.max(8, Math.min(256, Math.floor(65_536 / Math.max(1, selectionSize(selection)))))
}

function warnOfDropped(report: LoadReport, path: string): void {
  for (const { kind, name, reason } of report.dropped)
    warn(
      `warning: ${path}: ${kind} "${printable(name)}" was dropped: ${printable(reason)}; correct it in the specs, the others are in use`,
    )
}

function warn(message: string): void {
  process.stderr.write(`framegate: ${message}\n`)
}
