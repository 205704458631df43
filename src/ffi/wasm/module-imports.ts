// What a module imports, asked for once: the runtime makes a new list each time, and instances of a module are many.

const known = new WeakMap<WebAssembly.Module, readonly WebAssembly.ModuleImportDescriptor[]>()

/** What `WebAssembly.Module.imports` says. */
export function moduleImports(module: WebAssembly.Module): readonly WebAssembly.ModuleImportDescriptor[] {
  let imports = known.get(module)
  if (imports === undefined) {
    imports = WebAssembly.Module.imports(module)
    known.set(module, imports)
  }
  return imports
}
