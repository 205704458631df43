import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { finished, Workspace } from './command.ts'
import { smallSpecs } from './small-specs.ts'

const workspace = new Workspace()
workspace.write('specs.json', smallSpecs())
afterAll(() => workspace[Symbol.dispose]())

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

// `script` gives the command a terminal of its own; it is on every Debian and every macOS, with other options there.
const terminalMaker = 'script'
const hasTerminal = spawnSync(terminalMaker, ['--version']).stdout?.toString().includes('util-linux') ?? false
if (!hasTerminal) console.log("progress tests skipped: util-linux's `script` is not here to make a terminal")

/** Runs a shell line whose standard error is a terminal; returns what that terminal was sent. */
async function onTerminal(line: string): Promise<string> {
  const child = spawn(terminalMaker, ['-qec', line, '/dev/null'], {
    cwd: workspace.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'xterm' },
  })
  const { code, stdout } = await finished(child)
  expect(code).toBe(0)
  return stdout
}

const evaluate = `"${process.execPath}" "${main}" eval --specs specs.json --output results.ndjson --users`
/** Two users at once and two more after `seconds`. */
const slowUsers = (seconds: number) => `(printf '{}\\n{}\\n'; sleep ${seconds}; printf '{}\\n{}\\n')`

describe.runIf(hasTerminal)('the progress bar', () => {
  test('appears on a terminal when a run lasts over two seconds, and is gone at its end', async () => {
    const screen = await onTerminal(`${slowUsers(4)} | ${evaluate} -`)
    expect(screen).toMatch(/4 users \| \d+ users\/s/)
    expect(screen.lastIndexOf('\u001b[2K'), 'the line is cleared last').toBeGreaterThan(screen.lastIndexOf('users/s'))
  })

  test('does not appear in a short run', async () => {
    expect(await onTerminal(`${slowUsers(0.1)} | ${evaluate} -`)).toBe('')
  })

  test('does not appear where standard error is no terminal', async () => {
    expect(await onTerminal(`${slowUsers(4)} | ${evaluate} - 2>messages`)).toBe('')
  })

  test('shows how much of a file is done and how long the rest will take', async () => {
    workspace.write('users.ndjson', '{"userID":"u"}\n'.repeat(2000))
    const slowReader =
      'process.stdin.on("data", () => { process.stdin.pause(); setTimeout(() => process.stdin.resume(), 50) })'
    const screen = await onTerminal(
      `"${process.execPath}" "${main}" eval --specs specs.json --users users.ndjson | "${process.execPath}" -e '${slowReader}'`,
    )
    expect(screen).toMatch(/\d+ % \| [\d,]+ users \| [\d,]+ users\/s \| \d+ s left/)
  })
})
