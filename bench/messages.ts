/** What the main process and an engine's process say to each other. */

/** `fresh`: a new user for every gate. `request`: one new user asked about {@link gatesPerRequest} gates. */
export type Measurement = 'fresh' | 'request'

export type Request =
  | { readonly ask: 'answers' }
  | { readonly ask: 'measure'; readonly what: Measurement; readonly seconds: number }

export type Reply =
  | { readonly tell: 'ready'; readonly version: string }
  /** Per user a text of `0` and `1`, one letter per gate. */
  | { readonly tell: 'answers'; readonly answers: readonly string[] }
  | { readonly tell: 'rate'; readonly evaluationsPerSecond: number }
  | { readonly tell: 'failed'; readonly message: string }
