import { createRequire } from 'node:module'
import { defineConfig } from 'vitest/config'

const require = createRequire(import.meta.url)

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  // Vite would take clipanion's ES modules, which Node itself cannot load.
  resolve: { alias: { clipanion: require.resolve('clipanion') } },
  test: {
    include: ['test/**/*.test.ts', 'e2e/**/*.test.ts'],
    exclude: ['e2e/labs/**', 'node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    globalSetup: ['test/bundle.ts'],
    // Stories run real daemons; two at a time are what a laptop has cores for.
    maxConcurrency: 2,
  },
})
