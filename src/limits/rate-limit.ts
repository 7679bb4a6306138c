import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../app-env.ts'
import type { Verdict } from './tenant-limiter.ts'

/** The buckets of a tenant that requests are charged to. */
export type Bucket = 'admin' | 'validate'

/**
 * Charges the request to a bucket of its tenant, in one Durable Object call, and says so in the
 * headers of draft-ietf-httpapi-ratelimit-headers.
 *
 * @throws {HTTPException} 429 with a `Retry-After` after which the same request is admitted.
 */
export function rateLimit(bucket: Bucket) {
  return createMiddleware<AppEnv>(async function rateLimit(c, next) {
    const { id, policy } = c.var.tenant
    const limiter = c.env.TENANT_LIMITER.getByName(id)
    const verdicts = await limiter.admit([{ bucket, ...policy.limits[bucket], cost: 1 }])
    c.header('RateLimit-Policy', verdicts.map(policyItem).join(', '))
    c.header('RateLimit', verdicts.map(remainderItem).join(', '))
    const retryMs = Math.max(...verdicts.map((verdict) => verdict.retryMs))
    if (retryMs > 0) {
      const seconds = Math.ceil(retryMs / 1000)
      c.header('Retry-After', String(seconds))
      c.var.log.step = 'limited'
      throw new HTTPException(429, {
        message: `Too many requests for this tenant. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
      })
    }
    await next()
  })
}

/** `q` units may be taken at once, and come back over `w` seconds. */
function policyItem({ bucket, burst, perMinute }: Verdict): string {
  return `"${bucket}";q=${burst};w=${Math.max(1, Math.round((burst * 60) / perMinute))}`
}

/** `r` units are left; the bucket is full again in `t` seconds. */
function remainderItem({ bucket, remaining, resetMs }: Verdict): string {
  return `"${bucket}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`
}
