import { sql, type SQL } from 'drizzle-orm'
import { UNNUMBERED } from './event-number.ts'
import type { Orm, Placeholders } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, users } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import type { TenantScope } from '../database/scope.ts'
import { COUNTER_DIGITS, newEventId, newEventIdPrefix, type Actor } from './admin-event.ts'

/** What the statements of a bulk call are given besides their own values. */
export type BulkCall = Actor & {
  /** What the ids of the call's events start with; see {@link newEventIdPrefix}. */
  eventIdPrefix: string
  /** JSON list of the call's entries, as its statements read them. */
  entries: string
}

type BulkValues = BulkCall & { tenantId: string; now: number; mode: string }

export function newBulkCall(actor: Actor, now: number, entries: readonly unknown[]): BulkCall {
  return { ...actor, eventIdPrefix: newEventIdPrefix(now), entries: JSON.stringify(entries) }
}

/** What {@link recordAdminEvents} records, as SQL over the `json_each` row named `entry`. */
type Recording = {
  action: 'generate' | 'void'
  /** The canonical address of the entry; NULL where it is none. */
  emailKey: SQL
  result: SQL
  /** What else `result` needs. */
  join: SQL
  /** Which way a code was to go, and whereto, masked. */
  way?: { channel: SQL | null; destination: SQL | null }
}

const NO_WAY = { channel: null, destination: null }

/** Id of the event of the entry of that number. */
export function eventIdOf({ eventIdPrefix }: Placeholders<Pick<BulkCall, 'eventIdPrefix'>>, number: SQL) {
  return sql`${eventIdPrefix} || printf(${`%0${COUNTER_DIGITS}x`}, ${number})`
}

/** The events of this call: their ids lie together, after 62 random bits of their own. */
export function isOfThisCall(given: Placeholders<Pick<BulkValues, 'tenantId' | 'eventIdPrefix'>>): SQL {
  const { tenantId, eventIdPrefix } = given
  return sql`${adminEvents.tenantId} = ${tenantId} AND ${adminEvents.id} > ${eventIdPrefix}
    AND ${adminEvents.id} < ${eventIdPrefix} || 'g'`
}

/**
 * The statement that records one event per entry, with the result that `result` works out for it, and
 * returns what it wrote: the answer to the caller is read from the audit, so the two cannot differ.
 *
 */
export function recordAdminEvents(
  orm: Orm,
  given: Placeholders<BulkValues>,
  { action, emailKey, result, join, way = NO_WAY }: Recording,
) {
  const { tenantId, now, mode, accessId, sourceIp, requestId, entries } = given
  const row = {
    tenantId,
    id: eventIdOf(given, sql`entry.key`),
    occurredAt: now,
    accessId,
    action,
    mode,
    userId: users.id,
    target: maskedOrNone(emailKey),
    result,
    sourceIp,
    requestId,
    ...way,
    reason: null,
    ...UNNUMBERED,
  }
  const source = sql`FROM ${jsonEach(entries)} entry
    LEFT JOIN ${users} ON ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey} ${join}`
  return orm
    .insert(adminEvents)
    .select(selectRow(adminEvents, row, source))
    .returning({
      number: sql`substr(${adminEvents.id}, ${-COUNTER_DIGITS})`.as('number'),
      result: adminEvents.result,
      userId: adminEvents.userId,
    })
}

/**
 * The statement that records what an administrator did about the user whom `source` selects.
 *
 * @param source `FROM users ...`; an event for each of its rows, of which there may be one.
 */
export function recordEventOf(
  orm: Orm,
  { tenantId, now }: Pick<TenantScope, 'tenantId' | 'now'>,
  { accessId, sourceIp, requestId }: Actor,
  { action, reason, id = newEventId(now), mode = null, result = 'done', way = NO_WAY }: Act,
  source: SQL,
) {
  const row = {
    tenantId: sql`${tenantId}`,
    id: sql`${id}`,
    occurredAt: now,
    accessId: sql`${accessId}`,
    action: sql`${action}`,
    mode,
    userId: users.id,
    target: maskAddress(sql`${users.emailKey}`),
    result: sql`${result}`,
    sourceIp: sql`${sourceIp}`,
    requestId: sql`${requestId}`,
    ...way,
    reason: reason === null ? null : sql`${reason}`,
    ...UNNUMBERED,
  }
  return orm.insert(adminEvents).select(selectRow(adminEvents, row, source))
}

/** What an administrator did, and why in their words where they have to say it. */
type Act = {
  action: string
  reason: string | null
  id?: string
  mode?: SQL | null
  result?: string
  way?: NonNullable<Recording['way']>
}

/** What the transaction recorded for one item of a bulk call. */
export type Recorded<Item, Result> = { item: Item; eventId: string; result: Result; userId: string | null }

/**
 * What was recorded for each item of a bulk call, in their order.
 *
 * @param recorded what {@link recordAdminEvents} returned.
 * @param results every result that the call can have.
 * @throws {Error} when an item has no event, or one with another result: then the statement is wrong.
 */
export function recordedOf<Item, Result extends string>(
  { eventIdPrefix }: BulkCall,
  recorded: D1Result | undefined,
  items: readonly Item[],
  results: readonly Result[],
): Recorded<Item, Result>[] {
  const rows = new Map<number, EventRow>()
  for (const row of (recorded?.results ?? []) as EventRow[]) rows.set(Number.parseInt(row.number, 16), row)
  return items.map((item, number) => {
    const row = rows.get(number)
    const result = results.find((known) => known === row?.result)
    if (row === undefined || result === undefined) throw new Error('an entry of a bulk call has no outcome')
    return { item, eventId: eventIdPrefix + row.number, result, userId: row.user_id }
  })
}

type EventRow = { number: string; result: string; user_id: string | null }

/** {@link maskAddress}, or that there is no address. */
export function maskedOrNone(emailKey: SQL): SQL {
  return sql`coalesce(${maskAddress(emailKey)}, '(not an address)')`
}

/** A canonical address, masked: a colleague still knows whose it is, and nobody can write to it. */
export function maskAddress(emailKey: SQL): SQL {
  return sql`(substr(${emailKey}, 1, 1) || '***' || substr(${emailKey}, instr(${emailKey}, '@')))`
}
