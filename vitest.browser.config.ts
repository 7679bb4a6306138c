import { defineConfig } from 'vitest/config'

/** The reset pages in Chromium, against the real `npm start`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    // One of them measures time.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
