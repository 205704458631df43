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

const parts = {
  snapshot: ['all'],
  healing: ['all'],
  swap: ['all'],
  updates: ['all'],
  tenants: ['warm', 'wakes from memory', 'wakes from files'],
  neighbours: ['all'],
  metering: ['all'],
} as const

export type CaseName = keyof typeof parts

export const caseNames = Object.keys(parts) as CaseName[]

export function partsOf(name: CaseName): readonly string[] {
  return parts[name]
}

export function isCaseName(name: string): name is CaseName {
  return name in parts
}

export async function caseModule(name: CaseName): Promise<CaseModule> {
  return (await import(`./${name}.ts`)) as CaseModule
}
