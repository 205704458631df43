/** Programs that stand beside the module that starts them: compiled next to compiled, source next to source. */
import { Worker } from 'node:worker_threads'

/** The module of that name beside another. */
export function sibling(name: string, moduleUrl: string): URL {
  return new URL(`./${name}${isSource(moduleUrl) ? '.ts' : '.js'}`, moduleUrl)
}

/** Starts the module of that name as a thread. */
export function siblingThread(name: string, moduleUrl: string, workerData: unknown): Worker {
  const program = sibling(name, moduleUrl)
  if (!isSource(moduleUrl)) return new Worker(program, { workerData })
  // Processes inherit tsx, by which the sources run, but Node's threads do not: they register it before anything else.
  const register = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const code = `import { register } from ${register}; register(); await import(${JSON.stringify(program.href)})`
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData })
}

function isSource(moduleUrl: string): boolean {
  return moduleUrl.endsWith('.ts')
}
