import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../app-env.ts'
import type { Demand, Verdict } from './tenant-limiter.ts'

/** The buckets of a tenant that requests are charged to by the route alone. */
export type Bucket = 'admin' | 'validate'

/** Charges the request to a bucket of its tenant; see {@link admit}. */
export function rateLimit(bucket: Bucket) {
  return createMiddleware<AppEnv>(async function rateLimit(c, next) {
    await admit(c, [{ bucket, key: bucket, ...c.var.tenant.policy.limits[bucket], cost: 1 }])
    await next()
  })
}

/**
 * Charges the request to every bucket or to none, in one Durable Object call, and says so in the
 * headers of draft-ietf-httpapi-ratelimit-headers.
 *
 * @throws {HTTPException} 429 with a `Retry-After` after which the same request is admitted.
 */
export async function admit(c: Context<AppEnv>, demands: readonly Demand[]): Promise<void> {
  const verdicts = await c.env.TENANT_LIMITER.getByName(c.var.tenant.id).admit(demands)
  c.header('RateLimit-Policy', verdicts.map(policyItem).join(', '))
  c.header('RateLimit', verdicts.map(remainderItem).join(', '))
  const retryMs = Math.max(...verdicts.map((verdict) => verdict.retryMs))
  if (retryMs === 0) return
  const seconds = Math.ceil(retryMs / 1000)
  c.header('Retry-After', String(seconds))
  c.var.log.step = 'limited'
  throw new HTTPException(429, {
    message: `Too many requests. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
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
