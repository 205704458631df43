/** An engine asked about the flags of `workloads/flags/definition.ts`; it makes its own context of a person, inside the measured time. */
import type { Person } from '../workloads/flags/definition.ts'

export interface FlagEngine {
  readonly version: string
  isOn(person: Person, flag: string): boolean | Promise<boolean>
  /** How many of the flags are on; the context is made once. */
  countOn(person: Person, flags: readonly string[]): number | Promise<number>
}

/** One that only answers by a function of its context: every engine but those with a user object worth keeping. */
export function flagEngine<Context>(
  version: string,
  contextOf: (person: Person) => Context,
  isOn: (context: Context, flag: string) => boolean,
): FlagEngine {
  return {
    version,
    isOn: (person, flag) => isOn(contextOf(person), flag),
    countOn: (person, flags) => {
      const context = contextOf(person)
      let on = 0
      for (const flag of flags) if (isOn(context, flag)) on++
      return on
    },
  }
}
