/**
 * Where results go: standard output or a file, with back-pressure, so that a slow reader slows the run instead of filling
 * memory. A reader that has seen enough (`| head`) is no failure: writing ends, and the caller is told to stop.
 */
import { open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { outputError } from './errors.ts'

export class Output {
  readonly #stream: Writable
  readonly #path: string | undefined
  #failure: NodeJS.ErrnoException | undefined
  #readerLeft = false
  #goOn: (() => void) | undefined

  private constructor(stream: Writable, path: string | undefined) {
    this.#stream = stream
    this.#path = path
    const goOn = () => this.#goOn?.()
    stream.on('drain', goOn)
    // A failed stream drains no more: its end ends the wait too.
    stream.on('close', goOn)
    stream.on('error', (error) => {
      this.#note(error)
      goOn()
    })
  }

  /** Standard output, or the file at `path`, emptied first. */
  static async open(path: string | undefined): Promise<Output> {
    if (path === undefined) return new Output(process.stdout, undefined)
    try {
      return new Output((await open(path, 'w')).createWriteStream(), path)
    } catch (error) {
      throw outputError(path, error)
    }
  }

  /** True once the reader of standard output has gone: nothing written will reach anybody. */
  get readerLeft(): boolean {
    return this.#readerLeft
  }

  /** Resolves when more may be written. Throws what the operating system said of an earlier write. */
  async write(data: Uint8Array | string): Promise<void> {
    this.#check()
    if (this.#readerLeft || this.#stream.write(data)) return
    await new Promise<void>((resolve) => {
      this.#goOn = resolve
    })
    this.#check()
  }

  /** Resolves when everything is written. */
  async end(): Promise<void> {
    this.#check()
    if (this.#readerLeft) return
    const stream = this.#stream
    await new Promise<void>((resolve) => {
      if (stream !== process.stdout) {
        // Closed comes after finished and after any error alike.
        stream.once('close', resolve)
        stream.end()
        return
      }
      // Standard output stays open for what else the process has to say; an empty write is called back after all others,
      // and before the stream's own error event.
      stream.write('', (error) => {
        this.#note(error)
        resolve()
      })
    })
    this.#check()
  }

  #note(error: NodeJS.ErrnoException | null | undefined): void {
    if (error?.code === 'EPIPE' || error?.code === 'ERR_STREAM_DESTROYED') this.#readerLeft = true
    else if (error) this.#failure ??= error
  }

  #check(): void {
    if (this.#failure !== undefined) throw outputError(this.#path, this.#failure)
  }
}
