/** Runs the built `framegate` command as a person would: a process of its own, with files, pipes and exit codes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface CommandResult {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder of the test's own, in which commands run; removed when disposed of. */
export class Workspace implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'framegate-cli-'))

  /** Writes a file; anything but text and bytes becomes JSON. Returns the name. */
  write(name: string, content: string | Uint8Array | object): string {
    const data = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content)
    writeFileSync(join(this.folder, name), data)
    return name
  }

  start(...args: string[]): ChildProcess {
    return spawn(process.execPath, [main, ...args], { cwd: this.folder, stdio: 'pipe' })
  }

  run(...args: string[]): Promise<CommandResult> {
    return this.runWithInput('', ...args)
  }

  async runWithInput(input: string | Uint8Array, ...args: string[]): Promise<CommandResult> {
    const child = this.start(...args)
    // A command that refuses its arguments leaves before it has read its input.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
    return finished(child)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Waits for the end of a started command and gathers what it wrote. */
export function finished(child: ChildProcess): Promise<CommandResult> {
  const stdout: Uint8Array[] = []
  const stderr: Uint8Array[] = []
  child.stdout?.on('data', (chunk: Uint8Array) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Uint8Array) => stderr.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
  })
}

/** The parsed lines of NDJSON output. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into results of any shape
export function parsedLines(text: string): any[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
