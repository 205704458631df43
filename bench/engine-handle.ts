/** The main process's side of one engine's process: one request at a time, each with its reply. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { EngineName } from './engines.ts'
import type { Measurement, Reply, Request } from './messages.ts'

export class EngineProcess {
  readonly name: EngineName
  readonly #child: ChildProcess
  #answered: Promise<Reply>

  constructor(name: EngineName) {
    this.name = name
    this.#child = fork(join(import.meta.dirname, 'engine-process.ts'), [name], { execArgv: ['--import', 'tsx'] })
    this.#answered = this.#next()
  }

  async ready(): Promise<string> {
    const reply = await this.#answered
    if (reply.tell !== 'ready') throw this.#unexpected(reply)
    return reply.version
  }

  async answers(): Promise<readonly string[]> {
    const reply = await this.#send({ ask: 'answers' })
    if (reply.tell !== 'answers') throw this.#unexpected(reply)
    return reply.answers
  }

  async measure(what: Measurement, seconds: number): Promise<number> {
    const reply = await this.#send({ ask: 'measure', what, seconds })
    if (reply.tell !== 'rate') throw this.#unexpected(reply)
    return reply.evaluationsPerSecond
  }

  stop(): void {
    this.#child.kill()
  }

  #send(request: Request): Promise<Reply> {
    this.#answered = this.#next()
    this.#child.send(request)
    return this.#answered
  }

  #next(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const exited = (code: number | null, signal: string | null) =>
        reject(new Error(`${this.name} ended early (${signal ?? `exit code ${code}`})`))
      this.#child.once('exit', exited)
      this.#child.once('message', (reply: Reply) => {
        this.#child.off('exit', exited)
        resolve(reply)
      })
    })
  }

  #unexpected(reply: Reply): Error {
    return new Error(
      reply.tell === 'failed' ? `${this.name} failed: ${reply.message}` : `${this.name} answered ${reply.tell}`,
    )
  }
}
