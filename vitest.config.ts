import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const operator = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64url')}`
const newGrantKey = (kid: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  kid,
})

/** They evict and abort every Durable Object that there is, those of other files too. */
const ALONE = ['test/http/rate-limit.test.ts', 'test/limits/tenant-limiter.test.ts']

/** A project of tests inside workerd, against real D1 and Durable Objects, with keys of this run alone. */
async function inWorkerd(name: string, files: { include: string[]; exclude: string[]; isolate: boolean }) {
  const worker = cloudflareTest({
    wrangler: { configPath: './wrangler.toml' },
    miniflare: {
      bindings: {
        PEPPERS: `${newKey('new')},${newKey('old')}`,
        ACCESS_ID_KEYS: newKey('new'),
        TRANSIENT_KEYS: newKey('new'),
        ACCESS_TOKEN_KEYS: JSON.stringify([newGrantKey('new'), newGrantKey('old')]),
        RESET_GRANT_KEYS: JSON.stringify([newGrantKey('new'), newGrantKey('old')]),
        OPERATOR_PUBLIC_JWK: JSON.stringify(operator.publicKey.export({ format: 'jwk' })),
        TEST_OPERATOR_JWK: JSON.stringify(operator.privateKey.export({ format: 'jwk' })),
        // Exact counts must not depend on how busy the machine is.
        LIMITER_DEADLINE_MS: 20_000,
        TEST_MIGRATIONS: await readD1Migrations('./drizzle'),
      },
      // Reached by few requests, and turning so rarely that a test need not meet it: test/rig/ratelimit-window.ts.
      ratelimits: {
        FLOOD_SHIELD: { namespace_id: '1001', simple: { limit: 20, period: 60 } },
        FALLBACK_LIMITER: { namespace_id: '1002', simple: { limit: 20, period: 60 } },
      },
    },
  })
  return {
    plugins: [worker],
    test: {
      name,
      ...files,
      setupFiles: ['./test/rig/setup.ts'],
      // Floods of requests take their time where other work shares the processors.
      testTimeout: 30_000,
    },
  }
}

export default defineConfig(async () => ({
  test: {
    projects: [
      // Every test makes its own tenant, so that files can share a runtime: starting one each takes half of the time.
      await inWorkerd('shared', {
        include: ['test/**/*.test.ts'],
        exclude: ['test/journeys/**', 'test/browser/**', ...ALONE],
        isolate: false,
      }),
      await inWorkerd('alone', { include: ALONE, exclude: [], isolate: true }),
    ],
  },
}))
