/**
 * Evaluating one batch of user lines: the part of `framegate eval` that runs in the main thread with one thread and in
 * every worker with more. Same bytes in, same bytes out, wherever it runs.
 */
import { isUtf8 } from 'node:buffer'
import type { Questions, User } from '../node.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { errorCode, errorMessage } from './errors.ts'
import { ResultLineWriter, writeErrorLine } from './result-line.ts'
import type { Selection } from './selection.ts'
import { type Tally, TallyCounter } from './tally.ts'
import { longestLine, type UserBatch } from './user-lines.ts'

export type OutputFormat = 'ndjson' | 'table'

/** A users line that has no result. */
export interface LineProblem {
  /** 1-based, as an editor shows it. */
  readonly line: number
  readonly code: string
  readonly message: string
}

/** What became of a batch. Plain data: it crosses threads, `text` by moving. */
export interface BatchResult {
  /** The result lines as UTF-8, in input order, in pieces of about a megabyte; none for `table`. */
  readonly text: Uint8Array<ArrayBuffer>[]
  /** For `table` only. */
  readonly tally: Tally | undefined
  readonly users: number
  readonly failedUsers: number
  /** The first {@link reportedProblems} of the failed users. */
  readonly problems: LineProblem[]
}

/** How many bad lines a run describes; the rest are counted. */
export const reportedProblems = 20

/** Evaluates batch after batch with one evaluator. */
export class BatchEvaluator {
  readonly #evaluator: Questions
  readonly #seed: UserSeed
  readonly #lines: ResultLineWriter | undefined
  readonly #counter: TallyCounter | undefined
  readonly #buffer = new ByteBuffer()

  /** @param seed the same object that the evaluator draws its seeds from */
  constructor(evaluator: Questions, seed: UserSeed, selection: Selection, format: OutputFormat) {
    this.#evaluator = evaluator
    this.#seed = seed
    this.#lines = format === 'ndjson' ? new ResultLineWriter(selection) : undefined
    this.#counter = format === 'table' ? new TallyCounter(selection) : undefined
  }

  evaluate(batch: UserBatch): BatchResult {
    const text: Uint8Array<ArrayBuffer>[] = []
    const problems: LineProblem[] = []
    let failedUsers = 0
    let user = batch.firstUser
    let line = batch.firstLine
    for (const json of batch.tooLong ? [tooLong] : linesOf(batch.bytes)) {
      if (typeof json === 'string' && isBlank(json)) {
        line++
        continue
      }
      try {
        this.#evaluateLine(json, user)
      } catch (error) {
        const code = errorCode(error, 'EVALUATION_FAILED')
        const message = errorMessage(error)
        failedUsers++
        if (problems.length < reportedProblems) problems.push({ line, code, message })
        if (this.#lines !== undefined) writeErrorLine(user, code, message, this.#buffer)
      }
      if (this.#buffer.length > pieceLength) text.push(this.#buffer.take())
      line++
      user++
    }
    if (this.#buffer.length > 0) text.push(this.#buffer.take())
    return { text, tally: this.#counter?.take(), users: user - batch.firstUser, failedUsers, problems }
  }

  #evaluateLine(json: Line, number: number): void {
    if (typeof json !== 'string') throw new LineError(unreadable[json.problem].code, unreadable[json.problem].message)
    this.#seed.startUser(number)
    const bound = this.#evaluator.bind(parseUser(json))
    this.#lines?.write(bound, number, this.#buffer)
    this.#counter?.count(bound)
  }
}

/**
 * Seeds for the evaluations that choose at random (contextual bandits): a function of the user's number and of how many
 * were drawn for it, so that a run gives the same output with any number of threads, and again tomorrow.
 */
export class UserSeed {
  #state = 0

  startUser(number: number): void {
    this.#state = Math.imul(number + 1, 0x9e3779b1)
  }

  /** The next seed, an unsigned 32-bit number (splitmix32). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = this.#state ^ (this.#state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

/** Why a line is not a user, with the code that its result line carries. */
class LineError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

// Results leave in pieces, so that the buffer that they grow in stays small whatever a batch holds.
const pieceLength = 1024 * 1024
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** A line's text, or why it has none. */
type Line = string | { readonly problem: 'tooLong' | 'notUtf8' }
const tooLong: Line = { problem: 'tooLong' }
const notUtf8: Line = { problem: 'notUtf8' }

const unreadable = {
  tooLong: {
    code: 'USER_TOO_LONG',
    message: `longer than ${longestLine / 1024 / 1024} MiB; put one user on each line`,
  },
  notUtf8: { code: 'USER_NOT_UTF8', message: 'not UTF-8; save the file as UTF-8' },
} as const

/** The batch's lines as text. Decoded in one go where all of it is UTF-8; otherwise line by line, to fail only those that are not. */
function* linesOf(bytes: Uint8Array): Generator<Line> {
  if (isUtf8(bytes)) {
    const text = decoder.decode(bytes)
    for (let start = 0; start < text.length; ) {
      const found = text.indexOf('\n', start)
      const end = found < 0 ? text.length : found
      yield text.slice(start, end)
      start = end + 1
    }
    return
  }
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(10, start)
    const end = found < 0 ? bytes.length : found
    const line = bytes.subarray(start, end)
    yield isUtf8(line) ? decoder.decode(line) : notUtf8
    start = end + 1
  }
}

const blank = /^[ \t\r]*$/

function isBlank(line: string): boolean {
  return line.charCodeAt(0) !== 0x7b && blank.test(line)
}

function parseUser(json: string): User {
  let user: unknown
  try {
    user = JSON.parse(json)
  } catch (error) {
    throw new LineError('USER_NOT_JSON', `not JSON (${errorMessage(error)}); write one JSON object on each line`)
  }
  if (typeof user === 'object' && user !== null && !Array.isArray(user)) return user as User
  const kind = user === null ? 'null' : Array.isArray(user) ? 'an array' : `a ${typeof user}`
  throw new LineError('USER_NOT_OBJECT', `${kind}, not an object; a user is an object such as {"userID":"a"}`)
}
