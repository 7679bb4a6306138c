import { sql, type SQL } from 'drizzle-orm'
import { maskAddress } from '../audit/admin-event-store.ts'
import { runSql } from '../database/run-sql.ts'
import { jsonEach } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import type { Named } from './verification.ts'
import type { VerificationMethod } from '../tenants/verification-policy.ts'
import { TRIES_MAX } from './verification.ts'

/** The statements about verifications that the callers make, behind the link. Each function is one round trip. */

/** How often a caller can have a code sent: by one link, at what distance, and to one user in an hour. */
export const PROOFS_MAX = 3
export const PROOF_PAUSE_MS = 30_000
export const PROOFS_PER_HOUR_MAX = 9

const HOUR_MS = 3_600_000

/** A verification that waits for its caller. */
export type OpenVerification = Named & {
  id: string
  userId: string
  verifierId: string
  verifierName: string
  method: VerificationMethod
  expiresAt: number
  /** Whether a code was sent that has not been entered. */
  isSent: 0 | 1
}

/** @param digests of the link, under every pepper. */
export async function openVerification(
  scope: TenantScope,
  digests: readonly string[],
): Promise<OpenVerification | undefined> {
  const [found] = await runSql(scope.db, [
    sql`SELECT v.id, v.user_id AS userId, v.verifier_id AS verifierId, v.verifier_name AS verifierName, v.method,
        v.expires_at AS expiresAt, v.proof_digest <> '' AS isSent,
        u.email_key AS emailKey, u.user_name_key AS userNameKey, u.attributes
      FROM desk_verifications v ${enabledUser} WHERE ${hasLink(scope, digests)}`,
  ])
  return found?.results[0] as OpenVerification | undefined
}

/**
 * Puts a new code in the place of the one before, unless too many were sent, or one just now.
 *
 * @returns whether it is to be sent.
 */
export async function takeProof(
  scope: TenantScope,
  { id, userId, method }: Pick<OpenVerification, 'id' | 'userId' | 'method'>,
  digest: string,
  network: string | null,
): Promise<boolean> {
  const { tenantId, now } = scope
  const isToSend = sql`${isWaiting(scope, id)} AND v.method <> 'sign-in' AND v.proofs_sent < ${PROOFS_MAX}
    AND v.proof_sent_at <= ${now - PROOF_PAUSE_MS}
    AND (SELECT coalesce(sum(o.proofs_sent), 0) FROM desk_verifications o WHERE o.tenant_id = ${tenantId}
      AND o.user_id = ${userId} AND o.expires_at > ${now - HOUR_MS} AND o.started_at > ${now - HOUR_MS}) < ${PROOFS_PER_HOUR_MAX}`
  const whereto =
    method === 'phone'
      ? sql`'***' || substr(trim(u.attributes ->> 'mobileNumber'), -2)`
      : maskAddress(sql`u.attributes ->> 'homeEmail'`)
  const [, taken] = await runSql(scope.db, [
    sql`INSERT INTO user_events (tenant_id, occurred_at, id, user_id, action, reason, last_at, networks, destination)
      SELECT v.tenant_id, ${now}, 'proof-sent:' || v.id || ':' || v.proofs_sent, v.user_id, 'proof-sent', ${method}, ${now},
        ${network}, ${whereto}
      FROM desk_verifications v ${enabledUser} WHERE ${isToSend}`,
    sql`UPDATE desk_verifications AS v SET proof_digest = ${digest}, proof_sent_at = ${now},
        proofs_sent = proofs_sent + 1 WHERE ${isToSend} AND ${isOfEnabled} RETURNING id`,
  ])
  return taken?.results.length === 1
}

/** What a caller who has shown who they are gets, and from where they did. */
type Proof = {
  /** Digest of the digits. */
  digits: string
  network: string | null
}

/**
 * Compares a code that was sent, and counts a wrong one: in one transaction, so that of any number at once no more than
 * {@link TRIES_MAX} are compared, over all codes that were sent, and a right one is good once. It gives new digits, in the
 * place of those before.
 *
 * @param proofs digests of the code that was entered, under every pepper.
 * @returns whether it was right.
 */
