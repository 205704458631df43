import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { finished, Workspace } from './command.ts'
import { smallSpecs } from './small-specs.ts'

const workspace = new Workspace()
workspace.write('specs.json', smallSpecs())
afterAll(() => workspace[Symbol.dispose]())

const fromInput = ['eval', '--specs', 'specs.json', '--users', '-'] as const

/** Users of about 400 bytes, made while they are asked for. */
function* userLines(count: number): Generator<string> {
  const padding = 'x'.repeat(350)
  for (let index = 0; index < count; index++)
    yield `{"userID":"user ${index}","custom":{"level":${index % 20},"note":"${padding}"}}\n`
}

async function feed(child: ChildProcess, lines: Iterable<string>): Promise<void> {
  for (const line of lines) if (child.stdin?.write(line) === false) await once(child.stdin, 'drain')
}

const processStatus = (pid: number | undefined) => `/proc/${pid}/status`

/** The most memory that a live process has had resident, in MiB. */
function peakMemory(pid: number | undefined): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(processStatus(pid), 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}

/** Feeds users, waits for all their results, and reads the peak while the command still waits for more. */
async function peakWhileEvaluating(count: number, threads: string): Promise<{ peak: number; outputBytes: number }> {
  const child = workspace.start(...fromInput, '--threads', threads)
  let lines = 0
  let outputBytes = 0
  let messages = ''
  child.stderr?.on('data', (chunk: Uint8Array) => {
    messages += Buffer.from(chunk).toString()
  })
  const all = new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Uint8Array) => {
      outputBytes += chunk.length
      for (const byte of chunk) if (byte === 10) lines++
      if (lines === count) resolve()
    })
  })
  await feed(child, userLines(count))
  await all
  const peak = peakMemory(child.pid)
  child.stdin?.end()
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
  expect(messages).toBe('')
  return { peak, outputBytes }
}

describe.runIf(existsSync(processStatus(process.pid)))('memory', () => {
  test.each([
    ['1', 130],
    ['2', 200],
  ])('stays flat from 1,000 to 150,000 users (%s threads)', { timeout: 180_000 }, async (threads, slack) => {
    const few = await peakWhileEvaluating(1_000, threads)
    const many = await peakWhileEvaluating(150_000, threads)
    const outputMegabytes = many.outputBytes / 1024 / 1024
    expect(outputMegabytes, 'the output alone would show, if it were kept').toBeGreaterThan(250)
    // Each thread's collector lets some 60 MiB of buffers gather before it looks at them, and stays there: 400,000 users
    // take what 150,000 do.
    expect(many.peak - few.peak).toBeLessThan(slack)
  })
})
if (!existsSync(processStatus(process.pid))) console.log('memory test skipped: this system has no /proc')

describe('a reader', () => {
  test.each(['1', '2'])('that has seen enough ends the run quietly (%s threads)', async (threads) => {
    const child = workspace.start(...fromInput, '--threads', threads)
    child.stdin?.on('error', () => {})
    let stderr = ''
    child.stderr?.on('data', (chunk: Uint8Array) => {
      stderr += Buffer.from(chunk).toString()
    })
    child.stdout?.once('data', () => child.stdout?.destroy())
    const closed = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
    // Far more than all buffers hold, so the run cannot have ended by itself.
    const feeding = (async () => {
      for (const line of userLines(400_000)) {
        if (child.stdin?.destroyed || child.exitCode !== null) return
        if (child.stdin?.write(line) === false)
          await Promise.race([new Promise((resolve) => child.stdin?.once('drain', resolve)), closed])
      }
    })()
    expect(await closed).toEqual({ code: 0, signal: null })
    await feeding
    expect(stderr).toBe('')
  })

  test('that waits makes the run wait', async () => {
    const child = workspace.start(...fromInput)
    let accepted = 0
    const input = child.stdin
    if (input === null) throw new Error('the command has no standard input')
    // Nobody reads the output: within a while the command must take no more input.
    for (const line of userLines(100_000)) {
      if (!input.write(line)) {
        const drained = await Promise.race([
          once(input, 'drain'),
          new Promise((resolve) => setTimeout(resolve, 3000, 'stuck')),
        ])
        if (drained === 'stuck') break
      }
      accepted++
    }
    expect(accepted).toBeLessThan(20_000)
    input.destroy()
    const { code } = await finished(child)
    expect(code).toBe(0)
  })
})
