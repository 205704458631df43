// framegate/pool: one payload, many threads.

export * from './threads.ts'
