import type { adminEvents, userEvents } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { forgetWithEvents } from './forget-store.ts'
import { hourOf } from './user-event-store.ts'

/**
 * The statements that read the two logs. Events of a tenant have numbers without a gap, and the time at which they
 * got them never falls from one to the next. So a window of time is a window of numbers, which a binary search finds
 * with some twenty looks into an index, and a page is found by arithmetic: at three million events as at three.
 */

export type AdminEvent = typeof adminEvents.$inferSelect & {
  /** The name of the person who did it, as they were called at their last sign-in; nothing where it was no person. */
  personName: string | null
}
export type UserEvent = typeof userEvents.$inferSelect

type Table = 'admin_events' | 'user_events'

/** Events after a time and on or before another, epoch ms; from the first and to the last where there is none. */
export type Window = { after: number | undefined; until: number | undefined }
export type PageOf = { number: number; size: number }
export type LogPage<Event> = { total: number; events: Event[] }

/** Counted rows that one read numbers; what is left is for the next one, or for the cron trigger. */
const CLOSED_MAX = 1_000
/** How long after its hour a counted row may still come or change: a request takes that long at most. */
const GRACE_MS = 300_000
/** Later than every event, and earlier. */
const FOREVER = Number.MAX_SAFE_INTEGER
const NEVER = -1

export function adminLog(scope: TenantScope, window: Window, page: PageOf): Promise<LogPage<AdminEvent>> {
  return readLog<AdminEvent>(scope, 'admin_events', window, page)
}

/** Counted rows whose hour is over get their numbers first. */
export function userLog(scope: TenantScope, window: Window, page: PageOf): Promise<LogPage<UserEvent>> {
  return readLog<UserEvent>(scope, 'user_events', window, page)
}

/** The newest events of one user that have a number. */
export async function userHistory(
  { db, tenantId, now }: TenantScope,
  userId: string,
  most: number,
): Promise<UserEvent[]> {
  const newest = db
    .prepare(
      `SELECT ${USER_COLUMNS} FROM user_events INDEXED BY user_events_by_user
       WHERE tenant_id = ? AND user_id = ? AND seq > 0 ORDER BY seq DESC LIMIT ?`,
    )
    .bind(tenantId, userId, most)
  const results = await db.batch<UserEvent>([...numberClosed(db, tenantId, now), newest])
  return results.at(-1)?.results ?? []
}

async function readLog<Event>(
  { db, tenantId, now }: TenantScope,
  table: Table,
  { after = NEVER, until = FOREVER }: Window,
  { number, size }: PageOf,
): Promise<LogPage<Event>> {
  const columns = table === 'admin_events' ? ADMIN_COLUMNS : USER_COLUMNS
  const [first, end] = [firstAfter(table, '?2'), firstAfter(table, '?3')]
  const counted = db.prepare(`SELECT ${end} - ${first} AS total`).bind(tenantId, after, until)
  const rows = db
    .prepare(
      `WITH page AS MATERIALIZED (SELECT ${first} + ?4 AS start, ${end} AS stop)
       SELECT ${columns} FROM ${bySeq(table)} WHERE tenant_id = ?1 AND seq >= (SELECT start FROM page)
         AND seq < min((SELECT stop FROM page), (SELECT start FROM page) + ?5) ORDER BY seq`,
    )
    .bind(tenantId, after, until, number * size, size)
  const numbered = table === 'user_events' ? numberClosed(db, tenantId, now) : []
  const results = await db.batch([...numbered, counted, rows])
  const [total, found] = results.slice(-2) as [D1Result<{ total: number }>, D1Result<Event>]
  return { total: total.results[0]?.total ?? 0, events: found.results }
}

/**
 * The number of the first event that was logged after a time, or the one behind the last: found by halving, since
 * neither numbers nor times ever fall.
 */
export function firstAfter(table: Table, time: string): string {
  const middle = '((low + high) / 2)'
  const isLater = `(SELECT logged_at FROM ${bySeq(table)} WHERE tenant_id = ?1 AND seq = ${middle}) > ${time}`
  return `(WITH RECURSIVE halves (low, high) AS (
      SELECT ${edge(table, 'first')}, ${edge(table, 'last')} + 1
      UNION ALL
      SELECT iif(${isLater}, low, ${middle} + 1), iif(${isLater}, ${middle}, high) FROM halves WHERE low < high
    ) SELECT low FROM halves WHERE low >= high)`
}

/** By the index of numbers and no other: a statement that would read more does not run at all. */
export function bySeq(table: Table): string {
  return `${table} INDEXED BY ${table}_by_seq`
}

