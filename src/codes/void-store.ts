import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import {
  ACTOR_SLOTS,
  recordAdminEvents,
  runRecorded,
  type AdminEntry,
  type Recorded,
} from '../audit/admin-event-store.ts'
import type { Actor } from '../audit/admin-event.ts'
import { CompiledBatch, slot } from '../compiled-batch.ts'
import { jsonEach, resetCodes, users } from '../schema.ts'
import { isLive, isReserved, joinCode, joinUser, SCOPE_SLOTS, type Scope } from './code-store.ts'

/**
 * Ends the live codes of every enabled user among the entries, and marks every user as voided, also
 * the one without a code: what was asked for before and is still in a queue is never mailed then.
 */
export async function voidAll(
  scope: Scope,
  actor: Actor,
  entries: readonly AdminEntry[],
): Promise<Recorded[]> {
  return runRecorded(statements, scope, actor, entries)
}

const statements = new CompiledBatch(() => {
  const scope = SCOPE_SLOTS
  const { db, tenantId, mode, now } = scope
  const entries = slot<string>('entries')
  const isEndable = sql`(${isLive(scope)} AND NOT ${isReserved(now)})`
  // The event says what the update beside it is about to do: same predicate, same transaction.
  const result = sql`CASE WHEN ${users.id} IS NULL THEN 'unknown'
    WHEN ${users.status} <> 'enabled' THEN 'disabled'
    WHEN coalesce(${resetCodes.codeId}, '') = '' THEN 'none'
    WHEN ${isEndable} THEN 'voided'
    WHEN ${isLive(scope)} THEN 'in-use'
    WHEN ${resetCodes.endedAs} = 'voided' THEN 'voided-before'
    WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
    WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired'
    WHEN ${resetCodes.voidedAt} IS NOT NULL THEN 'voided-before'
    ELSE 'locked' END`
  const orm = drizzle(db)
  return [
    recordAdminEvents(scope, ACTOR_SLOTS, 'void', entries, result, joinCode(scope)),
    orm
      .insert(resetCodes)
      .select(
        sql`SELECT ${users.id}, ${mode}, ${tenantId}, '', '', '', 0, 0, 0, 0, NULL, NULL, ${now}, NULL, NULL
          FROM ${jsonEach(entries)} entry CROSS JOIN ${joinUser(tenantId)} WHERE ${users.status} = 'enabled'`,
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
