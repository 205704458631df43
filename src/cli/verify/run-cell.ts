/**
 * Runs one cell in a process of its own and gathers what it says. However that process ends, there is a result: a signal,
 * an exception, an exit before its time and a hang are all a crash, with the reason.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { sibling } from '../sibling.ts'
import type { CellMessage, CellOrder } from './cell-messages.ts'
import { type Cell, type CellResult, type Counts, noCounts, type WrongReply } from './result.ts'
import { rowOf } from './rows.ts'

/** Seconds that a control may take to be caught. */
export const controlPatience = 10

/** How long a cell may take beyond its own time before it counts as hanging, in seconds. */
export interface CellLimits {
  /** Until all threads are ready, and per worker on top: 256 engines on two cores take a while. */
  readonly start: number
  readonly startPerWorker: number
  /** From the end of its time to the end of its process. */
  readonly end: number
}

const usualLimits: CellLimits = { start: 60, startPerWorker: 1, end: 30 }

/** Examples kept of each kind of a cell's wrong replies. */
const mostExamples = 3
/** Of what the process wrote to standard error, the end is kept, in characters. */
const keptErrors = 4000

/** Called about ten times a second while the cell runs. */
export type CellProgress = (counts: Counts, seconds: number) => void

/**
 * Runs a cell to its end.
 *
 * @param program - the program of the process; tests put one that misbehaves in its place
 */
export async function runCell(
  cell: Cell,
  onProgress: CellProgress = () => {},
  limits: CellLimits = usualLimits,
  program: URL = sibling('cell-process', import.meta.url),
): Promise<CellResult> {
  const patience = rowOf(cell.row).kind === 'control' ? Math.max(cell.seconds, controlPatience) : cell.seconds
  const child = fork(program, [JSON.stringify({ ...cell, patience } satisfies CellOrder)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  return new CellWatch(child, cell, patience, limits, onProgress).result
}

class CellWatch {
  readonly result: Promise<CellResult>
  readonly #child: ChildProcess
  readonly #cell: Cell
  readonly #examples: WrongReply[] = []
  #counts = noCounts()
  #seconds = 0
  #done = false
  #failure: string | undefined
  #errors = ''
  #deadline: NodeJS.Timeout | undefined
  readonly #endLimit: number

  constructor(child: ChildProcess, cell: Cell, patience: number, limits: CellLimits, onProgress: CellProgress) {
    this.#child = child
    this.#cell = cell
    this.#endLimit = limits.end
    const startLimit = limits.start + limits.startPerWorker * cell.workers
    this.#killAfter(startLimit, `its threads were not ready after ${startLimit} s`)
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-keptErrors)
    })
    child.on('message', (message: CellMessage) => {
      if (message.tell === 'started')
        this.#killAfter(patience + limits.end, `it had not ended ${limits.end} s after its time was up`)
      else this.#hear(message, onProgress)
    })
    this.result = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#failure ??= `its process could not be started: ${error.message}`
        if (child.pid === undefined) resolve(this.#resultOf(null, null))
      })
      child.on('close', (code, signal) => resolve(this.#resultOf(code, signal)))
    })
  }

  #hear(message: Exclude<CellMessage, { tell: 'started' }>, onProgress: CellProgress): void {
    if (message.tell === 'failed') {
      this.#failure ??= message.reason
      this.#killAfter(this.#endLimit, message.reason)
    } else if (message.tell === 'wrong') {
      const { reply } = message
      if (this.#examples.filter(({ kind }) => kind === reply.kind).length < mostExamples) this.#examples.push(reply)
    } else {
      this.#counts = message.counts
      this.#seconds = message.seconds
      this.#done = message.tell === 'done'
      onProgress(message.counts, message.seconds)
    }
  }

  #killAfter(seconds: number, reason: string): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => {
      this.#failure ??= reason
      this.#child.kill('SIGKILL')
    }, seconds * 1000)
  }

  #resultOf(code: number | null, signal: string | null): CellResult {
    clearTimeout(this.#deadline)
    return {
      row: this.#cell.row,
      workers: this.#cell.workers,
      ...this.#counts,
      seconds: this.#seconds,
      crash: this.#crash(code, signal),
      examples: this.#examples,
    }
  }

  #crash(code: number | null, signal: string | null): string | null {
    if (this.#failure !== undefined) return this.#failure
    const lines = this.#errors.split('\n').filter((line) => line.trim() !== '')
    const lastWords = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)
    const said = lastWords === undefined ? '' : `, saying: ${lastWords.trim()}`
    if (signal !== null) return `its process was ended by ${signal}${said}`
    if (code !== 0) return `its process ended with exit code ${code}${said}`
    return this.#done ? null : 'its process ended before its time was up'
  }
}
