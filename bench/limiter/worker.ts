import { decide } from '../../src/http/rate-limit.ts'
import { decisionsOf, subjectOf } from './decisions.ts'

export { TenantLimiter } from '../../src/limits/tenant-limiter.ts'

/** Rescind's limiter and nothing else: what its middleware asks before every request. */
export default {
  async fetch(request, env, ctx) {
    const { key, limit } = subjectOf(request)
    const demand = { bucket: 'validate', key: 'validate', perMinute: limit, burst: Math.min(100_000, limit) }
    return decisionsOf(async () => {
      const limiter = { tenantId: key, location: () => undefined }
      const decided = await decide(env, ctx, limiter, [{ ...demand, cost: 1 }])
      return decided.some(({ decision }) => decision.retryMs > 0) ? 429 : 200
    })
  },
} satisfies ExportedHandler<Env>
