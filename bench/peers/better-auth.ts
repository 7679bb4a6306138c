import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { emailOTP } from 'better-auth/plugins'

/** better-auth with its email-OTP plugin, as its documentation sets it up on D1. */

type PeerEnv = { DB: D1Database; IS_LIMITED: boolean }

let mails = 0

const optionsOf = ({ DB, IS_LIMITED }: PeerEnv) => ({
  database: DB,
  baseURL: 'http://127.0.0.1',
  secret: 'a secret of the benchmark, 32 bytes or more',
  trustedOrigins: ['*'],
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  logger: { disabled: true },
  // In the database, since a count in memory holds for one isolate alone.
  rateLimit: {
    enabled: IS_LIMITED,
    storage: 'database' as const,
    window: 60,
    max: 1_000_000,
    customRules: RULES,
  },
  advanced: { ipAddress: { ipAddressHeaders: ['cf-connecting-ip'] } },
  plugins: [
    emailOTP({
      otpLength: 8,
      expiresIn: 86_400,
      allowedAttempts: 10,
      storeOTP: 'hashed',
      async sendVerificationOTP() {
        mails += 1
      },
    }),
  ],
})

const RULE = { window: 60, max: 1_000_000 }
const RULES = {
  '/email-otp/request-password-reset': RULE,
  '/email-otp/check-verification-otp': RULE,
  '/email-otp/reset-password': RULE,
}

let auth: ReturnType<typeof betterAuth> | undefined

export default {
  async fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case '/migrate':
        await (await getMigrations(optionsOf(env))).runMigrations()
        return new Response(null)
      case '/mails':
        return new Response(String(mails))
    }
    auth ??= betterAuth(optionsOf(env)) as unknown as ReturnType<typeof betterAuth>
    return auth.handler(request)
  },
} satisfies ExportedHandler<PeerEnv>
