/** The cases by name, each with the parts that have processes of their own. */
import type { CaseReport } from '../report.ts'

/** Sizes in seconds rather than minutes, to see that all runs; its figures say little. */
export interface Sizes {
  readonly isQuick: boolean
}

/** A case's module. */
export interface CaseModule {
  measure(sizes: Sizes, part: string): Promise<CaseReport>
}

const cases = {
  snapshot: { load: () => import('./snapshot.ts'), parts: ['all'] },
  healing: { load: () => import('./healing.ts'), parts: ['all'] },
  swap: { load: () => import('./swap.ts'), parts: ['all'] },
  updates: { load: () => import('./updates.ts'), parts: ['all'] },
  tenants: {
    load: () => import('./tenants.ts'),
    parts: ['warm from files', 'warm from memory', 'wakes from files', 'wakes from memory'],
  },
  neighbours: { load: () => import('./neighbours.ts'), parts: ['all'] },
  metering: { load: () => import('./metering.ts'), parts: ['all'] },
  pool: { load: () => import('./pool.ts'), parts: ['all'] },
} satisfies Record<string, { load: () => Promise<CaseModule>; parts: readonly string[] }>

export type CaseName = keyof typeof cases

export const caseNames = Object.keys(cases) as CaseName[]

export function partsOf(name: CaseName): readonly string[] {
  return cases[name].parts
}

export function isCaseName(name: string): name is CaseName {
  return Object.hasOwn(cases, name)
}

export function caseModule(name: CaseName): Promise<CaseModule> {
  return cases[name].load()
}
