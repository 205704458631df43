/**
 * `framegate bindgen` from C headers: a golden file of hard cases, real headers, and what is written has to compile and
 * to open the libraries it describes. The C compiler is the toolchain's, so that every machine sees the same headers.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import koffi from 'koffi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Definitions, open } from '../../src/ffi/index.ts'
import { signaturesOf } from '../../src/ffi/signature.ts'
import { fixturesFolder, projectFolder } from '../support/data.ts'
import { type CommandResult, finished, Workspace } from './command.ts'

const workspace = new Workspace()
afterAll(() => workspace[Symbol.dispose]())

const main = join(projectFolder, 'dist/cli/main.js')
const fixtures = join(fixturesFolder, 'bindgen')
const hardCases = join(fixtures, 'hard-cases.h')
const hardIncludes = ['--include', join(fixtures, 'include')] as const
const probeHeader = join(projectFolder, 'wasm/probe/probe.h')

// `cc` of the toolchain. It runs in the project's folder, which is where the toolchain's own script works from.
const programs = join(workspace.folder, 'programs')
mkdirSync(programs)
writeFileSync(
  join(programs, 'cc'),
  `#!/bin/sh\ncd '${projectFolder}' && PATH='${process.env.PATH}' exec build/toolchain.sh run gcc "$@"\n`,
)
chmodSync(join(programs, 'cc'), 0o755)

function bindgen(args: readonly string[], path = [programs, process.env.PATH].join(delimiter)): Promise<CommandResult> {
  const env = { ...process.env, PATH: path }
  return finished(spawn(process.execPath, [main, 'bindgen', ...args], { cwd: workspace.folder, env }))
}

interface Generated {
  readonly source: string
  readonly name: string
  readonly open: string[]
  readonly definitions: Definitions
  readonly notes: Record<string, string[]>
  readonly leftOut: { name: string; reason: string }[]
}

async function generate(...args: string[]): Promise<Generated> {
  const { code, stdout, stderr } = await bindgen([...args, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^framegate: .+ left out\n$/) })
  return JSON.parse(stdout)
}

describe('a C header', () => {
  test('of hard cases comes out as the golden file says, byte for byte', async () => {
    const { code, stdout, stderr } = await bindgen([hardCases, ...hardIncludes])
    expect({ code, stderr }).toEqual({ code: 0, stderr: `framegate: ${hardCases}: 81 functions, 22 left out\n` })
    expect(stdout).toBe(readFileSync(join(fixtures, 'hard-cases.expected.txt'), 'utf8'))
  })

  test('gives the same as JSON: definitions that a library takes, and what was left out', async () => {
    const { stdout: typescript } = await bindgen([hardCases, ...hardIncludes])
    const { source, name, open, definitions, notes, leftOut } = await generate(hardCases, ...hardIncludes)
    expect({ source, name }).toEqual({ source: 'hard-cases.h', name: 'hardCases' })
    expect(open).toContain('const library = open({ module }, hardCases)')
    expect(leftOut).toHaveLength(22)
    expect(leftOut).toContainEqual({ name: 'variadic', reason: 'takes a variable number of arguments' })
    for (const { name, reason } of leftOut) expect(typescript).toContain(`// ${name} is left out: it ${reason}.`)
    expect(signaturesOf(definitions)).toHaveLength(81)
    const point = { type: 'struct', fields: { x: 'f64', y: 'f64' } }
    expect(definitions.struct_kept).toEqual({ parameters: [], result: { pointer: point } })
    expect(Object.keys(definitions)).toContain('__proto__')
    expect(notes.hard_text?.join()).toContain('freed by hard_free')
  })

  test('that passes every declaration through macros is read as the compiler reads it', async () => {
    const { definitions, leftOut } = await generate(join(fixtures, 'streams.h'))
    expect(definitions.st_compress_block).toEqual({
      parameters: [
        { out: 'buffer' },
        { inout: 'usize', name: 'destLen' },
        'buffer',
        { lengthOf: 2, as: 'usize' },
        'i32',
      ],
      result: 'i32',
    })
    expect(definitions.st_checksum?.parameters).toEqual(['usize', 'buffer', { lengthOf: 1, as: 'u32' }])
    expect(definitions.st_open?.result).toEqual({ type: 'handle', name: 'st_file', free: 'st_close' })
    // The text and the number after it have nothing to do with each other.
    expect(definitions.st_init_?.parameters.slice(1)).toEqual(['i32', 'cstring', 'i32'])
    expect(definitions.st_tell?.result).toBe('i64')
    expect(definitions, 'what it includes').not.toHaveProperty('st_of_the_config')
    expect(leftOut.map(({ name }) => name)).toEqual(['st_printf', 'st_close'])
  })

  test('is preprocessed with the macros of --define', async () => {
    const { definitions } = await generate(join(fixtures, 'streams.h'), '--define', 'ST_PREFIX, ST_LARGE=1')
    expect(Object.keys(definitions)).toEqual(expect.arrayContaining(['p_st_version', 'st_tell64']))
    expect(definitions).not.toHaveProperty('st_tell')
  })

  test('is read without preprocessor where there is none, and that is said', async () => {
    const header = workspace.write(
      'plain.h',
      '#ifdef __cplusplus\nextern "C" {\n#endif\n#define API __attribute__((visibility("default")))\n#define SIZE 4\n' +
        'API int add(int a, int b);\nvoid fill(int values[SIZE]);\n#ifdef WIDE\nlong of_two(void);\n#else\nint of_two(void);\n#endif\n' +
        '#ifdef __cplusplus\n}\n#endif\n',
    )
    const { code, stdout, stderr } = await bindgen([header, '--json'], join(workspace.folder, 'nothing'))
    expect(code).toBe(0)
    expect(stderr).toMatch(/^framegate: plain\.h is read without preprocessing, there is no C compiler \(cc\) on PATH/)
    expect(stderr.trimEnd()).toMatch(/plain\.h: 2 functions, 1 left out$/)
    const { definitions, leftOut } = JSON.parse(stdout) as Generated
    expect(definitions).toEqual({
      add: { parameters: ['i32', 'i32'], result: 'i32' },
      fill: { parameters: [{ inout: { type: 'array', of: 'i32', length: 4 }, name: 'values' }], result: 'void' },
    })
    expect(leftOut).toEqual([{ name: 'of_two', reason: expect.stringContaining('declared in two ways') }])
    const asked = await bindgen([header, '--no-preprocess', '--json'])
    expect(asked.stderr).toContain('as --no-preprocess says')
    expect(asked.stdout).toBe(stdout)
  })

  test('gives functions whose declarations cannot be read by name and line', async () => {
    const header = workspace.write(
      'odd.h',
      '#ifdef __cplusplus\nextern "C" {\n#endif\nint before(int a);\nEXPORT(int) odd(int @ b);\nint after(int c);\n' +
        'level |= LEVEL(n)\n= extern EXPORT(unsigned) lost(const char *);\n?? int read_too(int (*)(int));\nint marked(int a) MARK((1));\n' +
        'int last(void);\n' +
        '#ifdef __cplusplus\n}\n#endif\n',
    )
    const { stdout } = await bindgen([header, '--json', '--no-preprocess'])
    const { definitions, leftOut } = JSON.parse(stdout) as Generated
    expect(Object.keys(definitions)).toEqual(['before', 'after', 'read_too', 'last'])
    expect(leftOut).toEqual([
      { name: 'odd', reason: 'could not be parsed (odd.h, line 5)' },
      { name: 'lost', reason: 'could not be parsed (odd.h, line 8)' },
      { name: 'marked', reason: 'could not be parsed (odd.h, line 10)' },
    ])
  })
})

describe('zlib.h', () => {
  const header = findZlib()

  test.skipIf(header === undefined)('of this machine gives what its manual says', async () => {
    const { definitions, leftOut } = await generate(header ?? '')
    const block = [{ out: 'buffer' }, { inout: 'usize', name: 'destLen' }, 'buffer', { lengthOf: 2, as: 'usize' }]
    expect(definitions.compress2).toEqual({ parameters: [...block, 'i32'], result: 'i32' })
    expect(definitions.uncompress).toEqual({ parameters: block, result: 'i32' })
    expect(definitions.crc32).toEqual({ parameters: ['usize', 'buffer', { lengthOf: 1, as: 'u32' }], result: 'usize' })
    expect(definitions.zlibVersion).toEqual({ parameters: [], result: 'cstring' })
    expect(definitions.gzopen?.result).toEqual({ type: 'handle', name: 'gzFile', free: 'gzclose' })
    expect(leftOut).toContainEqual({ name: 'gzprintf', reason: 'takes a variable number of arguments' })
    expect(signaturesOf(definitions).length).toBeGreaterThan(70)
  })

  function findZlib(): string | undefined {
    // Not the toolchain's: its root is another folder on every machine, and the compiler sees only what it has inside.
    const found = existsSync('/usr/include/zlib.h') ? readFileSync('/usr/include/zlib.h') : undefined
    const config = existsSync('/usr/include/zconf.h') ? readFileSync('/usr/include/zconf.h') : undefined
    if (found === undefined || config === undefined) {
      console.warn('skipped: zlib.h of this machine, for /usr/include has none (zlib1g-dev)')
      return undefined
    }
    workspace.write('zconf.h', config)
    return join(workspace.folder, workspace.write('zlib.h', found))
  }
})

describe('probe.h', () => {
  const source = readFileSync(probeHeader, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  // Callbacks' types are in parentheses of their own: `(*probe_on_i32)(`.
  const declared = [...source.matchAll(/\b(probe_\w+)\(/g)].map(([, name]) => name)

  test('has all its functions defined or listed', async () => {
    const { definitions, leftOut } = await generate(probeHeader)
    expect([...Object.keys(definitions), ...leftOut.map(({ name }) => name)].sort()).toEqual([...declared].sort())
    expect(leftOut).toEqual([{ name: 'probe_counter_free', reason: 'is what disposing of a probe_counter calls' }])
  })

  const libraries: [string, string[], Parameters<typeof open>[0]][] = [
    [
      'WebAssembly',
      ['--define', '__wasm__'],
      { module: new WebAssembly.Module(readFileSync(join(projectFolder, 'dist/probe.wasm'))) },
    ],
    ['a shared object', [], { library: join(projectFolder, `dist/libprobe-linux-${process.arch}.so`), koffi }],
  ]

  test.each(libraries)('opens %s, as it stands', async (_, options, guest) => {
    const { definitions } = await generate(probeHeader, ...options)
    using library = open(guest, definitions)
    const symbols = library.symbols as Record<string, (...parameters: unknown[]) => unknown>
    const call = (name: string, ...parameters: unknown[]) => symbols[name]?.(...parameters)
    const live = call('probe_live_allocations')

    expect(call('probe_add_u64', 2n ** 63n, 5n)).toBe(2n ** 63n + 5n)
    expect(call('probe_text_join', 'gr', 'üße')).toBe('grüße')
    expect(call('probe_divide_out', 17, 5, 0, 0)).toEqual({ result: true, quotient: 3, remainder: 2 })
    expect(call('probe_change_point', { x: 1, y: 2 })).toEqual({ x: 2, y: 4 })
    expect(call('probe_new_point', 3, 4)).toEqual({ x: 3, y: 4 })
    expect(call('probe_bytes', 3, 7)).toEqual({ result: new Uint8Array([7, 8, 9]), length: 3 })
    expect(call('probe_sized_bytes', 2, 1)).toEqual({ result: new Uint8Array([1, 2]), length: 2 })
    const filled = new Uint8Array(3)
    call('probe_buffer_fill', filled, 9)
    expect(filled).toEqual(new Uint8Array([9, 10, 11]))
    const numbers = new Int32Array([3, 1, 2])
    call('probe_sort_i32', numbers, 3, (a: number, b: number) => a - b)
    expect(numbers).toEqual(new Int32Array([1, 2, 3]))
    const counter = call('probe_counter_new', 40n) as Disposable
    call('probe_counter_add', counter, 2n)
    expect(call('probe_counter_value', counter)).toBe(42n)
    counter[Symbol.dispose]()
    expect(call('probe_live_counters')).toBe(0)
    expect(call('probe_wrong_lengths')).toBe(0)
    expect(call('probe_live_allocations'), 'all that was owned is given back').toBe(live)
  })
})

describe('the written TypeScript', () => {
  const files = ['hard-cases.ts', 'streams.ts', 'probe.ts', 'engine.ts'] as const

  beforeAll(async () => {
    const inputs = [
      [hardCases, ...hardIncludes],
      [join(fixtures, 'streams.h')],
      [probeHeader],
      [join(projectFolder, 'dist/engine.wasm')],
    ]
    await Promise.all(files.map((file, index) => bindgen([...(inputs[index] ?? []), '--out', file])))
  })

  test('has the types that the C declarations have', async () => {
    workspace.write(
      'uses.ts',
      `import { type Handle, open, type Pointer } from 'framegate/ffi'
import { engine } from './engine.ts'
import { hardCases } from './hard-cases.ts'
import { probe } from './probe.ts'
import { streams } from './streams.ts'

declare const module: WebAssembly.Module
const hard = open({ module }, hardCases).symbols
const text: string | null = hard.hard_text(1)
const box: { label: number[]; corners: { x: number; y: number }[]; title: string | null; next: Pointer | null } | null =
  hard.struct_by_pointer(null, {
    label: [1, 2], corners: [], color: { red: 1, green: 2 }, name: 1, title: 'a', draw: null, next: null,
  }).inout
const slots: { i: number; k: boolean; l: number; m: Pointer | null } = hard.scalar_slots(1, 2n, true, 3, null)
const counter: Handle<'hard_counter'> | null = hard.hard_counter_new(1)
hard.callback_typedef(new Uint8Array(2), (a: Pointer | null, b: Pointer | null) => 0)
hard.callback_values(
  (event, cursor, counter, handled) => event!.at.x === cursor!.x,
  (point, data, length) => ({ x: data!.byteLength, y: point.y }),
)
const read: { result: Uint8Array | null; length: number } = hard.hard_read_bytes(1)
const file: Handle<'st_file'> | null = open({ module }, streams).symbols.st_open('a', 'r')
const sum: bigint = open({ module }, probe).symbols.probe_add_i64(1n, 2n)
const version: number = open({ module }, engine).symbols.framegate_abi_version()

// @ts-expect-error a text for a number
hard.documented('1')
// @ts-expect-error a handle of another kind
hard.hard_counter_add(file, 1)
// @ts-expect-error left out
hard.variadic('%d', 1)
export { box, counter, read, slots, sum, text, version }
`,
    )
    workspace.write('package.json', { type: 'module' })
    workspace.write('tsconfig.json', {
      extends: join(projectFolder, 'tsconfig.json'),
      compilerOptions: {
        types: [],
        paths: { 'framegate/ffi': [join(projectFolder, 'src/ffi/index.ts')] },
      },
      include: ['*.ts'],
    })
    const tsc = join(projectFolder, 'node_modules/.bin/tsc')
    expect(await finished(spawn(tsc, ['--project', workspace.folder], { cwd: workspace.folder }))).toMatchObject({
      stdout: '',
      code: 0,
    })
  })

  test.each(files)('%s is formatted as this project is', async (file) => {
    const text = readFileSync(join(workspace.folder, file), 'utf8')
    const biome = join(projectFolder, 'node_modules/.bin/biome')
    const child = spawn(biome, ['format', '--stdin-file-path=src/generated-by-a-test.ts'], { cwd: projectFolder })
    child.stdin.end(text)
    expect((await finished(child)).stdout).toBe(text)
  })
})

describe('a module', () => {
  test('comes out ready to open it', async () => {
    const { definitions, open: lines } = await generate(join(projectFolder, 'dist/engine.wasm'))
    expect(lines).toContain('const library = open(guest, engine)')
    const module = new WebAssembly.Module(readFileSync(join(projectFolder, 'dist/engine.wasm')))
    using library = open({ module, allocator: { alloc: 'framegate_alloc', free: 'framegate_free' } }, definitions)
    const { framegate_abi_version: version } = library.symbols as Record<string, () => unknown>
    expect(version?.()).toBeGreaterThan(0)
  })
})

describe('where the definitions go and what they are called', () => {
  const header = workspace.write('my-lib.h', 'int add(int a, int b);\n')

  test('is standard output and the name of the file, unless said otherwise', async () => {
    const toOutput = await bindgen([header])
    const toFile = await bindgen([header, '--out', 'my-lib.ts', '--name', 'calculator'])
    expect(toFile).toMatchObject({ code: 0, stdout: '', stderr: 'framegate: my-lib.h: 1 function, 0 left out\n' })
    const written = readFileSync(join(workspace.folder, 'my-lib.ts'), 'utf8')
    expect(toOutput.stdout).toContain('export const myLib = {')
    expect(written).toBe(toOutput.stdout.replaceAll('myLib', 'calculator'))
  })

  test.each([
    ['3d.h', 'library3d'],
    ['delete.h', 'libraryDelete'],
    ['a.b.h', 'aB'],
  ])('a header %s gives %s', async (file, name) => {
    workspace.write(file, 'int add(int a, int b);\n')
    expect(await generate(file)).toMatchObject({ name })
  })
})

describe('what cannot be done ends with its exit code and one message that says what to do', () => {
  const header = workspace.write('good.h', 'int add(int a, int b);\n')
  const engine = readFileSync(join(projectFolder, 'dist/engine.wasm'))
  workspace.write('cut.wasm', engine.subarray(0, engine.length - 5000))
  workspace.write('text.wasm', '(module)')
  workspace.write('empty.wasm', Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))
  workspace.write('data.bin', Uint8Array.from([1, 2, 3]))
  workspace.write('binary.h', Uint8Array.from([0x69, 0x6e, 0x74, 0, 0x3b]))
  workspace.write('empty.h', '')
  workspace.write('only-includes.h', '#include "good.h"\n#define SIZE 3\n')
  workspace.write('missing-include.h', '#include "nowhere.h"\nint add(int a);\n')
  mkdirSync(join(workspace.folder, 'folder.h'))

  test.each([
    [1, 'a file that is not there', ['none.h'], /none\.h does not exist; check the path/],
    [1, 'a folder', ['folder.h'], /folder\.h is a folder; name a file/],
    [
      1,
      'a file that is neither',
      ['data.bin'],
      /data\.bin is neither a WebAssembly module nor a C header; give a \.wasm/,
    ],
    [1, 'a header that is no text', ['binary.h'], /binary\.h is neither/],
    [
      1,
      'a module that is cut off',
      ['cut.wasm'],
      /cut\.wasm cannot be read: it ends in the middle of a section; build/,
    ],
    [1, 'a module that is none', ['text.wasm'], /text\.wasm cannot be read: it is not a WebAssembly module; build/],
    [1, 'a module without functions', ['empty.wasm'], /empty\.wasm exports no functions of a library; build it with/],
    [1, 'an empty header', ['empty.h'], /empty\.h declares no functions itself; give the header with the prototypes/],
    [1, 'a header of others', ['only-includes.h'], /only-includes\.h declares no functions itself/],
    [
      1,
      'a header that the compiler refuses',
      ['missing-include.h'],
      /missing-include\.h: cc -E refuses it: .*nowhere\.h.*--include.*--no-preprocess/,
    ],
    [
      1,
      'a compiler that is not there',
      [header, '--compiler', 'no-such-cc'],
      /--compiler: there is no program no-such-cc/,
    ],
    [1, 'output into no folder', [header, '--out', 'none/x.ts'], /--out: none\/x\.ts lies in a folder that does not/],
    [
      1,
      'output onto a full disk',
      [header, '--out', '/dev/full'],
      /--out: \/dev\/full cannot be written: the disk is full/,
    ],
    [2, 'output over the input', [header, '--out', './good.h'], /--out \.\/good\.h is the file that is read/],
    [2, 'a name that is none', [header, '--name', 'my-lib'], /--name must be the name of a constant, not "my-lib"/],
    [2, 'a reserved name', [header, '--name', 'class'], /--name must be the name of a constant/],
    [2, 'no file', [], /FILE is required/],
    [
      2,
      'two files',
      [header, 'empty.h'],
      /unexpected argument "empty\.h": framegate bindgen takes FILE and options only/,
    ],
    [2, 'the file as an option', ['--file', header], /unknown option "--file"/],
    [2, 'an empty list of folders', [header, '--include', ','], /--include needs at least one name/],
  ])('%i: %s', async (code, _, args, message) => {
    const result = await bindgen(args)
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' })
    expect(result.stderr).toMatch(message)
    expect(result.stderr, 'no stack trace').not.toMatch(/\n\s+at /)
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
