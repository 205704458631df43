/** `framegate bindgen`: the options and their reading; the work is in `bindgen/generate.ts`. */
import { defineCommand } from 'citty'
import { nameList } from './arguments.ts'

export const bindgenCommand = defineCommand({
  meta: { name: 'bindgen', description: 'Write the typed definitions of a library from its module or C header' },
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'A WebAssembly module (.wasm), or a C header (.h) whose prototypes are taken, not those it includes',
    },
    out: { type: 'string', valueHint: 'FILE', description: 'Where the definitions go (Default: standard output)' },
    name: {
      type: 'string',
      valueHint: 'NAME',
      description: "What the definitions are called (Default: made of the file's name)",
    },
    json: { type: 'boolean', description: 'Write JSON, with a list of what was left out' },
    'no-preprocess': {
      type: 'boolean',
      description: 'Read the header as it is, without its includes, macros and conditions',
    },
    compiler: {
      type: 'string',
      valueHint: 'PROGRAM',
      description: 'The C compiler that preprocesses the header, such as emcc (Default: cc)',
    },
    include: {
      type: 'string',
      valueHint: 'DIRS',
      description: 'Folders of included headers, separated by commas',
    },
    define: { type: 'string', valueHint: 'MACROS', description: 'Macros as NAME or NAME=VALUE, separated by commas' },
  },
  async run({ args, rawArgs }) {
    const list = (option: string, text: string | undefined) => (text === undefined ? [] : nameList(option, text))
    const options = {
      file: args.file,
      out: args.out,
      name: args.name,
      json: args.json === true,
      // The parser takes --no-x for the opposite of an option x.
      preprocess: !rawArgs.includes('--no-preprocess'),
      compiler: args.compiler,
      include: list('--include', args.include),
      define: list('--define', args.define),
    }
    const { generateBindings } = await import('./bindgen/generate.ts')
    await generateBindings(options)
  },
})

export const bindgenExamples = [
  ['Definitions of a C library, beside the code that opens it', 'framegate bindgen include/lib.h --out src/lib.ts'],
  ['What a module exports', 'framegate bindgen lib.wasm --name lib'],
  [
    'A header that needs others, as Emscripten sees it',
    'framegate bindgen lib.h --compiler emcc --include include,vendor/include --define LIB_STATIC',
  ],
  ['What could not be defined, and why', "framegate bindgen lib.h --json | jq -r '.leftOut[]'"],
] as const
