import { defineConfig } from 'vitest/config'

/** Those that measure time, or put all the load on the machine that it bears. */
const ALONE = ['timing', 'page-timing', 'judgement-time', 'kill'].map(
  (name) => `test/journeys/${name}.test.ts`,
)

const shared = { testTimeout: 60_000, hookTimeout: 120_000 }

/** Journeys run in Node, against the real `npm start`, which takes seconds rather than milliseconds. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'together',
          include: ['test/journeys/**/*.test.ts'],
          exclude: ALONE,
          // Not where time is measured.
          setupFiles: ['./test/journeys/watch-answers.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
