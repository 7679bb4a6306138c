import { defineConfig } from 'vitest/config'

/** Journeys run in Node, against the real `npm start`, which takes seconds rather than milliseconds. */
export default defineConfig({
  test: {
    include: ['test/journeys/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