/** The first number that is left, or the last one that was given. By order, since `min` and `max` would read all rows. */
export function edge(table: Table, which: 'first' | 'last'): string {
  const [order, otherwise] = which === 'first' ? ['ASC', 1] : ['DESC', 0]
  return `coalesce((SELECT seq FROM ${bySeq(table)} WHERE tenant_id = ?1 AND seq > 0 ORDER BY seq ${order} LIMIT 1), ${otherwise})`
}

/**
 * The statements that number counted rows whose hour is over: they do not change any more. They begin where the last
 * ones have ended, since rows without a number are in no index.
 */
function numberClosed(db: D1Database, tenantId: string, now: number): D1PreparedStatement[] {
  const mark = `coalesce((SELECT closed_until FROM log_marks WHERE tenant_id = ?1), 0)`
  const closed = `SELECT occurred_at, id, row_number() OVER (ORDER BY occurred_at, id) AS nth
    FROM (SELECT occurred_at, id FROM user_events WHERE tenant_id = ?1 AND occurred_at >= ${mark}
      AND occurred_at < ?2 AND seq IS NULL ORDER BY occurred_at, id LIMIT ${CLOSED_MAX})`
  return [
    db
      .prepare(
        `WITH last AS MATERIALIZED (SELECT ${edge('user_events', 'last')} AS seq,
             max(${NOW}, coalesce((SELECT logged_at FROM ${bySeq('user_events')} WHERE tenant_id = ?1 AND seq > 0
               ORDER BY seq DESC LIMIT 1), 0)) AS at),
           closed AS MATERIALIZED (${closed})
         UPDATE user_events SET seq = (SELECT seq FROM last) + closed.nth, logged_at = (SELECT at FROM last)
         FROM closed WHERE user_events.tenant_id = ?1 AND user_events.occurred_at = closed.occurred_at
           AND user_events.id = closed.id`,
      )
      .bind(tenantId, hourOf(now - GRACE_MS)),
    // What the statement before has left is the first that has no number.
    db
      .prepare(
        `INSERT INTO log_marks (tenant_id, closed_until)
         SELECT ?1, coalesce((SELECT min(occurred_at) FROM (${closed})), ?2) WHERE ${mark} < ?2
         ON CONFLICT (tenant_id) DO UPDATE SET closed_until = excluded.closed_until`,
      )
      .bind(tenantId, hourOf(now - GRACE_MS)),
  ]
}

/** Events that one statement removes. */
const PURGED_MAX = 500

/**
 * The statement that removes the oldest events that were logged before a time, and never the newest of all: numbers go
 * on behind it.
 */
function purgeEvents(db: D1Database, table: Table, tenantId: string, before: number): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM ${bySeq(table)} WHERE tenant_id = ?1 AND seq >= ${edge(table, 'first')}
         AND seq < min(${edge(table, 'first')} + ${PURGED_MAX}, ${edge(table, 'last')}, ${firstAfter(table, '?2')})`,
    )
    .bind(tenantId, before - 1)
}

/**
 * Numbers some of the counted rows of a tenant whose hour is over, and removes some of the events that have been kept
 * long enough: one round trip.
 *
 * @param keptMs for how long events are kept.
 * @returns how many were removed, and whether there may be more to do.
 */
export async function tidyLogs({ db, tenantId, now }: TenantScope, keptMs: number) {
  const results = await db.batch([
    ...numberClosed(db, tenantId, now),
    purgeEvents(db, 'admin_events', tenantId, now - keptMs),
    purgeEvents(db, 'user_events', tenantId, now - keptMs),
    ...forgetWithEvents(db, tenantId, now - keptMs),
  ])
  const [numbered = 0, , admins = 0, users = 0] = results.map(({ meta }) => meta.changes)
  const hasMore = numbered >= CLOSED_MAX || admins >= PURGED_MAX || users >= PURGED_MAX
  return { removed: admins + users, hasMore }
}

/** The clock of the database, epoch ms, as its triggers read it: what is committed later is never logged earlier. */
const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"

/** A person's name is found by its key, in the page's rows alone. */
const ADMIN_COLUMNS = `(SELECT name FROM console_persons WHERE tenant_id = ?1 AND id = access_id) AS personName, tenant_id AS tenantId, id, occurred_at AS occurredAt, access_id AS accessId, action, mode,
  user_id AS userId, target, result, source_ip AS sourceIp, request_id AS requestId, channel, destination,
  reason, seq, logged_at AS loggedAt`
const USER_COLUMNS = `tenant_id AS tenantId, occurred_at AS occurredAt, id, user_id AS userId, action, reason, count,
  last_at AS lastAt, networks, channel, destination, seq, logged_at AS loggedAt`
