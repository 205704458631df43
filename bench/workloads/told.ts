/** A process that measures one thing once, and tells it in one message. */
import { fork } from 'node:child_process'
import { CommandError } from '../../src/cli/errors.ts'
import { compiled } from '../compile.ts'

/** @param program - its path in this folder, without the extension */
export function told<Message>(engine: string, program: string, args: readonly string[]): Promise<Message> {
  const child = fork(compiled(`workloads/${program}`), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  })
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Message))
    child.once('exit', (code, signal) =>
      reject(
        new CommandError(
          'ENGINE_FAILED',
          `${engine} ended early in ${program} (${signal ?? `exit code ${code}`}): see what it printed`,
        ),
      ),
    )
  })
}
