import { sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { joinUser, type Scope } from '../codes/code-store.ts'
import { slot } from '../compiled-batch.ts'
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

/** What the recording statement has returned. */
export function recordedOf(rows: unknown): Recorded[] {
  return (rows as { id: string; result: string; user_id: string | null }[]).map(
    ({ id: eventId, result, user_id: userId }) => ({ eventId, result, userId }),
  )
}

/** What stands for an actor in statements that are built before it is known. */
export const ACTOR_SLOTS: Actor = {
  accessId: slot('accessId'),
  sourceIp: slot('sourceIp'),
  requestId: slot('requestId'),
}
