// Whether debug mode is on: the caller says so, or the environment variable of the process, where there is one.

const VARIABLE = 'FRAMEGATE_DEBUG'

/** The globals that know the environment, on the runtimes that have one; nothing here needs them to be there. */
interface Runtime {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> }
  readonly Deno?: {
    readonly permissions: {
      querySync(what: { name: 'env'; variable: string }): { readonly state: string }
    }
  }
}

/** Whether to check everything: as the caller chose, else as the environment says when a guest is opened. */
export function isDebugging(chosen: boolean | undefined): boolean {
  return chosen ?? variable() === '1'
}

function variable(): string | undefined {
  const { process: host, Deno: deno } = globalThis as Runtime
  // Deno asks its user, or throws, where the program has no permission for the variable.
  if (deno && deno.permissions.querySync({ name: 'env', variable: VARIABLE }).state !== 'granted') return undefined
  return host?.env?.[VARIABLE]
}
