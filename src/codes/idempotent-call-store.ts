import { sql } from 'drizzle-orm'
import type { Orm } from '../database/prepared-batch.ts'
import { idempotentCalls } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { COUNTER_DIGITS } from '../audit/admin-event.ts'
import {
  KeyReused,
  REPEATABLE_MS,
  RepeatedCall,
  RUNNING_MS,
  StillRunning,
  type IdempotentCall,
} from './idempotent-call.ts'

/** The statements that make a call repeatable. */

/** What was recorded for one entry of an earlier call. */
export type Earlier = { eventId: string; result: string; userId: string | null; at: number }

export type EarlierCall = {
  nonce: string
  pepperId: string
  entries: ReadonlyMap<number, Earlier>
  /** What the call was made under; nothing of what a version did not store yet. */
  terms: unknown
  /** Whether the mails of the call are not on their way, and this repetition is the one to see to it. */
  isOwing: boolean
}

/** Calls that each call forgets beside its own: more than it adds, so that no flood outgrows the cron trigger. */
const FORGOTTEN = 2

/** In one list, since SQLite reads the whole table for two of them. */
const FORGET = `DELETE FROM idempotent_calls WHERE (tenant_id, key_digest, part) IN (SELECT * FROM (
  SELECT tenant_id, key_digest, part FROM idempotent_calls WHERE tenant_id = ?1 AND key_digest = ?2 AND expires_at <= ?3
  UNION ALL SELECT * FROM (SELECT tenant_id, key_digest, part FROM idempotent_calls INDEXED BY idempotent_calls_by_time
    WHERE expires_at <= ?3 ORDER BY expires_at LIMIT ${FORGOTTEN})))`

/**
 * The statements that begin the transaction of a call, or of a part of it. Where the call was made before, the second
 * one fails, and with it the whole transaction: a call has its effect once, or not at all.
 */
export function claim(
  { db, tenantId, now }: TenantScope,
  call: IdempotentCall,
  { part, pepperId, eventIdPrefix }: { part: number; pepperId: string; eventIdPrefix: string },
): D1PreparedStatement[] {
  const { keyDigest, requestDigest, nonce, about } = call
  const values = [
    tenantId,
    keyDigest,
    part,
    requestDigest,
    nonce,
    pepperId,
    eventIdPrefix,
    now + REPEATABLE_MS,
    JSON.stringify(about.terms ?? {}),
    about.isMailing ? now + RUNNING_MS : 0,
  ]
  return [
    db.prepare(FORGET).bind(tenantId, keyDigest, now),
    db
      .prepare(
        `INSERT INTO idempotent_calls (tenant_id, key_digest, part, request_digest, nonce, pepper_id,
           event_id_prefix, expires_at, terms, delivery_due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .bind(...values),
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

type EarlierRow = Omit<EarlierCall, 'entries' | 'isOwing'> & Earlier & EarlierPart
type EarlierPart = { part: number; requestDigest: string; terms: string; deliveryDue: number }

/**
 * What an earlier call with this key has recorded.
 *
 * @throws {KeyReused} when it was for something else.
 * @throws {StillRunning} when it may still be running.
 */
export async function findEarlier(scope: TenantScope, call: IdempotentCall): Promise<EarlierCall> {
  const { db, tenantId, now } = scope
  const { results } = await db
    .prepare(
      `SELECT calls.part, calls.request_digest AS requestDigest, calls.nonce, calls.pepper_id AS pepperId,
         calls.terms, calls.delivery_due AS deliveryDue,
         events.id AS eventId, events.result, events.user_id AS userId, events.occurred_at AS at
       FROM idempotent_calls calls LEFT JOIN admin_events events ON events.tenant_id = calls.tenant_id
         AND events.id > calls.event_id_prefix AND events.id < calls.event_id_prefix || 'g'
       WHERE calls.tenant_id = ? AND calls.key_digest = ? ORDER BY calls.part, events.id`,
    )
    .bind(tenantId, call.keyDigest)
    .all<EarlierRow>()
  const [first] = results
  if (first?.requestDigest !== call.requestDigest) throw new KeyReused()
  const entries = new Map<number, Earlier>()
  for (const { part, eventId, result, userId, at } of results) {
    const number = part + Number.parseInt(eventId.slice(-COUNTER_DIGITS), 16)
    entries.set(number, { eventId, result, userId, at })
  }
  // Some entries have failed for good, or their part of the call is yet to come.
  if (entries.size < call.about.size && first.at + RUNNING_MS > now) {
    throw new StillRunning(first.at + RUNNING_MS)
  }
  const isOwing = await takeDelivery(scope, call, first.deliveryDue)
  return { nonce: first.nonce, pepperId: first.pepperId, entries, terms: JSON.parse(first.terms), isOwing }
}

/** Of any number of repetitions that find mails owing, one gets to send them. */
async function takeDelivery(scope: TenantScope, call: IdempotentCall, due: number): Promise<boolean> {
  if (due === 0) return false
  const { now } = scope
  if (due > now) throw new StillRunning(due)
  const { meta } = await dueDelivery(scope, call, now + RUNNING_MS, due)
  if (meta.changes === 0) throw new StillRunning(now + RUNNING_MS)
  return true
}

/** Records whether the mails of a call are on their way: a repetition sends those that are not. */
export async function settleDelivery(
  scope: TenantScope,
  call: IdempotentCall,
  areSent: boolean,
): Promise<void> {
  await dueDelivery(scope, call, areSent ? 0 : scope.now)
}

async function dueDelivery(
  { db, tenantId }: TenantScope,
  call: IdempotentCall,
  due: number,
  before?: number,
) {
  return await db
    .prepare(
      `UPDATE idempotent_calls SET delivery_due = ?
       WHERE tenant_id = ? AND key_digest = ? AND delivery_due = coalesce(?, delivery_due)`,
    )
    .bind(due, tenantId, call.keyDigest, before ?? null)
    .run()
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
