// framegate/bun: Bun runs the entry for Node as it is.

export * from './node.ts'
