import { sql, type SQL } from 'drizzle-orm'
import { eventIdOf, isOfThisCall, type BulkCall } from '../audit/admin-event-store.ts'
import { rawStatement, type Placeholders } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, users } from '../database/schema.ts'
import { epochOf, type CodeValues } from './code-store.ts'
import { APPROVAL_MS, VERIFIED_MS, type BrokenGlass, type DeskRules } from './desk-rules.ts'

/**
 * What an issue says and does where its tenant's desk has rules, in the trip of the issue itself. A tenant without any
 * has statements that know nothing of it.
 */

/** Of an entry that has to keep the rules of a desk. */
export type Ruled = {
  rules: DeskRules
  /** Whose rules it passes, and why. */
  glass: BrokenGlass | undefined
  /** Its code, where it may have to wait for a second person. */
  waiting: { ttlMs: number; sealed: string } | undefined
}

/** The result of an issue that waits for a second person. */
export const AWAITING = 'needs-approval'

export type DeskValues = { waiting: string }

type Given = Placeholders<CodeValues & BulkCall & DeskValues & { pepperId: string }>

export function isRuled({ rules, glass }: Ruled): boolean {
  return rules.fourEyes !== 'nobody' || rules.needsVerification || glass !== undefined
}

const LEVELS = { nobody: 0, 'high-risk': 1, all: 2 } as const

/** What an entry's row holds from its sixth place on. */
export function ruledMembers({ rules, glass }: Ruled) {
  return [LEVELS[rules.fourEyes], Number(rules.needsVerification), glass?.reason, glass?.eventId]
}

const FOUR_EYES = sql.raw('(entry.value->>6)')
const NEEDS_VERIFICATION = sql.raw('(entry.value->>7)')
const GLASS_REASON = sql.raw('(entry.value->>8)')
const GLASS_EVENT = sql.raw('(entry.value->>9)')
const HAS_NO_GLASS = sql`${GLASS_REASON} IS NULL`

const isFrozen = ({ now }: Given) => sql`coalesce(${users.frozenUntil}, 0) > ${now}`
const isUnverified = (given: Given) =>
  sql`(${NEEDS_VERIFICATION} AND NOT EXISTS (SELECT 1 ${freshVerification(given, users.id)}))`
const isForTwo = sql`(${FOUR_EYES} = 2 OR ${FOUR_EYES} AND ${users.highRiskAt} IS NOT NULL)`

/** The verifications of a user by whoever issues, that are fresh and unused (S2). */
export function freshVerification(
  { tenantId, accessId, now }: Pick<Given, 'tenantId' | 'accessId' | 'now'>,
  userId: SQL | typeof users.id,
): SQL {
  const since = sql`${now} - ${sql.raw(String(VERIFIED_MS))}`
  return sql`FROM desk_verifications proof WHERE proof.tenant_id = ${tenantId} AND proof.user_id = ${userId}
    AND proof.expires_at > ${since} AND proof.verified_at > ${since} AND proof.verifier_id = ${accessId}
    AND proof.status = 'verified' AND proof.used_at IS NULL`
}

/** The cases of an entry's result: what no word of a super-admin passes stands between them. */
export function ruledCases(given: Given): { frozen: SQL; ruled: SQL } {
  return {
    frozen: sql`WHEN ${HAS_NO_GLASS} AND ${isFrozen(given)} THEN 'frozen'`,
    ruled: sql`WHEN ${HAS_NO_GLASS} AND ${isUnverified(given)} THEN 'unverified'
      WHEN ${HAS_NO_GLASS} AND ${isForTwo} THEN '${sql.raw(AWAITING)}'`,
  }
}

/** Every entry with its event, of which the results are such. */
function ofThisCall(given: Given, list: Given['entries'], results: string): SQL {
  return sql`FROM ${jsonEach(list)} entry CROSS JOIN ${adminEvents} ON ${adminEvents.tenantId} = ${given.tenantId}
    AND ${adminEvents.id} = ${eventIdOf(given, sql`entry.key`)} AND ${adminEvents.result} IN (${sql.raw(results)})`
}

/** An event for each rule that was passed. What was in nobody's way was not passed. */
export function recordBrokenGlass(given: Given) {
  const { tenantId, now } = given
  const passed = sql`substr(iif(${isFrozen(given)}, '+freeze', '') || iif(${isUnverified(given)}, '+verification', '')
    || iif(${isForTwo}, '+four-eyes', ''), 2)`
  return rawStatement(sql`INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, mode, user_id, target,
      result, source_ip, request_id, channel, destination, reason)
    SELECT ${tenantId}, ${GLASS_EVENT}, ${now}, ${adminEvents.accessId}, 'break-glass', ${adminEvents.mode},
      ${users.id}, ${adminEvents.target}, 'done', ${adminEvents.sourceIp}, ${adminEvents.requestId},
      ${adminEvents.channel}, ${adminEvents.destination}, ${passed} || ': ' || ${GLASS_REASON}
    ${ofThisCall(given, given.entries, `'issued'`)}
    CROSS JOIN ${users} ON ${users.tenantId} = ${tenantId} AND ${users.id} = ${adminEvents.userId}
    WHERE ${GLASS_REASON} IS NOT NULL AND ${passed} <> ''`)
}

/** Of what one person asks for one user, the last waits alone. */
export function supersedeApprovals(given: Given) {
  const { tenantId, accessId, mode } = given
  return rawStatement(sql`UPDATE desk_approvals SET status = 'superseded', sealed = ''
    WHERE tenant_id = ${tenantId} AND status IN ('pending', 'approved') AND mode = ${mode}
      AND requested_by = ${accessId} AND user_id IN (SELECT ${adminEvents.userId} FROM ${adminEvents}
        WHERE ${isOfThisCall(given)} AND ${adminEvents.result} = '${sql.raw(AWAITING)}')`)
}

export function insertApprovals(given: Given) {
  const { tenantId, now, mode, pepperId, accessId, waiting } = given
  return rawStatement(sql`INSERT INTO desk_approvals (tenant_id, id, user_id, email_key, mode, channel, destination, ttl_ms,
      digest, pepper_id, sealed, requested_by, requested_at, epoch, expires_at, status)
    SELECT ${tenantId}, ${adminEvents.id}, ${adminEvents.userId}, entry.value->>0, ${mode}, ${adminEvents.channel},
      ${adminEvents.destination}, entry.value->>1, entry.value->>2, ${pepperId}, entry.value->>3, ${accessId},
      ${now}, ${epochOf(tenantId, mode)}, ${now} + ${sql.raw(String(APPROVAL_MS))}, 'pending'
    ${ofThisCall(given, waiting, `'${AWAITING}'`)} WHERE 1`)
}

/** A verification is good for one code, or for one request of a code (S2). */
export function useVerifications(given: Given) {
  const { tenantId, now } = given
  return rawStatement(sql`UPDATE desk_verifications SET used_at = ${now}, used_for = used.event_id
    FROM (SELECT ${adminEvents.id} AS event_id,
        (SELECT proof.id ${freshVerification(given, sql`${adminEvents.userId}`)} ORDER BY proof.verified_at LIMIT 1) AS proof_id
      ${ofThisCall(given, given.entries, `'issued', '${AWAITING}'`)} WHERE ${NEEDS_VERIFICATION}) used
    WHERE tenant_id = ${tenantId} AND desk_verifications.id = used.proof_id`)
}
