/**
 * A progress bar on standard error for runs that last: nothing is drawn in the first two seconds, nothing at all where
 * standard error is no terminal, and the bar is gone when the run is over.
 */
import type { SingleBar } from 'cli-progress'
import { grouped } from './printable.ts'
import { terminalBar } from './terminal-bar.ts'

/** Runs shorter than this end before a bar would be worth reading. */
const patience = 2000
const redrawInterval = 200

export class Progress {
  readonly #totalBytes: number | undefined
  readonly #started = performance.now()
  readonly #shown: boolean
  #bar: SingleBar | undefined
  #due: number
  #users = 0

  /**
   * @param totalBytes size of the input, where it is known
   * @param shown whether a bar may be drawn at all
   */
  constructor(totalBytes: number | undefined, shown: boolean) {
    this.#totalBytes = totalBytes
    this.#shown = shown
    this.#due = this.#started + patience
  }

  /** Adds users done; `bytes` is how much of the input has been read. */
  async advance(users: number, bytes: number): Promise<void> {
    this.#users += users
    const now = performance.now()
    if (!this.#shown || now < this.#due) return
    this.#due = now + redrawInterval
    const seconds = (now - this.#started) / 1000
    const total = this.#totalBytes
    const left = total === undefined || bytes === 0 ? undefined : (seconds * Math.max(0, total - bytes)) / bytes
    const payload = {
      users: grouped(this.#users),
      rate: grouped(this.#users / seconds),
      left: left === undefined ? '' : duration(left),
    }
    if (this.#bar === undefined) {
      const known = '{bar} {percentage} % | {users} users | {rate} users/s | {left} left'
      const unknown = '{users} users | {rate} users/s'
      this.#bar = await terminalBar(total === undefined ? unknown : known, 30)
      this.#bar.start(total ?? 0, Math.min(bytes, total ?? 0), payload)
      return
    }
    this.#bar.update(Math.min(bytes, total ?? 0), payload)
  }

  /** Takes the bar away, so that messages stand on a line of their own; a later {@link advance} draws it again. */
  clear(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }
}

/** `75` as `1 min 15 s`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
