import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv, ReadContext, TenantEnv } from './app-env.ts'
import { config } from '../config.ts'
import { faultName } from '../log.ts'
import { Admission, type LimiterAccess } from '../limits/admission.ts'
import { unitMsOf } from '../limits/gcra.ts'
import type { Demand, Decision } from '../limits/tenant-buckets.ts'
import { locationHintOf } from './limiter-location.ts'

/** Seconds of the fallback's window, as in wrangler.toml. */
const FALLBACK_PERIOD_S = 10

/** What this isolate knows of all tenants' buckets. The first request makes it, since random names need one. */
let isolateAdmission: Admission | undefined

/** A request that a limit refused. */
export class Limited extends HTTPException {
  /** The buckets that refused it; none where it was the flood shield. */
  readonly buckets: readonly string[]

  constructor(message: string, buckets: readonly string[]) {
    super(429, { message })
    this.buckets = buckets
  }
}

/** Charges the request to a bucket of its tenant; see {@link admit}. */
export function rateLimit(bucket: 'validate') {
  return createMiddleware<TenantEnv>(async function rateLimit(c, next) {
    await admit(c, [{ bucket, key: bucket, ...c.get('tenant').policy.limits[bucket], cost: 1 }])
    await next()
  })
}

/**
 * Charges the request to every bucket or to none, in one Durable Object call at most, and says so in the
 * headers of draft-ietf-httpapi-ratelimit-headers. When the limiter misses its deadline, what protects a
 * person is refused, and for the rest a coarse limit per Cloudflare location decides.
 *
 * @throws {Limited} 429 with a `Retry-After` after which the same request is admitted.
 */
export async function admit(c: ReadContext<TenantEnv>, demands: readonly Demand[]): Promise<void> {
  let decisions: readonly Decision[]
  try {
    const { id, policy } = c.get('tenant')
    const location = () => policy.limits.location ?? locationHintOf(c.req.raw.cf)
    decisions = await decide(c.env, c.executionCtx, { tenantId: id, location }, demands)
  } catch (error) {
    c.get('log').limiterDegraded = faultName(error)
    return admitByFallback(c, demands)
  }
  c.header('RateLimit-Policy', demands.map(policyItem).join(', '))
  const items = decisions.map((decision, index) => remainderItem(demands[index] as Demand, decision))
  c.header('RateLimit', items.join(', '))
  const retryMs = Math.max(...decisions.map((decision) => decision.retryMs))
  if (retryMs === 0) return
  const refusing = demands.filter((_, index) => (decisions[index]?.retryMs ?? 0) > 0)
  throw limited(
    c,
    Math.ceil(retryMs / 1000),
    refusing.map(({ bucket }) => bucket),
  )
}

/** The Durable Object of a tenant, and where it should be: its first call places it, the others change nothing. */
export type Limiter = { tenantId: string; location: () => DurableObjectLocationHint | undefined }

/**
 * Decides against all buckets: the request is admitted when `retryMs` is 0 in every decision.
 *
 * @throws what the limiter throws, and a DOMException named `TimeoutError` when it takes too long.
 */
export function decide(
  env: Env,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  { tenantId, location }: Limiter,
  demands: readonly Demand[],
): Promise<readonly Decision[]> {
  isolateAdmission ??= new Admission(crypto.randomUUID())
  // Most requests never ask: neither the stub nor the timer is made for them.
  const access: LimiterAccess = {
    deadlineMs: config(env).limiterDeadlineMs,
    ask(isolate, asks) {
      const locationHint = location()
      return env.TENANT_LIMITER.getByName(tenantId, locationHint && { locationHint }).answer(isolate, asks)
    },
    within: withinDeadline,
    // Others may wait for the answer too when the client of this request has hung up.
    afterwards: (work) => ctx.waitUntil(work),
  }
  return isolateAdmission.decide(access, tenantId, demands, Date.now)
}

async function admitByFallback(c: ReadContext<TenantEnv>, demands: readonly Demand[]): Promise<void> {
  const persons = demands.filter(({ protectsPerson }) => protectsPerson)
  // Counts per location would add up to more than the person's limit, so that nothing is let through.
  if (persons.length > 0) {
    const seconds = Math.max(...persons.map(secondsOfUnit), FALLBACK_PERIOD_S)
    throw limited(
      c,
      seconds,
      persons.map(({ bucket }) => bucket),
    )
  }
  const { id } = c.get('tenant')
  for (const { bucket, key } of demands) {
    const { success } = await c.env.FALLBACK_LIMITER.limit({ key: `${id} ${key}` })
    if (!success) throw limited(c, FALLBACK_PERIOD_S, [bucket])
  }
}

/**
 * How long a person waits after a request that nobody answered: the object may have charged it. Where the
 * bucket holds one unit alone, that is until it is back. The policy alone says so, so that it tells nothing.
 */
function secondsOfUnit({ burst, cost, ...rate }: Demand): number {
  return burst > cost ? 0 : Math.ceil((unitMsOf({ ...rate, burst }) * cost) / 1000)
}

/** The 429 of a request that must wait, with the seconds after which the same request is admitted. */
export function limited(c: ReadContext<AppEnv>, seconds: number, buckets: readonly string[]): Limited {
  const isShielded = buckets.length === 0
  c.header('Retry-After', String(seconds))
  c.get('log').step = isShielded ? 'shielded' : 'limited'
  const whose = isShielded ? ' from your network' : ''
  const unit = seconds === 1 ? 'second' : 'seconds'
  return new Limited(`Too many requests${whose}. Try again in ${seconds} ${unit}.`, buckets)
}

/** @throws {DOMException} named `TimeoutError` when the promise is not settled in time. */
function withinDeadline<Value>(promise: Promise<Value>, deadlineMs: number): Promise<Value> {
  const { promise: deadline, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new DOMException('', 'TimeoutError')), deadlineMs)
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer))
}

/** `q` units may be taken at once, and come back over `w` seconds. */
function policyItem({ bucket, burst, perMinute }: Demand): string {
  return `"${bucket}";q=${burst};w=${Math.max(1, Math.round((burst * 60) / perMinute))}`
}

/** `r` units are left; the bucket is full again in `t` seconds. */
function remainderItem({ bucket }: Demand, { remaining, resetMs }: Decision): string {
  return `"${bucket}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`
}
