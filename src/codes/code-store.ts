import { and, eq, sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Actor } from '../audit/admin-event.ts'
import { adminEvents, jsonEach, resetCodes, users, type CodeEnd } from '../schema.ts'
import type { Policy } from '../tenants/policy.ts'
import type { CodeMode } from './code.ts'

/**
 * The statements about codes. Each function is one round trip: D1 runs a batch as one transaction,
 * one at a time, so what is read in it still holds when it writes.
 */

/** What all statements of one call share. */
export type Scope = {
  db: D1Database
  tenantId: string
  mode: CodeMode
  caps: Pick<Policy['code'], 'attemptsMax' | 'failuresMax'>
  now: number
}

/** One user of a bulk call: what to write about them, and the event that says so. */
export type IssueEntry = {
  eventId: string
  /** Nothing when the input is not an address: it matches no user. */
  emailKey: string | null
  target: string
  /** Why this entry is refused whoever the user is; nothing when it is not. */
  fault: string | null
  codeId: string
  digest: string
  pepperId: string
  expiresAt: number
}

export type VoidEntry = Pick<IssueEntry, 'eventId' | 'emailKey' | 'target'>

/** An event's id, and the result that the transaction wrote for it. */
export type Recorded = { eventId: string; result: string }

/** The row that stands in where there is no code, so that every refusal writes the same. */
const nobody = (tenantId: string) => `nobody:${tenantId}`

const joinUser = (tenantId: string) => sql`${users} ON ${users.tenantId} = ${tenantId}
  AND ${users.emailKey} = entry.value->>'emailKey'`

function isLive({ caps, now }: Pick<Scope, 'caps' | 'now'>): SQL {
  return sql`(${resetCodes.endedAt} IS NULL AND ${resetCodes.expiresAt} > ${now}
    AND ${resetCodes.attempts} < ${caps.attemptsMax} AND ${resetCodes.failures} < ${caps.failuresMax})`
}

/** Issues a code to every enabled user among the entries, over whatever code they had. */
export async function issue(scope: Scope, actor: Actor, entries: readonly IssueEntry[]): Promise<Recorded[]> {
  const { db, tenantId, mode, now } = scope
  const orm = drizzle(db)
  const result = sql`CASE WHEN entry.value->>'fault' IS NOT NULL THEN entry.value->>'fault'
    WHEN ${users.id} IS NULL THEN 'unknown' WHEN ${users.status} <> 'enabled' THEN 'disabled'
    ELSE 'issued' END`
  const [, recorded] = await orm.batch([
    orm
      .insert(resetCodes)
      .select(
        sql`SELECT ${users.id}, ${mode}, ${tenantId}, entry.value->>'codeId', entry.value->>'digest',
          entry.value->>'pepperId', ${now}, entry.value->>'expiresAt', 0, 0, NULL, NULL
        FROM ${jsonEach(entries)} entry CROSS JOIN ${joinUser(tenantId)}
        WHERE ${users.status} = 'enabled' AND entry.value->>'fault' IS NULL`,
      )
      .onConflictDoUpdate({
        target: [resetCodes.userId, resetCodes.mode],
        set: {
          codeId: sql`excluded.code_id`,
          digest: sql`excluded.digest`,
          pepperId: sql`excluded.pepper_id`,
          issuedAt: sql`excluded.issued_at`,
          expiresAt: sql`excluded.expires_at`,
          attempts: 0,
          // An administrator has seen the user: the guess budget starts anew.
          failures: 0,
          endedAt: null,
          endedAs: null,
        },
      }),
    recordEvents(scope, actor, 'generate', entries, result, sql``),
  ])
  return recorded
}

/** Ends the live codes of every enabled user among the entries. */
export async function voidAll(
  scope: Scope,
  actor: Actor,
  entries: readonly VoidEntry[],
): Promise<Recorded[]> {
  const { db, tenantId, mode, now } = scope
  const orm = drizzle(db)
  // The event says what the update beside it is about to do: same predicate, same transaction.
  const result = sql`CASE WHEN ${users.id} IS NULL THEN 'unknown'
    WHEN ${users.status} <> 'enabled' THEN 'disabled'
    WHEN ${resetCodes.userId} IS NULL THEN 'none'
    WHEN ${isLive(scope)} THEN 'voided'
    WHEN ${resetCodes.endedAs} = 'voided' THEN 'voided-before'
    WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
    WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired'
    ELSE 'locked' END`
  const joinCode = sql`LEFT JOIN ${resetCodes} ON ${resetCodes.userId} = ${users.id}
    AND ${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${mode}`
  const [recorded] = await orm.batch([
    recordEvents(scope, actor, 'void', entries, result, joinCode),
    orm
      .update(resetCodes)
      .set({ endedAt: now, endedAs: 'voided' })
      .where(
        and(
          eq(resetCodes.tenantId, tenantId),
          eq(resetCodes.mode, mode),
          isLive(scope),
          sql`${resetCodes.userId} IN (SELECT ${users.id} FROM ${jsonEach(entries)} entry
            CROSS JOIN ${joinUser(tenantId)} WHERE ${users.status} = 'enabled')`,
        ),
      ),
  ])
  return recorded
}

