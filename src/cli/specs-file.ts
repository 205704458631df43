/**
 * Opening what the commands are given: the specs, the ID lists of a folder, and an evaluator made of both. Whatever is
 * wrong with them is said in one message that names the file and what to do.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createEvaluator, type Evaluator, FramegateError } from '../node.ts'
import { CommandError, fileError } from './errors.ts'

/** What an evaluator is created from; plain data that worker threads get too. */
export type EvaluatorSource = Omit<Parameters<typeof createEvaluator>[0], 'specs' | 'now' | 'seed'> & {
  readonly specs: Uint8Array<ArrayBuffer>
}

/** Reads a file that an option names, or throws a {@link CommandError} that names both. */
export async function readInput(option: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    throw fileError(option, path, error)
  }
}

/** Every file of a folder is one ID list, called by the file's name; hidden files and folders within are left out. */
export async function readIdLists(folder: string): Promise<Record<string, Uint8Array>> {
  const lists: Record<string, Uint8Array> = {}
  try {
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name)
      if (!name.startsWith('.') && (await stat(path)).isFile()) lists[name] = await readFile(path)
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === 'ENOTDIR')
      throw new CommandError(
        code,
        `--id-lists: ${folder} is not a folder; name the folder that holds one file per ID list`,
      )
    throw fileError('--id-lists', folder, error)
  }
  return lists
}

/** Creates an evaluator; `path` is where the specs came from. */
export function openEvaluator(
  path: string,
  source: EvaluatorSource,
  clock: { now: () => number; seed: () => number },
): Evaluator {
  try {
    return createEvaluator({ ...source, ...clock })
  } catch (error) {
    if (!(error instanceof FramegateError)) throw error
    const message = error.code.startsWith('SPECS_') ? `--specs ${path}: ${error.message}` : error.message
    throw new CommandError(error.code, message, { cause: error })
  }
}
