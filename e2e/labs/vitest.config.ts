import { defineConfig } from 'vitest/config'

/** Labs make network namespaces: only as root, one at a time, and not within `npm test`. */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['e2e/labs/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    fileParallelism: false,
    globalSetup: ['test/bundle.ts'],
  },
})
