/** What a process takes of the machine's memory. */
import { execFileSync } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'

export const MB = 1e6

/** Resident bytes of this process, in MB. */
export function rss(): number {
  return process.memoryUsage.rss() / MB
}

/** Resident bytes of a Node that has done nothing, in MB. */
export function bareNode(): number {
  const program = 'process.stdout.write(String(process.memoryUsage.rss()))'
  return Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })) / MB
}

/** Lets go what nobody holds; case processes are started so that there is `gc`. */
export async function collect(): Promise<void> {
  for (let time = 0; time < 3; time++) {
    globalThis.gc!()
    // Buffers and instances are freed by turns of the event loop, and by threads of their own.
    await setTimeout(30)
  }
}
