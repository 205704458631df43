/** Finds, builds, measures and prints. It fails nothing: where there is nothing to compare with, it says why. */
import { watched } from '../../../src/cli/bench/progress.ts'
import { CommandError } from '../../../src/cli/errors.ts'
import { compile } from '../../compile.ts'
import { printPrevious } from '../../print.ts'
import { benchPrevious, type PreviousOptions } from './index.ts'
import { buildRevision, findRevision } from './revision.ts'

export interface RunOptions extends PreviousOptions {
  /** Anything that git takes for a commit; undefined for the previous one. */
  readonly revision: string | undefined
  readonly isJson: boolean
}

export async function runPrevious({ revision, isJson, ...options }: RunOptions): Promise<void> {
  try {
    const found = findRevision(revision)
    process.stderr.write(`bench: building ${found.name}, unless it is built already\n`)
    const previous = buildRevision(found)
    compile()
    const report = await watched(process.stderr.isTTY, (watch) => benchPrevious(previous, options, watch))
    if (isJson) console.log(JSON.stringify(report, null, 2))
    else printPrevious(report)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const { code, message } = error
    if (isJson) console.log(JSON.stringify({ failed: { code, message } }, null, 2))
    else console.log(`Not compared: ${message}`)
  }
}
