/**
 * The run behind `framegate bindgen`: reads the file, finds out what it is, makes its bindings and writes them.
 *
 *     lib.wasm -> sections -> exports  \
 *                                       bindings -> TypeScript or JSON -> output
 *     lib.h -> preprocessor -> syntax  /
 */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { CommandError, errorCode, fileError, UsageError } from '../errors.ts'
import { Output } from '../output.ts'
import { counted } from '../printable.ts'
import { type Bindings, isLeftOut } from './bindings.ts'
import { definitionsPlace } from './guest-opening.ts'
import { definitionsName, isConstantName, typescriptDefinitions } from './typescript-definitions.ts'

/** The options of `framegate bindgen`. */
export interface BindgenOptions {
  readonly file: string
  /** Standard output when undefined. */
  readonly out: string | undefined
  /** What the definitions are called; made of the file's name when undefined. */
  readonly name: string | undefined
  readonly json: boolean
  readonly preprocess: boolean
  readonly compiler: string | undefined
  readonly include: readonly string[]
  readonly define: readonly string[]
}

export async function generateBindings(options: BindgenOptions): Promise<void> {
  const { file, out } = options
  if (options.name !== undefined && !isConstantName(options.name))
    throw new UsageError(`--name must be the name of a constant, not "${options.name}"; for example --name probe`)
  const bytes = await read(file)
  await refuseToOverwrite(file, out)
  const baseName = basename(file, extname(file))
  const bindings = await (isModule(bytes, file)
    ? ofModule(bytes, options, baseName)
    : ofHeader(bytes, options, baseName))
  const name = options.name ?? definitionsName(baseName)
  const source = basename(file)
  await write(options.json ? json(bindings, name, source) : typescriptDefinitions(bindings, name, source), out)
  const leftOut = bindings.functions.filter(isLeftOut).length
  const defined = bindings.functions.length - leftOut
  process.stderr.write(`framegate: ${file}: ${counted(defined, 'function')}, ${leftOut} left out\n`)
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw fileError('FILE', file, error)
  }
}

/** Decides by the content, and by the name where that says nothing. */
function isModule(bytes: Uint8Array, file: string): boolean {
  const hasMagic = bytes[0] === 0 && Buffer.from(bytes.subarray(1, 4)).toString('latin1') === 'asm'
  if (hasMagic || extname(file) === '.wasm') return true
  if (extname(file) === '.h' && !bytes.includes(0)) return false
  throw new CommandError(
    'INPUT_UNKNOWN',
    `${file} is neither a WebAssembly module nor a C header; give a .wasm file, or a .h file of C text`,
  )
}

async function ofModule(bytes: Uint8Array, { file }: BindgenOptions, baseName: string): Promise<Bindings> {
  const { readModuleExports } = await import('./module-exports.ts')
  const { moduleBindings } = await import('./module-bindings.ts')
  const { MalformedModule } = await import('../../wasm-sections.ts')
  try {
    const bindings = moduleBindings(readModuleExports(bytes), baseName)
    if (bindings.functions.length > 0) return bindings
  } catch (error) {
    if (!(error instanceof MalformedModule)) throw error
    const message = `${file} cannot be read: ${error.message}; build or copy it again`
    throw new CommandError('MODULE_INVALID', message, { cause: error })
  }
  const remedy =
    'build it with its functions exported (-sEXPORTED_FUNCTIONS, EMSCRIPTEN_KEEPALIVE, #[no_mangle] pub extern "C")'
  throw new CommandError('MODULE_EMPTY', `${file} exports no functions of a library; ${remedy}`)
}

async function ofHeader(bytes: Uint8Array, options: BindgenOptions, baseName: string): Promise<Bindings> {
  const { preprocess, withoutPreprocessing } = await import('./c-source.ts')
  const { parseC } = await import('./c-syntax.ts')
  const { readDeclarations } = await import('./c-declarations.ts')
  const { headerBindings } = await import('./header-bindings.ts')
  const { file } = options
  const preprocessed = options.preprocess ? await preprocess(file, options) : undefined
  const source = preprocessed ?? withoutPreprocessing(new TextDecoder().decode(bytes), file)
  if (!source.isPreprocessed) {
    const why = options.preprocess ? 'there is no C compiler (cc) on PATH' : 'as --no-preprocess says'
    process.stderr.write(
      `framegate: ${file} is read without preprocessing, ${why}: what it includes is not known, and macros stay as they are\n`,
    )
  }
  const bindings = headerBindings(readDeclarations(await parseC(source.text), source), baseName)
  if (bindings.functions.length > 0) return bindings
  throw new CommandError(
    'HEADER_EMPTY',
    `${file} declares no functions itself; give the header with the prototypes, not one that only includes it`,
  )
}

/** The definitions as `open` takes them, with everything that the TypeScript says in comments. */
function json({ functions, opening }: Bindings, name: string, source: string): string {
  const definitions = Object.fromEntries(
    functions.flatMap((each) => (isLeftOut(each) ? [] : [[each.name, each.definition] as const])),
  )
  const notes = Object.fromEntries(
    functions.flatMap((each) => (isLeftOut(each) || each.notes.length === 0 ? [] : [[each.name, each.notes] as const])),
  )
  const leftOut = functions.filter(isLeftOut)
  const open = opening.map((line) => line.replaceAll(definitionsPlace, name))
  return `${JSON.stringify({ source, name, open, definitions, notes, leftOut }, null, 2)}\n`
}

async function refuseToOverwrite(file: string, out: string | undefined): Promise<void> {
  const target = out === undefined ? undefined : await stat(out).catch(() => undefined)
  const input = await stat(file)
  if (target?.isFile() && target.dev === input.dev && target.ino === input.ino)
    throw new UsageError(`--out ${out} is the file that is read, which writing would destroy; name another file`)
}

async function write(text: string, out: string | undefined): Promise<void> {
  if (out === undefined) {
    const output = await Output.open(undefined)
    await output.write(text)
    return output.end()
  }
  try {
    await writeFile(out, text)
  } catch (error) {
    if (errorCode(error, '') !== 'ENOENT') throw fileError('--out', out, error)
    const message = `--out: ${out} lies in a folder that does not exist; make the folder first`
    throw new CommandError('ENOENT', message, { cause: error })
  }
}
