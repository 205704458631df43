/**
 * How a library is opened: the imports and the call of `open` that fit it, for the head of the written definitions.
 * A module's exports tell which toolchain made it and where its allocator is.
 */
import type { ExportedFunction, ModuleExports } from './module-exports.ts'
import { stringText } from './typescript-values.ts'

/** What made a module, as far as it matters to how it is opened. */
export type Toolchain = 'emscripten' | 'wasm-bindgen' | 'assemblyscript' | 'unknown'

/** Stands for the name of the definitions, which is chosen last. */
export const definitionsPlace = 'DEFINITIONS'

export function toolchainOf({ names, imports }: ModuleExports): Toolchain {
  const has = (name: string) => names.includes(name)
  if (has('__new') && has('__pin')) return 'assemblyscript'
  if (has('__wbindgen_malloc') || imports.some(({ name }) => name.startsWith('__wbindgen_'))) return 'wasm-bindgen'
  return (has('malloc') && has('free')) || hasShortNames({ names, imports }) ? 'emscripten' : 'unknown'
}

/** Whether the names of exports are those of Emscripten's optimiser, which only its JavaScript can tell apart. */
export function hasShortNames({ names, imports }: Pick<ModuleExports, 'names' | 'imports'>): boolean {
  return imports.some(({ module }) => module === 'a') && names.every((name) => name.length <= 2)
}

/** The lines that open a header's library: a header does not say what it is compiled to. */
export function headerOpening(baseName: string): string[] {
  return [
    "import { open } from 'framegate/ffi'",
    `const library = open({ module }, ${definitionsPlace})`,
    '// or, where it is a shared object:',
    "import koffi from 'koffi'",
    `const library = open({ library: ${stringText(`./lib${baseName}.so`)}, koffi }, ${definitionsPlace})`,
  ]
}

/** The lines that open a module, by its toolchain, imports and allocator. */
export function moduleOpening(module: ModuleExports, toolchain: Toolchain, baseName: string): string[] {
  const imports = ["import { open } from 'framegate/ffi'"]
  const guest = ['module']
  const wanted = module.imports.filter(({ module, name }) => !isSupplied(module, name))
  if (toolchain === 'assemblyscript') {
    imports.push("import loader from '@assemblyscript/loader'")
    guest.push('loader')
  } else if (toolchain === 'wasm-bindgen' && wanted.length > 0) {
    imports.push(`import * as glue from ${stringText(`./${baseName.replace(/_bg$/, '')}_bg.js`)}`)
    guest.push('glue')
  } else if (toolchain === 'emscripten' && wanted.length > 0) {
    imports.push(`import factory from ${stringText(`./${baseName}.js`)}`)
    guest.push('factory')
  } else if (wanted.length > 0) {
    const names = [...new Set(wanted.map(({ module, name }) => `${module}.${name}`))]
    const shown = names.slice(0, shownImports).join(', ') + (names.length > shownImports ? ', …' : '')
    imports.push(`const imports = { … } // the module needs ${shown}`)
    guest.push('imports')
  }
  if (toolchain === 'unknown') guest.push(...ownAllocator(module.functions), ...panicMessage(module.functions))
  const call = `const library = open({ ${guest.join(', ')} }, ${definitionsPlace})`
  if (call.length <= longestLine) return [...imports, call]
  return [...imports, 'const guest = {', ...guest.map((property) => `  ${property},`), '}', openGuest]
}

const shownImports = 6
const longestLine = 100
const openGuest = `const library = open(guest, ${definitionsPlace})`

/** What the shim answers itself. */
function isSupplied(module: string, name: string): boolean {
  return module === 'wasi_snapshot_preview1' || name === 'emscripten_notify_memory_growth'
}

/** A pair of exports such as `lib_alloc(size)` and `lib_free(address, size)`, of the types that an allocator has. */
function ownAllocator(functions: readonly ExportedFunction[]): string[] {
  const named = new Map(functions.map((each) => [each.name, each]))
  for (const { name, parameters, results } of functions) {
    const stem = /^(.*?)(m?alloc|allocate)$/.exec(name)
    if (stem === null || parameters.join() !== 'i32' || results.join() !== 'i32') continue
    for (const ending of ['free', 'dealloc', 'deallocate']) {
      const free = named.get(`${stem[1]}${ending}`)
      if (free !== undefined && /^i32(,i32)?$/.test(free.parameters.join()) && free.results.length === 0)
        return [`allocator: { alloc: ${stringText(name)}, free: ${stringText(free.name)} }`]
    }
  }
  return []
}

function panicMessage(functions: readonly ExportedFunction[]): string[] {
  const teller = functions.find(
    ({ name, parameters, results }) =>
      name.endsWith('panic_message') && parameters.length === 0 && results.join() === 'i32',
  )
  return teller === undefined ? [] : [`panicMessage: ${stringText(teller.name)}`]
}
