/**
 * From a module's exports to definitions. WebAssembly knows four kinds of number and no pointers, so everything beyond
 * their width is a guess: by the parameter's name where the module keeps names, else none is made.
 */
import type { ParameterType, ResultType } from '../../ffi/index.ts'
import type { Binding, Bindings } from './bindings.ts'
import { hasShortNames, moduleOpening, toolchainOf } from './guest-opening.ts'
import type { ExportedFunction, ModuleExports } from './module-exports.ts'

export function moduleBindings(module: ModuleExports, baseName: string): Bindings {
  const toolchain = toolchainOf(module)
  const functions = module.functions.filter(({ name }) => !isMachinery(name))
  const hasNames = functions.some(({ parameterNames }) => parameterNames.some((name) => name !== undefined))
  return {
    opening: moduleOpening(module, toolchain, baseName),
    remarks: [
      'A module says how wide its numbers are, not what they mean: an i32 may be unsigned, a boolean or an address. ' +
        (hasNames ? "'pointer' is a guess by the parameter's name. " : '') +
        'Where the library has a C header, `framegate bindgen` on that says more.',
      ...(hasShortNames(module)
        ? ['Emscripten shortened the names of the exports; build with -g1 or -O1 to keep them.']
        : []),
      ...(module.hasWideMemory ? ['The memory has 64-bit addresses: i64 parameters may be pointers.'] : []),
    ],
    types: [],
    functions: functions.map(bindingOf),
  }
}

/** Exports that a toolchain puts there for itself; the shim uses those it needs. */
const machinery = [
  /^(malloc|free|calloc|realloc|memalign|aligned_alloc)$/,
  /^(_initialize|_start|main|__main_argc_argv|__original_main)$/,
  /^_?_?emscripten_/,
  /^(stackSave|stackAlloc|stackRestore|setThrew|dynCall_\w+|asyncify_\w+|__errno_location|__funcs_on_exit|fflush)$/,
  /^__(wasm|wbindgen|wbg|cxa|get_exception|getTypeInfo|externref)_?/,
  /^__(new|pin|unpin|collect|rtti_base|setArgumentsLength|asc_\w+)$/,
]

function isMachinery(name: string): boolean {
  return machinery.some((pattern) => pattern.test(name))
}

function bindingOf({ name, parameters, results, parameterNames }: ExportedFunction): Binding {
  const foreign = [...parameters, ...results].find((type) => !Object.hasOwn(numbers, type))
  if (foreign !== undefined) return { name, reason: `takes or returns ${foreign}, which only WebAssembly knows` }
  if (results.length > 1) return { name, reason: `returns ${results.length} values; a definition has one result` }
  const definedParameters = parameters.map((type, index): ParameterType => {
    const isPointer = type === 'i32' && isPointerName(parameterNames[index])
    return isPointer ? 'pointer' : numbers[type as keyof typeof numbers]
  })
  const [result] = results
  const definedResult: ResultType = result === undefined ? 'void' : numbers[result as keyof typeof numbers]
  return {
    name,
    definition: { parameters: definedParameters, result: definedResult },
    documentation: [],
    prototype: prototypeOf(name, parameters, result, parameterNames),
    notes: [],
  }
}

const numbers = { i32: 'i32', i64: 'i64', f32: 'f32', f64: 'f64' } as const

const pointerWords = /(^|_)(ptr|pointer|addr|address|buf|buffer|str|string|text|data|dest|dst|src|source|out)\d*$/i

function isPointerName(name: string | undefined): boolean {
  return name !== undefined && (pointerWords.test(name) || /(Ptr|Pointer|Addr|Address|Buf|Buffer|Str)\d*$/.test(name))
}

/** The names of the parameters, if the module keeps any: the definition has no place for them. */
function prototypeOf(
  name: string,
  parameters: readonly string[],
  result: string | undefined,
  parameterNames: readonly (string | undefined)[],
): string | undefined {
  if (parameterNames.every((each) => each === undefined)) return undefined
  const list = parameters.map((type, index) => `${parameterNames[index] ?? `_${index}`}: ${type}`)
  return `${name}(${list.join(', ')})${result === undefined ? '' : `: ${result}`}`
}
