import { defineConfig } from 'vitest/config'

/** Journeys run in Node, against the real `npm start`, which takes seconds rather than milliseconds. */
export default defineConfig({
  test: {
    include: ['test/journeys/**/*.test.ts'],
    // One after the other: some of them measure time, and each has a service of its own.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
