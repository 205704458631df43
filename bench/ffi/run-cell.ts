// Starts the process of a cell in its runtime and takes its figures.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { projectFolder } from '../workload.ts'
import { type Cell, type CellReply, type CellRequest, peers, type Runtime } from './cells.ts'

export const builtFolder = join(projectFolder, '.cache/bench')

export interface CellTimes {
  /** Milliseconds until everything has been compiled. */
  readonly warmup: number
  /** Milliseconds that are measured. */
  readonly milliseconds: number
  /** Folder of the compiled shim. */
  readonly shim: string
}

/** A process that hangs is ended; the longest takes some seconds. */
const patience = 60_000

const flags: Record<Runtime, readonly string[]> = {
  node: ['--no-warnings'],
  deno: ['run', '--quiet', '--no-lock', '--no-remote', '--allow-read', '--allow-env', '--allow-ffi'],
  bun: ['run'],
}

/** A failure of the process is an answer like another: a peer that cannot run here is shown as such. */
export function runCell(cell: Cell, times: CellTimes): Promise<CellReply> {
  const { runtime } = peers[cell.peer]
  const program = runtime === 'node' ? process.execPath : join(projectFolder, 'node_modules/.bin', runtime)
  const request: CellRequest = {
    ...cell,
    ...times,
    wasm: join(builtFolder, 'calls.wasm'),
    library: join(builtFolder, 'libcalls.so'),
  }
  const child = spawn(program, [...flags[runtime], join(builtFolder, 'bench/ffi/cell.js'), JSON.stringify(request)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patience,
    // Debug mode is what a cell says, not what the environment does.
    env: { ...process.env, FRAMEGATE_DEBUG: '', DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ unavailable: error.message }))
    child.once('close', (code, signal) => {
      if (code === 0 && output.startsWith('{')) resolve(JSON.parse(output) as CellReply)
      else
        resolve({ unavailable: failure(errors, signal ? `it was ended by ${signal}` : `it ended with code ${code}`) })
    })
  })
}

/** The line that names the error, not the source line or the stack around it. */
function failure(errors: string, otherwise: string): string {
  const lines = errors.split('\n').map((line) => line.trim())
  return (
    lines.find((line) => /^(error: )?(\w*Error\b|[Uu]ncaught)/.test(line)) ?? lines.find((line) => line) ?? otherwise
  )
}
