import { defineConfig } from 'vitest/config'

/** The reset pages in Chromium, against the real `npm start`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
