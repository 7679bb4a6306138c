import { sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { joinUser, scopeValues, type Scope } from '../codes/code-store.ts'
import { slot, type CompiledBatch } from '../compiled-batch.ts'
import { adminEvents, jsonEach, users } from '../schema.ts'
import type { Actor } from './admin-event.ts'

/** One user of a bulk call of an administrator. */
export type AdminEntry = {
  eventId: string
  /** Nothing when the input is not an address: it matches no user. */
  emailKey: string | null
  /** The address asked for, masked. */
  target: string
}

/** An event's id, and the result that the transaction wrote for it. */
export type Recorded = { eventId: string; result: string; userId: string | null }

/**
 * The statement that records one event per entry, with the result that `result` works out for it, and
 * returns what it wrote: the answer to the caller is read from the audit, so the two cannot differ.
 */
export function recordAdminEvents(
  { db, tenantId, mode, now }: Scope,
  actor: Actor,
  action: 'generate' | 'void',
  entriesJson: string,
  result: SQL,
  joinCode: SQL,
) {
  return drizzle(db)
    .insert(adminEvents)
    .select(
      sql`SELECT ${tenantId}, entry.value->>'eventId', ${now}, ${actor.accessId}, ${action}, ${mode},
        ${users.id}, entry.value->>'target', ${result}, ${actor.sourceIp}, ${actor.requestId}
      FROM ${jsonEach(entriesJson)} entry LEFT JOIN ${joinUser(tenantId)} ${joinCode}`,
    )
    .returning({ id: adminEvents.id, result: adminEvents.result, user_id: adminEvents.userId })
}

/** Runs a bulk call whose first statement is {@link recordAdminEvents}, and returns what that wrote. */
export async function runRecorded(
  statements: CompiledBatch,
  scope: Scope,
  actor: Actor,
  entries: readonly AdminEntry[],
): Promise<Recorded[]> {
  const values = { ...scopeValues(scope), ...actor, entries: JSON.stringify(entries) }
  const [recorded] = await statements.run(scope.db, values)
  const rows = (recorded?.results ?? []) as { id: string; result: string; user_id: string | null }[]
  return rows.map(({ id: eventId, result, user_id: userId }) => ({ eventId, result, userId }))
}

/** What stands for an actor in statements that are built before it is known. */
export const ACTOR_SLOTS: Actor = {
  accessId: slot('accessId'),
  sourceIp: slot('sourceIp'),
  requestId: slot('requestId'),
}
