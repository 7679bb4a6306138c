import { HTTPException } from 'hono/http-exception'
import type { AppEnv, ReadContext, TenantEnv } from './app-env.ts'
import { recordAttack } from '../audit/limit-event-store.ts'
import { config } from '../config.ts'
import { faultName } from '../log.ts'
import { Admission, type Decided, type LimiterAccess } from '../limits/admission.ts'
import { unitMsOf } from '../limits/gcra.ts'
import type { Demand } from '../limits/tenant-buckets.ts'
import { Visitors, type Visitor } from '../limits/visitors.ts'
import { tenantScopeOf } from './context.ts'
import { locationHintOf } from './limiter-location.ts'

/** Seconds of the fallback's window, as in wrangler.toml. */
const FALLBACK_PERIOD_S = 10

type IsolateLimiter = { admission: Admission; visitors: Visitors }
let isolateLimiter: IsolateLimiter | undefined

/** A request that a limit refused. */
export class Limited extends HTTPException {
  /** The buckets that refused it; none where it was the flood shield. */
  readonly buckets: readonly string[]
  /** Seconds after which the same request is admitted. */
  readonly retryAfterS: number

  constructor(message: string, buckets: readonly string[], retryAfterS: number) {
    super(429, { message })
    this.buckets = buckets
    this.retryAfterS = retryAfterS
  }
}

/**
 * Charges the request to every bucket or to none, in one Durable Object call at most, and says so in the
 * headers of draft-ietf-httpapi-ratelimit-headers. When the limiter misses its deadline, what protects a
 * person is refused, and for the rest a coarse limit per Cloudflare location decides.
 *
 * @param visitor who asks, where the limit of a client is to hold too.
 * @throws {Limited} 429 with a `Retry-After` after which the same request is admitted.
 */
export async function admit(
  c: ReadContext<TenantEnv>,
  demands: readonly Demand[],
  visitor?: Visitor,
): Promise<void> {
  let decided: readonly Decided[]
  try {
    const { id, policy } = c.get('tenant')
    const location = () => policy.limits.location ?? locationHintOf(c.req.raw.cf)
    const attackChanged = (since: number, isOn: boolean) => reportAttack(c, since, isOn)
    decided = await decide(c.env, c.executionCtx, { tenantId: id, location, attackChanged }, demands, visitor)
  } catch (error) {
    c.get('log').limiterDegraded = faultName(error)
    return admitByFallback(c, demands)
  }
  c.header('RateLimit-Policy', decided.map(({ demand }) => policyItem(demand)).join(', '))
  c.header('RateLimit', decided.map(remainderItem).join(', '))
  const refusing = decided.filter(({ decision }) => decision.retryMs > 0)
  if (refusing.length === 0) return
  const retryMs = Math.max(...refusing.map(({ decision }) => decision.retryMs))
  throw limited(
    c,
    Math.ceil(retryMs / 1000),
    refusing.map(({ demand }) => demand.bucket),
  )
}

/** Writes the event, after the answer. What cannot be written is in the log: other isolates write it too. */
function reportAttack(c: ReadContext<TenantEnv>, since: number, isOn: boolean): void {
  const log = c.get('log')
  log.attack = isOn ? 'begun' : 'ended'
  const recorded = recordAttack(tenantScopeOf(c), { since, isOn, requestId: log.requestId })
  c.executionCtx.waitUntil(
    recorded.catch((error: unknown) => {
      log.fault = faultName(error)
    }),
  )
}

/** The Durable Object of a tenant, and where it should be: its first call places it, the others change nothing. */
export type Limiter = Pick<LimiterAccess, 'attackChanged'> & {
  tenantId: string
  location: () => DurableObjectLocationHint | undefined
}

/**
 * Decides against all buckets: the request is admitted when `retryMs` is 0 in every decision.
 *
 * @throws what the limiter throws, and a DOMException named `TimeoutError` when it takes too long.
 */
export function decide(
  env: Env,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  { tenantId, location, attackChanged }: Limiter,
  demands: readonly Demand[],
  visitor?: Visitor,
): Promise<readonly Decided[]> {
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
    ...(attackChanged && { attackChanged }),
  }
  const { admission, visitors } = limiter()
  return visitor
    ? visitors.decide(access, tenantId, visitor, demands, Date.now)
    : admission.decide(access, tenantId, demands, Date.now)
}

/** What this isolate knows of all tenants' buckets and clients. The first request makes it: random names need one. */
export function limiter(): IsolateLimiter {
  if (isolateLimiter === undefined) {
    const admission = new Admission(crypto.randomUUID())
    isolateLimiter = { admission, visitors: new Visitors(admission) }
  }
  return isolateLimiter
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
  return new Limited(`Too many requests${whose}. Try again in ${seconds} ${unit}.`, buckets, seconds)
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
function remainderItem({ demand, decision: { remaining, resetMs } }: Decided): string {
  return `"${demand.bucket}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`
}
