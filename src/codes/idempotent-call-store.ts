import { sql } from 'drizzle-orm'
import type { Orm } from '../database/prepared-batch.ts'
import { idempotentCalls } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { COUNTER_DIGITS } from '../audit/admin-event.ts'
import { KeyReused, REPEATABLE_MS, RepeatedCall, type IdempotentCall } from './idempotent-call.ts'

/** The statements that make a call repeatable. */

/** What was recorded for one entry of an earlier call. */
export type Earlier = { eventId: string; result: string; userId: string | null; at: number }
export type EarlierCall = { nonce: string; pepperId: string; entries: ReadonlyMap<number, Earlier> }

/**
 * The statements that begin the transaction of a call, or of a part of it. Where the call was made before, the second
 * one fails, and with it the whole transaction: a call has its effect once, or not at all.
 */
export function claim(
  { db, tenantId, now }: TenantScope,
  call: IdempotentCall,
  { part, pepperId, eventIdPrefix }: { part: number; pepperId: string; eventIdPrefix: string },
): D1PreparedStatement[] {
  const { keyDigest, requestDigest, nonce } = call
  return [
    db
      .prepare('DELETE FROM idempotent_calls WHERE tenant_id = ? AND key_digest = ? AND expires_at <= ?')
      .bind(tenantId, keyDigest, now),
    db
      .prepare(
        `INSERT INTO idempotent_calls (tenant_id, key_digest, part, request_digest, nonce, pepper_id,
           event_id_prefix, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .bind(tenantId, keyDigest, part, requestDigest, nonce, pepperId, eventIdPrefix, now + REPEATABLE_MS),
  ]
}

/**
 * Runs a transaction that begins with {@link claim}.
 *
 * @throws {RepeatedCall} when the call was made before; nothing is changed then.
 */
export async function runClaimed(
  db: D1Database,
  claimed: readonly D1PreparedStatement[],
  statements: readonly D1PreparedStatement[],
): Promise<D1Result[]> {
  try {
    return (await db.batch([...claimed, ...statements])).slice(claimed.length)
  } catch (error) {
    const words = [error, error instanceof Error ? error.cause : undefined].map(String).join(' ')
    if (/UNIQUE constraint failed: idempotent_calls/.test(words)) throw new RepeatedCall()
    throw error
  }
}

/**
 * What an earlier call with this key has recorded.
 *
 * @throws {KeyReused} when it was for something else.
 */
export async function findEarlier({ db, tenantId }: TenantScope, call: IdempotentCall): Promise<EarlierCall> {
  const { results } = await db
    .prepare(
      `SELECT calls.part, calls.request_digest AS requestDigest, calls.nonce, calls.pepper_id AS pepperId,
         events.id AS eventId, events.result, events.user_id AS userId, events.occurred_at AS at
       FROM idempotent_calls calls LEFT JOIN admin_events events ON events.tenant_id = calls.tenant_id
         AND events.id > calls.event_id_prefix AND events.id < calls.event_id_prefix || 'g'
       WHERE calls.tenant_id = ? AND calls.key_digest = ? ORDER BY calls.part, events.id`,
    )
    .bind(tenantId, call.keyDigest)
    .all<Omit<EarlierCall, 'entries'> & Earlier & { part: number; requestDigest: string }>()
  const [first] = results
  if (first?.requestDigest !== call.requestDigest) throw new KeyReused()
  call.isReplay = true
  const entries = new Map<number, Earlier>()
  for (const { part, eventId, result, userId, at } of results) {
    const number = part + Number.parseInt(eventId.slice(-COUNTER_DIGITS), 16)
    entries.set(number, { eventId, result, userId, at })
  }
  return { nonce: first.nonce, pepperId: first.pepperId, entries }
}

/** The statement that forgets some of the calls that may not be repeated any more, of all tenants of a database. */
export function purgeCalls(orm: Orm, now: number, most: number) {
  const old = sql`SELECT tenant_id, key_digest, part FROM ${idempotentCalls} WHERE expires_at <= ${now}
    ORDER BY expires_at LIMIT ${most}`
  return orm
    .delete(idempotentCalls)
    .where(
      sql`(${idempotentCalls.tenantId}, ${idempotentCalls.keyDigest}, ${idempotentCalls.part}) IN (${old})`,
    )
    .returning({ part: idempotentCalls.part })
}
