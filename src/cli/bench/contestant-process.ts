/** The comparing process's side of one engine's process: one request at a time, each with its reply. */
import { type ChildProcess, fork } from 'node:child_process'
import { CommandError } from '../errors.ts'
import type { Answers, Reply, Request } from './contestant.ts'

export class ContestantProcess {
  readonly name: string
  readonly #child: ChildProcess
  readonly #first: Promise<Reply>
  #stopped = false

  /** @param program - a module that calls `serve` */
  constructor(name: string, program: string, args: readonly string[]) {
    this.name = name
    this.#child = fork(program, args, {
      // What engines print is theirs to say, but not here: standard output may be JSON.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // The sources run by a loader, which would be measured too; what is built does not need it.
      execArgv: program.endsWith('.ts') ? process.execArgv : [],
    })
    this.#first = this.#next()
    // Whoever asks is told; before that, nobody is there to be told.
    this.#first.catch(() => {})
  }

  async ready(): Promise<{ version: string; measurements: readonly string[] }> {
    const reply = await this.#first
    if (reply.tell !== 'ready') throw this.#unexpected(reply)
    return reply
  }

  async answers(): Promise<Answers> {
    const reply = await this.#send({ ask: 'answers' })
    if (reply.tell !== 'answers') throw this.#unexpected(reply)
    return reply.answers
  }

  /** Evaluations a second. */
  async measure(what: string, seconds: number): Promise<number> {
    const reply = await this.#send({ ask: 'measure', what, seconds })
    if (reply.tell !== 'rate') throw this.#unexpected(reply)
    return reply.perSecond
  }

  stop(): void {
    this.#stopped = true
    this.#child.kill()
  }

  async #send(request: Request): Promise<Reply> {
    await this.ready()
    const answered = this.#next()
    this.#child.send(request)
    return answered
  }

  #next(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const exited = (code: number | null, signal: string | null) => {
        if (!this.#stopped) reject(this.#failure(`its process ended early (${signal ?? `exit code ${code}`})`))
      }
      this.#child.once('exit', exited)
      this.#child.once('message', (reply: Reply) => {
        this.#child.off('exit', exited)
        resolve(reply)
      })
    })
  }

  #unexpected(reply: Reply): Error {
    return this.#failure(reply.tell === 'failed' ? reply.message : `it answered ${reply.tell}`)
  }

  #failure(what: string): CommandError {
    return new CommandError(
      'ENGINE_FAILED',
      `${this.name} failed: ${what}; what it was asked may be more than it can do`,
    )
  }
}
