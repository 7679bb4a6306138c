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

/** What was done, as its event says; nothing where there was nothing to do. */
type Done = Found & { result: string | undefined }

/** Whose verification of whom. */
export type Pair = { userId: string; verifierId: string }

type NewVerification = Pair & { id: string; verifierName: string; method: string; linkDigest: string }

/** Starts a verification in the place of the one before: `done`, or `busy` while somebody else verifies the user. */
export function startVerification(
  scope: TenantScope,
  actor: Actor,
  { id, verifierName, method, linkDigest, ...pair }: NewVerification,
): Promise<Done> {
  const { tenantId, now } = scope
  return act(scope, actor, pair, {
    action: 'verify.start',
    result: sql`iif((${busyUntil(scope, pair)}) > 0, 'busy', 'done')`,
    changes: (result) => [
      sql`UPDATE desk_verifications SET status = 'cancelled'
        WHERE ${isOf(scope, pair)} AND status = 'pending' AND ${result} = 'done'`,
      sql`INSERT INTO desk_verifications (tenant_id, id, user_id, verifier_id, status, method, started_at, expires_at,
          verifier_name, link_digest)
        SELECT ${tenantId}, ${id}, ${pair.userId}, ${pair.verifierId}, 'pending', ${method}, ${now},
          ${now + VERIFICATION_MS}, ${verifierName}, ${linkDigest} WHERE ${result} = 'done'`,
    ],
  })
}

/** Ends a verification. One that was verified is good for no code any more. */
export function cancelVerification(scope: TenantScope, actor: Actor, pair: Pair): Promise<Done> {
  const isToEnd = sql`${isOf(scope, pair)} AND expires_at > ${scope.now} AND used_at IS NULL
    AND status IN ('pending', 'verified')`
  return act(scope, actor, pair, {
    action: 'verify.cancel',
    result: sql`SELECT 'done' FROM desk_verifications WHERE ${isToEnd} LIMIT 1`,
    changes: () => [
      sql`UPDATE desk_verifications SET status = 'cancelled', code_digest = '', verified_at = NULL WHERE ${isToEnd}`,
    ],
  })
}

/**
 * Compares the digits that a caller has read out, and counts a wrong try: in one transaction, so that of any number of
 * tries at once no more than {@link TRIES_MAX} are compared, and right ones verify once. They were right (`done`), or
 * `wrong`, or wrong for the last time (`failed`).
 *
 * @param digests of the digits, under every pepper.
 */
export function tryDigits(
  scope: TenantScope,
  actor: Actor,
  pair: Pair,
  digests: readonly string[],
): Promise<Done> {
  const { now } = scope
  const isToTry = sql`${isOf(scope, pair)} AND status = 'pending' AND expires_at > ${now} AND code_digest <> ''`
  return act(scope, actor, pair, {
    action: 'verify.code',
    result: sql`SELECT CASE WHEN code_digest IN (SELECT value FROM ${jsonEach(JSON.stringify(digests))}) THEN 'done'
      WHEN attempts + 1 < ${TRIES_MAX} THEN 'wrong' ELSE 'failed' END FROM desk_verifications WHERE ${isToTry}`,
    changes: (result) => [
      sql`INSERT INTO user_events (tenant_id, occurred_at, id, user_id, action, reason, last_at)
        SELECT tenant_id, ${now}, 'verified:' || id, user_id, 'verified', '', ${now}
        FROM desk_verifications WHERE ${isToTry} AND ${result} = 'done'`,
      sql`UPDATE desk_verifications SET (attempts, status, verified_at, expires_at, code_digest) =
        (SELECT attempts + iif(r = 'done', 0, 1), CASE r WHEN 'done' THEN 'verified' WHEN 'wrong' THEN 'pending' ELSE r END,
          iif(r = 'done', ${now}, NULL), iif(r = 'done', ${now + VERIFIED_MS}, expires_at),
          iif(r = 'done', '', code_digest) FROM (SELECT ${result} AS r)) WHERE ${isToTry}`,
    ],
  })
}

export async function findVerification(scope: TenantScope, pair: Pair): Promise<Found> {
  const [found] = await runSql(scope.db, [select(scope, pair)])
  return foundIn(found)
}

type Act = {
  action: string
  /** What comes of it, as SQL; NULL where there is nothing to do. */
  result: SQL
  /** What is changed, given the result that was recorded. */
  changes: (result: SQL) => SQL[]
}

/** Records what a verifier does, if there is such a user, and does it. */
async function act(
  scope: TenantScope,
  { accessId, sourceIp, requestId }: Actor,
  pair: Pair,
  { action, result, changes }: Act,
): Promise<Done> {
  const { db, tenantId, now } = scope
  const eventId = newEventId(now)
  const results = await runSql(db, [
    sql`INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, user_id, target, result, source_ip,
        request_id)
      SELECT ${tenantId}, ${eventId}, ${now}, ${accessId}, ${action}, id, ${maskAddress(sql`email_key`)}, r.r, ${sourceIp},
        ${requestId}
      FROM users, (SELECT (${result}) AS r) r WHERE tenant_id = ${tenantId} AND id = ${pair.userId} AND r.r IS NOT NULL
      RETURNING result`,
    ...changes(sql`(SELECT result FROM admin_events WHERE tenant_id = ${tenantId} AND id = ${eventId})`),
    select(scope, pair),
  ])
  const [recorded] = (results[0]?.results ?? []) as { result: string }[]
  return { ...foundIn(results.at(-1)), result: recorded?.result }
}

function isOf({ tenantId }: TenantScope, { userId, verifierId }: Pair): SQL {
  return sql`tenant_id = ${tenantId} AND user_id = ${userId} AND verifier_id = ${verifierId}`
}

function busyUntil({ tenantId, now }: TenantScope, { userId, verifierId }: Pair): SQL {
  return sql`SELECT max(expires_at) FROM desk_verifications WHERE tenant_id = ${tenantId} AND user_id = ${userId}
    AND verifier_id <> ${verifierId} AND status = 'pending' AND expires_at > ${now}`
}

/** One row always, with the newest verification of the pair where there is one. */
function select(scope: TenantScope, pair: Pair): SQL {
  return sql`SELECT (${busyUntil(scope, pair)}) AS busyUntil, u.email, v.id, v.user_id AS userId, v.status,
      v.verifier_name AS verifierName, v.expires_at AS expiresAt, v.proved_at AS provedAt, v.used_at AS usedAt,
      v.link_digest AS linkDigest
    FROM (SELECT 1) LEFT JOIN users u ON u.tenant_id = ${scope.tenantId} AND u.id = ${pair.userId}
    LEFT JOIN (SELECT * FROM desk_verifications WHERE ${isOf(scope, pair)}
      ORDER BY started_at DESC, status = 'cancelled' LIMIT 1) v ON u.id IS NOT NULL`
}

function foundIn(found: D1Result<Record<string, unknown>> | undefined): Found {
  const [row] = (found?.results ?? []) as (Verification & Pick<Found, 'busyUntil'>)[]
  return { own: row?.id ? row : undefined, busyUntil: row?.busyUntil ?? null }
}
