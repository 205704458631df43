/**
 * What a module offers, from its bytes: the exported functions with their types and, where the name section keeps them,
 * the names of their parameters. `WebAssembly.Module.exports` knows names only.
 */
import {
  externalKinds,
  type FunctionType,
  MalformedModule,
  type ModuleExport,
  type ModuleImport,
  type SectionReader,
  sectionIds,
  sectionsOf,
} from '../../wasm-sections.ts'

/** An exported function. */
export interface ExportedFunction extends FunctionType {
  readonly name: string
  /** Names of the parameters as they were in the source; undefined where the module does not keep them. */
  readonly parameterNames: readonly (string | undefined)[]
}

/** A module's surface. */
export interface ModuleExports {
  readonly functions: readonly ExportedFunction[]
  /** Names of all exports, functions and others. */
  readonly names: readonly string[]
  readonly imports: readonly ModuleImport[]
  /** Whether addresses are 64 bits wide. */
  readonly hasWideMemory: boolean
}

type LocalNames = ReadonlyMap<number, ReadonlyMap<number, string>>

/** Reads a module's bytes. Throws {@link MalformedModule} where they are not a whole module. */
export function readModuleExports(bytes: Uint8Array): ModuleExports {
  let types: (FunctionType | undefined)[] = []
  let imports: ModuleImport[] = []
  let definedTypes: number[] = []
  let exported: ModuleExport[] = []
  let bodies = 0
  let hasWideMemory = false
  let locals: LocalNames = new Map()
  for (const { id, content } of sectionsOf(bytes)) {
    switch (id) {
      case sectionIds.type:
        types = content.list(() => content.typeGroup()).flat()
        break
      case sectionIds.import:
        imports = content.list(() => content.import())
        break
      case sectionIds.function:
        definedTypes = content.list(() => content.leb())
        break
      case sectionIds.memory:
        hasWideMemory = content.list(() => content.limits()).includes(true)
        break
      case sectionIds.export:
        exported = content.list(() => content.export())
        break
      case sectionIds.code:
        bodies = content.leb()
        break
      case sectionIds.custom:
        if (content.name() === 'name') locals = localNames(content)
    }
  }
  if (definedTypes.length !== bodies)
    throw new MalformedModule(`it has ${definedTypes.length} functions, but the code of ${bodies}`)
  // Functions are numbered through: the imported ones, then the module's own.
  const functionTypes = imports.flatMap(({ type }) => type ?? []).concat(definedTypes)
  return {
    functions: exported
      .filter(({ kind }) => kind === externalKinds.function)
      .map(({ name, index }) => {
        const type = types[functionTypes[index] ?? -1]
        if (type === undefined) throw new MalformedModule(`it exports ${name}, a function of no type`)
        return { name, ...type, parameterNames: type.parameters.map((_, place) => locals.get(index)?.get(place)) }
      }),
    names: exported.map(({ name }) => name),
    imports,
    hasWideMemory,
  }
}

const localNamesId = 2

/** A custom section holds whatever its writer put there: one that does not read is as good as none. */
function localNames(section: SectionReader): LocalNames {
  try {
    while (!section.done) {
      const id = section.byte()
      const content = section.part(section.leb())
      if (id === localNamesId)
        return new Map(
          content.list(() => [content.leb(), new Map(content.list(() => [content.leb(), content.name()] as const))]),
        )
    }
  } catch (error) {
    if (!(error instanceof MalformedModule)) throw error
  }
  return new Map()
}
