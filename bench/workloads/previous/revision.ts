/**
 * An earlier revision of this project, built by its own Makefile in `.cache/previous/<hash>/` and kept there: the same hash is built once.
 *
 * That folder lies in this checkout, so whatever is imported there finds this checkout's packages on the way up. They serve where both
 * locks are equal; there is no link to them, through which an npm that runs there would empty them.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from '../../../src/cli/errors.ts'
import { projectFolder } from '../../project.ts'

export interface Revision {
  /** In short, as git gives it. */
  readonly name: string
  readonly hash: string
  /** The first line of its message. */
  readonly subject: string
}

export interface BuiltRevision extends Revision {
  /** Its `dist` folder. */
  readonly dist: string
}

const lock = 'package-lock.json'
const targets = ['dist/engine.wasm', 'dist/.typescript']

/**
 * @param wanted - anything that git takes for a commit; by default HEAD while there are changes that are not committed, else the one before
 * @throws {@link CommandError} `REVISION_UNKNOWN`
 */
export function findRevision(wanted = hasChanges() ? 'HEAD' : 'HEAD~1'): Revision {
  const found = git('log', '-1', '--no-show-signature', '--format=%h%n%H%n%s', '--end-of-options', wanted, '--')
  const [name, hash, subject] = found.stdout.split('\n')
  if (found.status === 0 && name && hash) return { name, hash, subject: subject ?? '' }
  throw new CommandError(
    'REVISION_UNKNOWN',
    `git knows no commit "${wanted}" here: name one with REV=..., and fetch more of the history if this clone is shallow`,
  )
}

/** @throws {@link CommandError} `REVISION_NOT_BUILT` with the last lines of what was printed */
export function buildRevision(revision: Revision): BuiltRevision {
  const folder = join(projectFolder, '.cache/previous', revision.hash)
  const done = join(folder, 'built')
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    layOut(revision, folder)
    make(revision, folder)
    // What is needed for building only takes more than all else.
    rmSync(join(folder, 'wasm'), { recursive: true, force: true })
    writeFileSync(done, '')
  }
  return { ...revision, dist: join(folder, 'dist') }
}

function layOut(revision: Revision, folder: string): void {
  const archive = join(folder, 'revision.tar')
  check(revision, 'git archive', git('archive', '--format=tar', '--output', archive, revision.hash))
  check(revision, 'tar', run('tar', ['-xf', archive, '-C', folder], folder))
  rmSync(archive)
}

function make(revision: Revision, folder: string): void {
  const tools = hasOurLock(folder)
    ? [`bin=${join(projectFolder, 'node_modules/.bin')}`, '--old-file=node_modules/.package-lock.json']
    : []
  check(revision, `make ${targets.join(' ')}`, run('make', [...tools, ...targets], folder))
}

function hasOurLock(folder: string): boolean {
  const theirs = join(folder, lock)
  return existsSync(theirs) && readFileSync(theirs).equals(readFileSync(join(projectFolder, lock)))
}

function hasChanges(): boolean {
  return git('status', '--porcelain').stdout !== ''
}

function git(...args: readonly string[]): SpawnSyncReturns<string> {
  return run('git', args, projectFolder)
}

function run(program: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  // What the make above was told is not meant for the one below.
  const { MAKEFLAGS: _, MFLAGS: __, MAKELEVEL: ___, ...env } = process.env
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 })
}

function check({ name }: Revision, what: string, { status, signal, error, stdout, stderr }: SpawnSyncReturns<string>) {
  if (status === 0) return
  const why = error?.message ?? signal ?? `exit code ${status}`
  const said = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-20).join('\n')
  throw new CommandError(
    'REVISION_NOT_BUILT',
    `${name} cannot be built here: \`${what}\` ended with ${why}:\n${said}\nSee what it needs, or name another commit with REV=...`,
  )
}
