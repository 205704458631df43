import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{src,test,examples,bench,build}/**/*.test.ts'],
    // Runtime tests start workerd, Deno, Bun or an emulated arm64 Node, on machines with two cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
