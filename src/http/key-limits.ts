import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { recordLimit } from '../audit/limit-event-store.ts'
import type { PersonPrincipal, TenantPrincipal } from '../auth/principal.ts'
import type { CodeMode } from '../codes/code.ts'
import { ExpiringMap } from '../expiring-map.ts'
import type { Demand } from '../limits/tenant-buckets.ts'
import { faultName } from '../log.ts'
import type { AdminEnv, ReadContext, TenantEnv } from './app-env.ts'
import { actorOf, tenantScopeOf } from './context.ts'
import { admit, Limited } from './rate-limit.ts'

/** The limits of one API key, OAuth client or SCIM token. None shares a bucket with another (F2): all are called keys here. */

const HOUR_MS = 3_600_000

/** Keys whose event this isolate knows to be written: a refused flood costs one round trip an hour. */
const REPORTED_MAX = 1_000
const reported = new ExpiringMap<true>(REPORTED_MAX)

/** Charges the request one unit of its key's `admin` bucket; see {@link admit}. */
export function rateLimitKey() {
  return createMiddleware<AdminEnv>(async function rateLimitKey(c, next) {
    await admitKey(c)
    await next()
  })
}

/** The same, where who asks or what it costs is known only from the request. */
export async function admitKey(c: ReadContext<AdminEnv>, cost = 1): Promise<void> {
  await admit(c, [demandOf(c, 'admin', cost)])
}

/**
 * Charges a request for an access token to a bucket of its own, as large as `admin`: whoever gets hold of a used
 * assertion can keep no token that is out from being used.
 */
export async function admitTokenRequest(c: ReadContext<AdminEnv>): Promise<void> {
  await admit(c, [{ ...demandOf(c, 'admin', 1), bucket: 'token', key: keyOf(c, 'token') }])
}

/**
 * Charges a void one unit per user to a bucket that nothing but this key's voids can empty.
 *
 * @throws {Limited} 429.
 */
export async function admitVoid(c: ReadContext<AdminEnv>, users: number): Promise<void> {
  await admit(c, [demandOf(c, 'void', users)])
}

/** What a void of many codes costs: as one of a hundred users. */
export const VOID_MANY_COST = 100

/** What a call of a super-admin on the operator API is charged to. */
export type OwnerBucket = 'admin' | 'void' | 'credentials'

/**
 * Keys, clients and tokens that one super-admin may make: 20 at once, and 100 a day. A row of one that is revoked stays,
 * in the database of all, and is read by each count of those that are not.
 */
const CREDENTIALS = { perMinute: 100 / (24 * 60), burst: 20 }

/**
 * Charges what a super-admin calls on the operator API to the buckets that they have on the admin API: what is of one
 * tenant there costs all.
 *
 * @throws {Limited} 429.
 */
export async function admitOwner(
  c: ReadContext<TenantEnv>,
  person: PersonPrincipal,
  bucket: OwnerBucket,
): Promise<void> {
  if (bucket === 'void') return admit(c, [demandFor(c, person, 'void', VOID_MANY_COST)])
  const made = { bucket, key: `credentials:${person.id}`, ...CREDENTIALS, cost: 1 }
  await admit(c, [demandFor(c, person, 'admin', 1), ...(bucket === 'credentials' ? [made] : [])])
}

/**
 * Charges a generate one unit per user, and every code that somebody else than the user is to see to the
 * key's hour and day. A refusal by these is an event of the audit.
 *
 * @param call `shown` counts those codes.
 * @throws {HTTPException} 429, or 400 for more such codes than may ever come at once.
 */
export async function admitGenerate(
  c: ReadContext<AdminEnv>,
  { users, shown, mode }: { users: number; shown: number; mode: CodeMode },
): Promise<void> {
  const demands = [demandOf(c, 'admin', users), ...(shown > 0 ? issueDemands(c, shown) : [])]
  try {
    await admit(c, demands)
  } catch (error) {
    const bucket = error instanceof Limited && error.buckets.find((name) => name.startsWith('issue-'))
    if (bucket) await reportOnce(c, bucket, mode)
    throw error
  }
}

/** A call for more users than the burst is admitted when the bucket is full, and waited for as long as it cost. */
function demandOf(c: ReadContext<AdminEnv>, bucket: 'admin' | 'void', cost: number): Demand {
  return demandFor(c, c.get('principal'), bucket, cost)
}

function demandFor(
  c: ReadContext<TenantEnv>,
  { id }: TenantPrincipal,
  bucket: 'admin' | 'void',
  cost: number,
): Demand {
  const { perMinute, burst } = c.get('tenant').policy.limits[bucket]
  return { bucket, key: `${bucket}:${id}`, perMinute, burst: Math.max(burst, cost), cost }
}

/**
 * Half of the limit may come at once, and the other half comes back over the window: no window of that
 * length then sees more than the limit.
 */
function issueDemands(c: ReadContext<AdminEnv>, cost: number): Demand[] {
  const { perHour, perDay } = c.get('tenant').policy.limits.issue
  const windows = [
    { bucket: 'issue-hour', limit: perHour, minutes: 60 },
    { bucket: 'issue-day', limit: perDay, minutes: 24 * 60 },
  ]
  return windows.map(({ bucket, limit, minutes }) => {
    const burst = Math.floor(limit / 2)
    if (cost > burst) throw tooManyAtOnce(cost, burst)
    return { bucket, key: keyOf(c, bucket), perMinute: (limit - burst) / minutes, burst, cost }
  })
}

function keyOf(c: ReadContext<AdminEnv>, bucket: string): string {
  return `${bucket}:${c.get('principal').id}`
}

function tooManyAtOnce(shown: number, most: number): HTTPException {
  return new HTTPException(400, {
    message: `Number of codes to show or to mail elsewhere (${shown}) in request exceeds maximum allowed (${most})`,
  })
}

/** Writes one event per key, bucket and hour. What it cannot write is in the log: the call is refused anyway. */
async function reportOnce(c: ReadContext<AdminEnv>, bucket: string, mode: CodeMode): Promise<void> {
  const scope = tenantScopeOf(c)
  const name = `${scope.tenantId} ${keyOf(c, bucket)}`
  if (reported.get(name, scope.now)) return
  try {
    await recordLimit(scope, actorOf(c), { bucket, mode })
    reported.set(name, true, scope.now - (scope.now % HOUR_MS) + HOUR_MS)
  } catch (error) {
    c.get('log').fault = faultName(error)
  }
}
