import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { isOfThisCall, recordAdminEvents, runRecorded, type Recorded } from '../audit/admin-event-store.ts'
import type { Actor } from '../audit/admin-event.ts'
import { CompiledBatch } from '../database/prepared-batch.ts'
import { adminEvents, resetCodes, users } from '../database/schema.ts'
import { isLive, isReserved, joinCode, SCOPE_SLOTS, type Scope } from './code-store.ts'

/**
 * Ends the live codes of every enabled user with one of the addresses, and marks every user as voided,
 * also the one without a code: what was asked for before and is still in a queue is never mailed then.
 *
 * @param emailKeys canonical addresses, each once; null for what is none.
 */
export async function voidAll(
  scope: Scope,
  actor: Actor,
  emailKeys: readonly (string | null)[],
): Promise<Recorded[]> {
  return runRecorded(statements, scope, actor, emailKeys)
}

const statements = new CompiledBatch(() => {
  const { db, tenantId, mode, now } = SCOPE_SLOTS
  const isEndable = sql`(${isLive(SCOPE_SLOTS)} AND NOT ${isReserved(now)})`
  // The event says what the update beside it is about to do: same predicate, same transaction.
  const result = sql`CASE WHEN ${users.id} IS NULL THEN 'unknown'
    WHEN ${users.status} <> 'enabled' THEN 'disabled'
    WHEN coalesce(${resetCodes.codeId}, '') = '' THEN 'none'
    WHEN ${isEndable} THEN 'voided'
    WHEN ${isLive(SCOPE_SLOTS)} THEN 'in-use'
    WHEN ${resetCodes.endedAs} = 'voided' THEN 'voided-before'
    WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
    WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired'
    WHEN ${resetCodes.voidedAt} IS NOT NULL THEN 'voided-before'
    ELSE 'locked' END`
  return [
    recordAdminEvents('void', sql`entry.value`, result, joinCode(SCOPE_SLOTS)),
    drizzle(db)
      .insert(resetCodes)
      .select(
        sql`SELECT ${adminEvents.userId}, ${mode}, ${tenantId}, '', '', '', 0, 0, 0, 0, NULL, NULL, ${now}, NULL, NULL, NULL
          FROM ${adminEvents} WHERE ${isOfThisCall()} AND ${adminEvents.result} NOT IN ('unknown', 'disabled')`,
      )
      .onConflictDoUpdate({
        target: [resetCodes.userId, resetCodes.mode],
        set: {
          endedAt: sql`iif(${isEndable}, ${now}, ${resetCodes.endedAt})`,
          endedAs: sql`iif(${isEndable}, 'voided', ${resetCodes.endedAs})`,
          voidedAt: now,
        },
      }),
  ]
})
