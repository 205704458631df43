/** What a run is made of. */
export const parts = ['statsig', 'flags', 'start', 'threads', 'growth', 'ffi', 'isolation'] as const
export type Part = (typeof parts)[number]

export function isPart(name: string): name is Part {
  return (parts as readonly string[]).includes(name)
}

/** Those that a quick run is made of; the others are about framegate alone, and take minutes at any size. */
export const quickParts: readonly Part[] = parts.filter((part) => part !== 'ffi' && part !== 'isolation')
