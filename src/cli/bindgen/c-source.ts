/**
 * A header's text as the parser gets it: what the C preprocessor makes of it, where there is one, with every line's
 * origin; else the header alone, cleaned of what only a preprocessor understands.
 */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { CommandError, errorCode, errorMessage } from '../errors.ts'
import { printable } from '../printable.ts'

/** Text to parse. Rows count from 0. */
export interface CSource {
  readonly text: string
  readonly isPreprocessed: boolean
  /** Whether a row stands in the header itself, not in a file that it includes. */
  isOwn(row: number): boolean
  /** Whether a row stands in a header of the system. */
  isSystem(row: number): boolean
  /** How messages name a row: `lib.h, line 12`. */
  place(row: number): string
}

/** How to preprocess. */
export interface Preprocessing {
  /** The C compiler; the platform's own when undefined. */
  readonly compiler: string | undefined
  /** Folders to search for included files. */
  readonly include: readonly string[]
  /** Macros, `NAME` or `NAME=VALUE`. */
  readonly define: readonly string[]
}

const platformCompiler = 'cc'

/**
 * Preprocesses a header with `cc -E`. Undefined: this machine has no C compiler of that name.
 *
 * Throws a {@link CommandError} with the compiler's own words where it refuses the header.
 */
export async function preprocess(path: string, options: Preprocessing): Promise<CSource | undefined> {
  const compiler = options.compiler ?? platformCompiler
  const file = resolve(path)
  const flags = [
    ...options.include.map((folder) => `-I${folder}`),
    ...options.define.map((macro) => `-D${macro}`),
    // Not preprocessing, but gone before parsing: the parser knows them only in some places.
    ...['-D__restrict=', '-D__extension__='],
  ]
  // -C keeps comments, which document the functions.
  const result = await run(compiler, ['-E', '-C', ...flags, '-x', 'c', file])
  if (result === undefined) {
    if (options.compiler === undefined) return undefined
    throw new CommandError(
      'COMPILER_MISSING',
      `--compiler: there is no program ${compiler} on PATH; name another, or read the header with --no-preprocess`,
    )
  }
  if (result.code !== 0) {
    const complaint = printable(firstError(result.errors.replaceAll(file, path)))
    throw new CommandError(
      'HEADER_INVALID',
      `${path}: ${compiler} -E refuses it: ${complaint}; ` +
        'name folders of included files with --include and macros with --define, or read it with --no-preprocess',
    )
  }
  return withOrigins(result.output, file, path)
}

/** The header as it is, for machines without a preprocessor: what it includes is unknown, both sides of #if are read. */
export function withoutPreprocessing(text: string, path: string): CSource {
  return {
    // The grammar takes a macro without value but with blanks after its name for one that ends on the next line.
    text: withoutAttributes(withoutDecorations(text.replaceAll('\r\n', '\n'))).replace(/[ \t]+$/gm, ''),
    isPreprocessed: false,
    isOwn: () => true,
    isSystem: () => false,
    place: (row) => `${path}, line ${row + 1}`,
  }
}

// `# 12 "/usr/include/stdio.h" 3 4`: the next line is line 12 of that file; 3 says that it is the system's.
const marker = /^# (\d+) "((?:[^"\\]|\\.)*)"((?: \d+)*)$/

interface Origin {
  readonly file: string
  readonly line: number
  readonly isSystem: boolean
}

function withOrigins(output: string, file: string, path: string): CSource {
  const origins: Origin[] = []
  let origin: Origin = { file: '', line: 1, isSystem: false }
  const lines = output.split('\n').map((line) => {
    const found = marker.exec(line)
    if (found === null) {
      origins.push(origin)
      origin = { ...origin, line: origin.line + 1 }
      return line
    }
    const [, number, name = '', flags = ''] = found
    origins.push(origin)
    origin = { file: unescaped(name), line: Number(number), isSystem: flags.includes(' 3') }
    return ''
  })
  const isOwn = (row: number) => origins[row]?.file === file
  return {
    text: withoutAttributes(lines.join('\n')),
    isPreprocessed: true,
    isOwn,
    // The header itself may be the system's; what it declares is wanted all the same.
    isSystem: (row) => !isOwn(row) && (origins[row]?.isSystem ?? false),
    place: (row) => `${isOwn(row) ? path : origins[row]?.file}, line ${origins[row]?.line}`,
  }
}

/** Linemarkers escape a name's bytes as C does. */
function unescaped(name: string): string {
  const bytes = name.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
  const plain = bytes.replace(/\\(.)/g, '$1')
  return plain === name ? name : Buffer.from(plain, 'latin1').toString()
}

/** Attributes that change a layout stay; the others mean nothing here, and stand in places where the parser knows none. */
function withoutAttributes(text: string): string {
  const opening = /\b__attribute(?:__)?\s*(?=\()/g
  let clean = ''
  let end = 0
  for (const { index, 0: keyword } of text.matchAll(opening)) {
    if (index < end) continue
    const after = endOfParentheses(text, index + keyword.length)
    const attribute = text.slice(index, after)
    const kept = /\b(__)?(packed|aligned|vector_size|mode|ms_struct|scalar_storage_order)(__)?\b/.test(attribute)
    clean += text.slice(end, index) + (kept ? attribute : attribute.replace(/[^\n]/g, ' '))
    end = after
  }
  return clean + text.slice(end)
}

/** Where the parentheses that open at an index are closed; texts within may hold others. */
function endOfParentheses(text: string, start: number): number {
  const part = /"(?:[^"\\\n]|\\.)*"|[()]/g
  part.lastIndex = start
  let depth = 0
  for (let found = part.exec(text); found !== null; found = part.exec(text)) {
    if (found[0] === '(') depth++
    else if (found[0] === ')' && --depth === 0) return part.lastIndex
  }
  return text.length
}

/** Macros such as LIB_API, defined in the header as nothing or as attributes, would read as types where they are used. */
function withoutDecorations(text: string): string {
  const definition = /^[ \t]*#[ \t]*define[ \t]+(\w+)(?:[ \t]+(.*))?$/gm
  const names = [...text.matchAll(definition)]
    .filter(([, , value = '']) => /^(extern\b|__attribute__\b|__declspec\b|__cdecl\b|__stdcall\b|$)/.test(value.trim()))
    .map(([, name]) => name)
  if (names.length === 0) return text
  const uses = new RegExp(`\\b(?:${names.join('|')})\\b`, 'g')
  return text.replace(/^(?![ \t]*#).*$/gm, (line) => line.replace(uses, (name) => ' '.repeat(name.length)))
}

/** The first error of a compiler without the place's context lines, else its first line. */
function firstError(errors: string): string {
  const lines = errors.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /\berror:/.test(line)) ?? lines[0] ?? 'it says no more'
}

interface RunResult {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs a program; undefined when there is none of that name. */
function run(program: string, args: readonly string[]): Promise<RunResult | undefined> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } })
    const output: Uint8Array[] = []
    const errors: Uint8Array[] = []
    child.stdout.on('data', (chunk: Uint8Array) => output.push(chunk))
    child.stderr.on('data', (chunk: Uint8Array) => errors.push(chunk))
    child.on('error', (error) => {
      if (errorCode(error, '') === 'ENOENT') return done(undefined)
      fail(new CommandError('COMPILER_FAILED', `${program} cannot be run: ${errorMessage(error)}`, { cause: error }))
    })
    child.on('close', (code) =>
      done({ code, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() }),
    )
  })
}
