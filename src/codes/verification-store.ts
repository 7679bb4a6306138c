import { sql, type SQL } from 'drizzle-orm'
import { newEventId, type Actor } from '../audit/admin-event.ts'
import { maskAddress } from '../audit/admin-event-store.ts'
import { runSql } from '../database/run-sql.ts'
import { jsonEach } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { VERIFIED_MS } from './desk-rules.ts'
import { TRIES_MAX, VERIFICATION_MS } from './verification.ts'

/**
 * The statements about verifications that their verifiers make: each function is one round trip, and a change and its
 * event one transaction. The event comes first, with the result, and the change is what the event says (S9).
 */

/** A verification as its verifier sees it. */
export type Verification = {
  id: string
  userId: string
  email: string
  status: 'pending' | 'verified' | 'cancelled' | 'failed' | 'expired'
  verifierName: string
  /** Until when it waits; of one that is verified, until when it is good for a code. */
  expiresAt: number
  provedAt: number | null
  usedAt: number | null
  linkDigest: string
}

/** A verifier's newest verification of a user, and until when somebody else verifies the same user, if so. */
export type Found = { own: Verification | undefined; busyUntil: number | null }

/** Whose verification of whom. */
export type Pair = { userId: string; verifierId: string }

type NewVerification = Pair & { id: string; verifierName: string; method: string; linkDigest: string }

/** @returns whether it was started, beside what there is then: it is not while somebody else verifies the user. */
export async function startVerification(
  scope: TenantScope,
  actor: Actor,
  { id, userId, verifierId, verifierName, method, linkDigest }: NewVerification,
): Promise<Found & { isStarted: boolean }> {
  const { tenantId, now } = scope
  const pair = { userId, verifierId }
  const eventId = newEventId(now)
  const isStarted = sql`EXISTS (SELECT 1 FROM admin_events WHERE tenant_id = ${tenantId} AND id = ${eventId} AND result = 'done')`
  const [recorded, , , ...results] = await runSql(scope.db, [
    record(scope, actor, {
      eventId,
      action: 'verify.start',
      userId,
      result: sql`iif((${selectBusy(scope, pair)}) > 0, 'busy', 'done')`,
    }),
    sql`UPDATE desk_verifications SET status = 'cancelled'
      WHERE ${isOf(scope, pair)} AND status = 'pending' AND ${isStarted}`,
    sql`INSERT INTO desk_verifications (tenant_id, id, user_id, verifier_id, status, method, started_at, expires_at,
        verifier_name, link_digest)
      SELECT ${tenantId}, ${id}, ${userId}, ${verifierId}, 'pending', ${method}, ${now}, ${now + VERIFICATION_MS},
        ${verifierName}, ${linkDigest} WHERE ${isStarted}`,
    selectOwn(scope, pair),
    selectBusy(scope, pair),
  ])
  return { ...foundIn(results), isStarted: recorded?.results[0]?.['result'] === 'done' }
}

export async function findVerification(scope: TenantScope, pair: Pair): Promise<Found> {
  return foundIn(await runSql(scope.db, [selectOwn(scope, pair), selectBusy(scope, pair)]))
}

/**
 * Ends the verification. One that was verified is good for no code any more.
 *
 * @returns what there is of it then.
 */
export async function cancelVerification(scope: TenantScope, actor: Actor, pair: Pair): Promise<Found> {
  const isToEnd = sql`${isOf(scope, pair)} AND expires_at > ${scope.now} AND used_at IS NULL
    AND status IN ('pending', 'verified')`
  const results = await runSql(scope.db, [
    record(scope, actor, {
      action: 'verify.cancel',
      userId: pair.userId,
      only: sql`EXISTS (SELECT 1 FROM desk_verifications WHERE ${isToEnd})`,
    }),
    sql`UPDATE desk_verifications SET status = 'cancelled', code_digest = '', verified_at = NULL WHERE ${isToEnd}`,
    selectOwn(scope, pair),
    selectBusy(scope, pair),
  ])
  return foundIn(results.slice(-2))
}

/**
 * Compares the digits that a caller has read out, and counts a wrong try: in one transaction, so that of any number of
 * tries at once no more than {@link TRIES_MAX} are compared, and right ones verify once.
 *
 * @param digests of the digits, under every pepper.
 * @returns what there is of the verification then, and whether these digits were compared, and wrong.
 */