export function proveByCode(
  scope: TenantScope,
  id: string,
  { proofs, ...proof }: Proof & { proofs: readonly string[] },
): Promise<boolean> {
  const isRight = sql`v.proof_digest IN (SELECT value FROM ${jsonEach(JSON.stringify(proofs))})`
  return prove(scope, id, proof, { isRight, only: sql`v.proof_digest <> ''` })
}

/**
 * The same for who has signed in.
 *
 * @param isUser whether that is the user. Somebody else counts as a wrong code does.
 */
export function proveBySignIn(
  scope: TenantScope,
  id: string,
  { isUser, ...proof }: Proof & { isUser: boolean },
): Promise<boolean> {
  return prove(scope, id, proof, { isRight: isUser ? sql`1` : sql`0`, only: sql`v.method = 'sign-in'` })
}

async function prove(
  scope: TenantScope,
  id: string,
  { digits, network }: Proof,
  { isRight, only }: { isRight: SQL; only: SQL },
): Promise<boolean> {
  const { now } = scope
  const isToTry = sql`${isWaiting(scope, id)} AND ${only}`
  const action = sql`iif(${isRight}, 'proved', 'proof-refused')`
  const [, tried] = await runSql(scope.db, [
    sql`INSERT INTO user_events (tenant_id, occurred_at, id, user_id, action, reason, last_at, networks)
      SELECT v.tenant_id, ${now}, ${action} || ':' || v.id || ':' || v.proofs_sent || ':' || v.proof_failures, v.user_id,
        ${action}, v.method, ${now}, ${network}
      FROM desk_verifications v ${enabledUser} WHERE ${isToTry} ON CONFLICT DO NOTHING`,
    sql`UPDATE desk_verifications AS v SET
        proof_failures = v.proof_failures + iif(${isRight}, 0, 1),
        status = iif(${isRight} OR v.proof_failures + 1 < ${TRIES_MAX}, 'pending', 'failed'),
        proved_at = iif(${isRight}, ${now}, v.proved_at),
        code_digest = iif(${isRight}, ${digits}, v.code_digest),
        proof_digest = iif(${isRight}, '', v.proof_digest)
      WHERE ${isToTry} AND ${isOfEnabled} RETURNING code_digest = ${digits} AS isRight`,
  ])
  return tried?.results[0]?.['isRight'] === 1
}

/** A verification whose code is to be sent, and to whom. */
export type Sendable = {
  id: string
  method: VerificationMethod
  expiresAt: number
  proofDigest: string
  emailKey: string
  attributes: string
}

/** Those of these verifications that still wait, by their ids: what was canceled since, or has ended, is sent nothing. */
export async function findSendable(
  scope: TenantScope,
  ids: readonly string[],
): Promise<Map<string, Sendable>> {
  const { tenantId, now, db } = scope
  const [found] = await runSql(db, [
    sql`SELECT v.id, v.method, v.expires_at AS expiresAt, v.proof_digest AS proofDigest, u.email_key AS emailKey,
        u.attributes
      FROM desk_verifications v ${enabledUser} WHERE v.tenant_id = ${tenantId} AND v.status = 'pending'
        AND v.expires_at > ${now} AND v.id IN (SELECT value FROM ${jsonEach(JSON.stringify(ids))})`,
  ])
  const rows = (found?.results ?? []) as Sendable[]
  return new Map(rows.map((row) => [row.id, row]))
}

const enabledUser = sql`JOIN users u ON u.tenant_id = v.tenant_id AND u.id = v.user_id AND u.status = 'enabled'`

const isOfEnabled = sql`EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = v.tenant_id AND u.id = v.user_id
  AND u.status = 'enabled')`

function hasLink({ tenantId, now }: TenantScope, digests: readonly string[]): SQL {
  return sql`v.tenant_id = ${tenantId} AND v.link_digest IN (SELECT value FROM ${jsonEach(JSON.stringify(digests))})
    AND v.link_digest <> '' AND v.status = 'pending' AND v.expires_at > ${now}`
}

function isWaiting({ tenantId, now }: TenantScope, id: string): SQL {
  return sql`v.tenant_id = ${tenantId} AND v.id = ${id} AND v.status = 'pending' AND v.expires_at > ${now}`
}
