/**
 * What a command ends with. Exit codes follow common usage: 0 done, 1 failed or had bad input, 2 called the wrong way.
 * Everything a user can cause is one of the two classes here, and is printed as one message without a stack trace;
 * any other exception is a defect and keeps its trace.
 */

export const exitCodes = { done: 0, failed: 1, wrongUsage: 2 } as const

/** The command line itself is wrong: an unknown option, a missing value, a name that the specs do not have. */
export class UsageError extends Error {
  readonly code = 'WRONG_USAGE'
  readonly exitCode = exitCodes.wrongUsage
  override name = 'UsageError'
}

/** The command line is right, but the work cannot be done: a file is missing, the specs do not parse, the disk is full. */
export class CommandError extends Error {
  readonly exitCode = exitCodes.failed
  override name = 'CommandError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The stable `code` of a thrown value, or `fallback` where it has none. */
export function errorCode(error: unknown, fallback: string): string {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : fallback
}

/** The message of a thrown value, whatever it is. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const fileProblems: Record<string, string> = {
  ENOENT: 'does not exist; check the path',
  ENOTDIR: 'is not a folder, or lies below something that is none; check the path',
  EISDIR: 'is a folder; name a file',
  EACCES: 'may not be opened by this user; check its permissions',
  EPERM: 'may not be opened by this user; check its permissions',
  ENOSPC: 'cannot be written: the disk is full; free some space and run again',
  EROFS: 'cannot be written: the file system is read-only; choose another place',
}

/** As {@link fileError}, for results; without a path they go to standard output. A missing path is a missing folder here. */
export function outputError(path: string | undefined, error: unknown): CommandError {
  if (path === undefined)
    return new CommandError(errorCode(error, 'FILE_FAILED'), `standard output ${problemOf(error)}`)
  if (errorCode(error, '') !== 'ENOENT') return fileError('--output', path, error)
  const message = `--output: ${path} lies in a folder that does not exist; make the folder first`
  return new CommandError('ENOENT', message, { cause: error })
}

/** Says in words what the operating system refused, with the option that named the path. */
export function fileError(option: string, path: string, error: unknown): CommandError {
  const message = `${option}: ${path} ${problemOf(error)}`
  return new CommandError(errorCode(error, 'FILE_FAILED'), message, { cause: error })
}

function problemOf(error: unknown): string {
  return fileProblems[errorCode(error, '')] ?? `could not be used (${errorMessage(error)}); check that it can be opened`
}
