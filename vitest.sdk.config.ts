import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** The client of sdk/, in Node, workerd and Chromium, against the real `npm start`. */
export default defineConfig({
  resolve: { alias: { '@rescind/client': resolve(import.meta.dirname, 'sdk/dist/index.js') } },
  test: {
    include: ['sdk/test/**/*.test.ts'],
    globalSetup: ['sdk/test/service.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