function recordEvents(
  { db, tenantId, mode, now }: Scope,
  actor: Actor,
  action: 'generate' | 'void',
  entries: readonly VoidEntry[],
  result: SQL,
  joinCode: SQL,
) {
  return drizzle(db)
    .insert(adminEvents)
    .select(
      sql`SELECT ${tenantId}, entry.value->>'eventId', ${now}, ${actor.accessId}, ${action}, ${mode},
        ${users.id}, entry.value->>'target', ${result}, ${actor.sourceIp}, ${actor.requestId}
      FROM ${jsonEach(entries)} entry LEFT JOIN ${joinUser(tenantId)} ${joinCode}`,
    )
    .returning({ eventId: adminEvents.id, result: adminEvents.result })
}

/** What a guarded check of a code found. */
export type Checked = {
  isMatch: boolean
  endedAs: CodeEnd | null
  expiresAt: number
  codeId: string
  userName: string | null
  email: string | null
}

/**
 * Compares a presented code and counts it, in one statement, so that no two guesses are ever judged
 * on the same count. A right code costs nothing and consumes nothing. A wrong one costs an attempt
 * and a failure, and locks the code at either cap. Every refusal writes one row, whatever its cause:
 * where there is no code, the tenant's stand-in row.
 */
export async function check(
  scope: Scope,
  emailKey: string,
  digests: readonly string[],
): Promise<Checked | undefined> {
  const { db, tenantId, mode, caps, now } = scope
  const live = isLive(scope)
  const isMatch = sql`(${live} AND ${resetCodes.digest} IN (SELECT value FROM ${jsonEach(digests)}))`
  const isWrong = sql`(${live} AND NOT ${isMatch})`
  const isLast = sql`(${isWrong} AND (${resetCodes.attempts} + 1 >= ${caps.attemptsMax}
    OR ${resetCodes.failures} + 1 >= ${caps.failuresMax}))`
  const holder = sql`SELECT held.user_id FROM ${users} JOIN ${resetCodes} held
    ON held.user_id = ${users.id} AND held.mode = ${mode} AND held.tenant_id = ${tenantId}
    WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey} AND ${users.status} = 'enabled'`
  const ofHolder = sql`FROM ${users} WHERE ${users.id} = ${resetCodes.userId} AND ${users.tenantId} = ${tenantId}`
  const [row] = await drizzle(db)
    .update(resetCodes)
    .set({
      attempts: sql`${resetCodes.attempts} + NOT ${isMatch}`,
      failures: sql`${resetCodes.failures} + ${isWrong}`,
      endedAt: sql`CASE WHEN ${isLast} THEN ${now} ELSE ${resetCodes.endedAt} END`,
      endedAs: sql`CASE WHEN ${isLast} THEN 'locked' ELSE ${resetCodes.endedAs} END`,
    })
    .where(
      and(
        eq(resetCodes.tenantId, tenantId),
        eq(resetCodes.mode, mode),
        sql`${resetCodes.userId} = coalesce((${holder}), ${nobody(tenantId)})`,
      ),
    )
    .returning({
      isMatch: sql<number>`${isMatch}`,
      endedAs: resetCodes.endedAs,
      expiresAt: resetCodes.expiresAt,
      codeId: resetCodes.codeId,
      userName: sql<string | null>`(SELECT ${users.userName} ${ofHolder})`,
      email: sql<string | null>`(SELECT ${users.email} ${ofHolder})`,
    })
  return row && { ...row, isMatch: row.isMatch === 1 }
}

/** Lays the stand-in row of a new tenant. It has ended, so nothing ever matches it. */
export async function layStandIn(db: D1Database, tenantId: string): Promise<void> {
  const standIn = { digest: '', pepperId: '', codeId: '', issuedAt: 0, expiresAt: 0, endedAt: 0 }
  await drizzle(db)
    .insert(resetCodes)
    .values({ ...standIn, userId: nobody(tenantId), tenantId, mode: 'PASSWORD_RESET' })
    .onConflictDoNothing()
}