export async function tryDigits(
  scope: TenantScope,
  actor: Actor,
  pair: Pair,
  digests: readonly string[],
): Promise<Found & { isWrong: boolean }> {
  const { now } = scope
  const isRight = sql`code_digest IN (SELECT value FROM ${jsonEach(JSON.stringify(digests))})`
  const isToTry = sql`${isOf(scope, pair)} AND status = 'pending' AND expires_at > ${now} AND code_digest <> ''`
  const judged = sql`(SELECT CASE WHEN ${isRight} THEN 'done' WHEN attempts + 1 < ${TRIES_MAX} THEN 'wrong'
    ELSE 'failed' END FROM desk_verifications WHERE ${isToTry})`
  const [recorded, ...results] = await runSql(scope.db, [
    record(scope, actor, {
      action: 'verify.code',
      userId: pair.userId,
      result: judged,
      only: sql`EXISTS (SELECT 1 FROM desk_verifications WHERE ${isToTry})`,
    }),
    sql`INSERT INTO user_events (tenant_id, occurred_at, id, user_id, action, reason, last_at)
      SELECT tenant_id, ${now}, 'verified:' || id, user_id, 'verified', '', ${now}
      FROM desk_verifications WHERE ${isToTry} AND ${isRight}`,
    sql`UPDATE desk_verifications SET
        attempts = attempts + iif(${isRight}, 0, 1),
        status = CASE WHEN ${isRight} THEN 'verified' WHEN attempts + 1 < ${TRIES_MAX} THEN 'pending' ELSE 'failed' END,
        verified_at = iif(${isRight}, ${now}, NULL),
        expires_at = iif(${isRight}, ${now + VERIFIED_MS}, expires_at),
        code_digest = iif(${isRight}, '', code_digest)
      WHERE ${isToTry}`,
    selectOwn(scope, pair),
    selectBusy(scope, pair),
  ])
  const result = recorded?.results[0]?.['result']
  return { ...foundIn(results.slice(-2)), isWrong: result !== undefined && result !== 'done' }
}

function isOf({ tenantId }: TenantScope, { userId, verifierId }: Pair): SQL {
  return sql`tenant_id = ${tenantId} AND user_id = ${userId} AND verifier_id = ${verifierId}`
}

function selectBusy({ tenantId, now }: TenantScope, { userId, verifierId }: Pair): SQL {
  return sql`SELECT max(expires_at) AS busyUntil FROM desk_verifications WHERE tenant_id = ${tenantId}
    AND user_id = ${userId} AND verifier_id <> ${verifierId} AND status = 'pending' AND expires_at > ${now}`
}

function selectOwn({ tenantId }: TenantScope, { userId, verifierId }: Pair): SQL {
  return sql`SELECT v.id, v.user_id AS userId, u.email, v.status, v.verifier_name AS verifierName,
      v.expires_at AS expiresAt, v.proved_at AS provedAt, v.used_at AS usedAt, v.link_digest AS linkDigest
    FROM desk_verifications v JOIN users u ON u.tenant_id = v.tenant_id AND u.id = v.user_id
    WHERE v.tenant_id = ${tenantId} AND v.user_id = ${userId} AND v.verifier_id = ${verifierId}
    ORDER BY v.started_at DESC, v.status = 'cancelled' LIMIT 1`
}

function foundIn([own, busy]: D1Result<Record<string, unknown>>[]): Found {
  const [found] = (busy?.results ?? []) as Pick<Found, 'busyUntil'>[]
  return { own: own?.results[0] as Verification | undefined, busyUntil: found?.busyUntil ?? null }
}

/** The statement that records what a verifier does, if there is such a user; see `only`. */
function record(
  { tenantId, now }: TenantScope,
  { accessId, sourceIp, requestId }: Actor,
  about: { action: string; userId: string; result?: SQL; only?: SQL; eventId?: string },
): SQL {
  const { action, userId, result = sql`'done'`, only = sql`1`, eventId = newEventId(now) } = about
  return sql`INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, user_id, target, result, source_ip,
      request_id)
    SELECT ${tenantId}, ${eventId}, ${now}, ${accessId}, ${action}, id, ${maskAddress(sql`email_key`)}, ${result},
      ${sourceIp}, ${requestId}
    FROM users WHERE tenant_id = ${tenantId} AND id = ${userId} AND ${only} RETURNING result`
}
