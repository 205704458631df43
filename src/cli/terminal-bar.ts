/** How all bars on standard error look and behave. */
import type { SingleBar } from 'cli-progress'

/** A bar that is not started yet; the library is loaded only where one is drawn. */
export async function terminalBar(format: string, width: number): Promise<SingleBar> {
  const { default: cliProgress } = await import('cli-progress')
  return new cliProgress.SingleBar({
    format,
    barsize: width,
    clearOnComplete: true,
    hideCursor: false,
    // Without this the bar switches the terminal's line wrap off, and an interrupted run would leave it so.
    linewrap: true,
    stream: process.stderr,
  })
}
