import { sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { joinUser, SCOPE_SLOTS, scopeValues, type Scope } from '../codes/code-store.ts'
import { slot, type CompiledBatch } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, users } from '../database/schema.ts'
import { COUNTER_DIGITS, newEventIdPrefix, type Actor } from './admin-event.ts'

/** One user of a bulk call: the event's id, and the result that the transaction wrote for it. */
export type Recorded = { eventId: string; result: string; userId: string | null }

const { db, tenantId, mode, now } = SCOPE_SLOTS
const accessId = slot<string>('accessId')
const sourceIp = slot<string>('sourceIp')
const requestId = slot<string>('requestId')
const eventIdPrefix = slot<string>('eventIdPrefix')
const entries = slot<string>('entries')

/** Id of the event of the entry of that number. */
export function eventIdOf(number: SQL): SQL {
  return sql`${eventIdPrefix} || printf(${`%0${COUNTER_DIGITS}x`}, ${number})`
}

/** The events of this call: their ids lie together, after 62 random bits of their own. */
export function isOfThisCall(): SQL {
  return sql`${adminEvents.tenantId} = ${tenantId} AND ${adminEvents.id} > ${eventIdPrefix}
    AND ${adminEvents.id} < ${eventIdPrefix} || 'g'`
}

/**
 * The statement that records one event per entry, with the result that `result` works out for it, and
 * returns what it wrote: the answer to the caller is read from the audit, so the two cannot differ.
 *
 * @param emailKey the canonical address of the `json_each` row named `entry`; NULL where it is none.
 * @param join what else `result` needs.
 */
export function recordAdminEvents(action: 'generate' | 'void', emailKey: SQL, result: SQL, join: SQL) {
  return drizzle(db)
    .insert(adminEvents)
    .select(
      sql`SELECT ${tenantId}, ${eventIdOf(sql`entry.key`)}, ${now}, ${accessId}, ${action}, ${mode},
        ${users.id}, coalesce(${maskAddress(emailKey)}, '(not an address)'), ${result}, ${sourceIp}, ${requestId}
      FROM ${jsonEach(entries)} entry LEFT JOIN ${joinUser(tenantId, emailKey)} ${join}`,
    )
    .returning({
      number: sql`substr(${adminEvents.id}, ${-COUNTER_DIGITS})`.as('number'),
      result: adminEvents.result,
      userId: adminEvents.userId,
    })
}

/**
 * Runs a bulk call whose first statement is {@link recordAdminEvents}.
 *
 * @param rows the entries, as its SQL reads them.
 * @param further values of slots of its own.
 * @returns what was recorded, in the order of the entries.
 */
export async function runRecorded(
  statements: CompiledBatch,
  scope: Scope,
  actor: Actor,
  rows: readonly unknown[],
  further: Record<string, unknown> = {},
): Promise<Recorded[]> {
  const prefix = newEventIdPrefix(scope.now)
  const [events] = await statements.run(scope.db, {
    ...scopeValues(scope),
    ...actor,
    ...further,
    eventIdPrefix: prefix,
    entries: JSON.stringify(rows),
  })
  const recorded: Recorded[] = []
  for (const row of (events?.results ?? []) as { number: string; result: string; user_id: string | null }[]) {
    const { number, result, user_id: userId } = row
    recorded[Number.parseInt(number, 16)] = { eventId: prefix + number, result, userId }
  }
  return recorded
}

/** A canonical address so that it tells a colleague which one is meant, and a thief nothing to write to. */
export function maskAddress(emailKey: SQL): SQL {
  return sql`(substr(${emailKey}, 1, 1) || '***' || substr(${emailKey}, instr(${emailKey}, '@')))`
}
