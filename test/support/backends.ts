/** The backends that every promise is tested on. */
export const backends = ['wasm', 'native'] as const
export type Backend = (typeof backends)[number]
