import type { TenantScope } from '../database/scope.ts'
import { bySeq, edge, firstAfter } from './event-log-store.ts'

/**
 * The statements of an overview. Events are counted once, by their numbers, in portions of a bounded size, and never read
 * again: a window of weeks reads some rows for each hour, however much has happened in it.
 */

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Events of each log that one portion counts. */
const COUNTED_MAX = 10_000
/** Portions of one call: what is left is for the next. */
const PORTIONS_MAX = 5
/** How far back a log is counted when it is counted for the first time: what an overview may show. */
export const OVERVIEW_MAX_MS = 31 * DAY_MS
/** Counted rows of hours that are not over, which have no numbers yet, that are looked at. */
const OPEN_MAX = 20_000
/** Of the newest events, in which a user who is asked for again and again is looked for. */
const NEWEST_MAX = 10_000
/** How often somebody is asked for in a day until that is told, and of how many such users. */
const OFTEN = 5
const OFTEN_MAX = 10
/** Rows that are read of agents: ten keys and clients each, and as many people as a help desk has. */
const AGENT_ROWS_MAX = 5_000

export type EventCount = { at: number; log: 'admin' | 'user'; action: string; detail: string; count: number }
export type AgentCount = { id: string; name: string | null; dayAt: number; action: string; count: number }
export type AskedOften = { userId: string; count: number }

export type Overview = {
  /** Whether all events are counted that have numbers. */
  isComplete: boolean
  counts: EventCount[]
  agents: AgentCount[]
  askedOften: AskedOften[]
}

/**
 * What happened in a window, by steps of this length.
 *
 * @param from where the window begins, and `until` where it ends, epoch ms: both the beginnings of an hour.
 */
export async function readOverview(
  scope: TenantScope,
  window: { from: number; until: number; stepMs: number },
): Promise<Overview> {
  let isComplete = false
  for (let portion = 0; portion < PORTIONS_MAX && !isComplete; portion += 1)
    isComplete = await countEvents(scope)
  const { db, tenantId, now } = scope
  const { from, until, stepMs } = window
  const open = `SELECT occurred_at, action, reason, count FROM user_events WHERE tenant_id = ?1 AND seq IS NULL
    AND occurred_at >= coalesce((SELECT closed_until FROM log_marks WHERE tenant_id = ?1), 0)
    ORDER BY occurred_at, id LIMIT ${OPEN_MAX}`
  const [counts, agents, often] = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `SELECT at - at % ?4 AS at, log, action, detail, sum(count) AS count FROM (
           SELECT hour_at AS at, log, action, detail, count FROM event_counts
             WHERE tenant_id = ?1 AND hour_at >= ?2 AND hour_at < ?3
           UNION ALL SELECT occurred_at, 'user', action, reason, count FROM (${open})
             WHERE occurred_at >= ?2 AND occurred_at < ?3)
         GROUP BY 1, 2, 3, 4 ORDER BY 1`,
      )
      .bind(tenantId, from, until, stepMs),
    db
      .prepare(
        `SELECT access_id AS id, (SELECT name FROM console_persons WHERE tenant_id = ?1 AND id = access_id) AS name,
           day_at AS dayAt, action, count FROM agent_counts
         WHERE tenant_id = ?1 AND day_at >= ?2 AND day_at < ?3 ORDER BY day_at DESC LIMIT ${AGENT_ROWS_MAX}`,
      )
      .bind(tenantId, from - (from % DAY_MS), until),
    db
      .prepare(
        `SELECT user_id AS userId, count(*) AS count FROM (
           SELECT user_id, occurred_at FROM ${bySeq('user_events')} WHERE tenant_id = ?1
             AND seq > ${edge('user_events', 'last')} - ${NEWEST_MAX} AND action = 'sent'
           UNION ALL SELECT user_id, occurred_at FROM ${bySeq('admin_events')} WHERE tenant_id = ?1
             AND seq > ${edge('admin_events', 'last')} - ${NEWEST_MAX} AND action = 'generate' AND result = 'issued')
         WHERE occurred_at > ?2 AND user_id IS NOT NULL
         GROUP BY 1 HAVING count(*) >= ${OFTEN} ORDER BY 2 DESC, 1 LIMIT ${OFTEN_MAX}`,
      )
      .bind(tenantId, now - DAY_MS),
  ])
  return {
    isComplete,
    counts: (counts?.results ?? []) as EventCount[],
    agents: (agents?.results ?? []) as AgentCount[],
    askedOften: (often?.results ?? []) as AskedOften[],
  }
}

/**
 * Counts the next portion of both logs, all or nothing. Of any number of calls at once, each event is counted by one:
 * what is counted and how far is one transaction.
 *
 * @returns whether none are left.
 */
async function countEvents({ db, tenantId, now }: TenantScope): Promise<boolean> {
  const mark = (name: 'admin' | 'user') => `(SELECT ${name}_seq FROM event_count_marks WHERE tenant_id = ?1)`
  const portion = (name: 'admin' | 'user') =>
    `${bySeq(`${name}_events`)} WHERE tenant_id = ?1 AND seq > ${mark(name)} AND seq <= ${mark(name)} + ${COUNTED_MAX}`
  const adding = 'DO UPDATE SET count = count + excluded.count'
  const hour = `occurred_at - occurred_at % ${HOUR_MS}`
  const count = (name: 'admin' | 'user', detail: string, many: string) =>
    `INSERT INTO event_counts (tenant_id, hour_at, log, action, detail, count)
     SELECT ?1, ${hour}, '${name}', action, ${detail}, ${many} FROM ${portion(name)} GROUP BY 2, 4, 5
     ON CONFLICT (tenant_id, hour_at, log, action, detail) ${adding}`
  const next = (name: 'admin' | 'user') => {
    const last = edge(`${name}_events`, 'last')
    // What has been purged meanwhile is passed over, and a log that is empty begins anew.
    return `${name}_seq = max(min(${name}_seq + ${COUNTED_MAX}, ${last}), min(${edge(`${name}_events`, 'first')} - 1, ${last}))`
  }
  const results = await db.batch<{ left: number }>([
    db
      .prepare(
        `INSERT INTO event_count_marks (tenant_id, admin_seq, user_seq)
         SELECT ?1, ${firstAfter('admin_events', '?2')} - 1, ${firstAfter('user_events', '?2')} - 1
         WHERE NOT EXISTS (SELECT 1 FROM event_count_marks WHERE tenant_id = ?1)`,
      )
      .bind(tenantId, now - OVERVIEW_MAX_MS),
    db.prepare(count('admin', 'result', 'count(*)')).bind(tenantId),
    db.prepare(count('user', 'reason', 'sum(count)')).bind(tenantId),
    db
      .prepare(
        `INSERT INTO agent_counts (tenant_id, day_at, access_id, action, count)
         SELECT ?1, occurred_at - occurred_at % ${DAY_MS}, access_id, action, count(*) FROM ${portion('admin')}
           AND access_id <> '' AND (action = 'generate' AND result = 'issued' OR action = 'void' AND result = 'voided')
         GROUP BY 2, 3, 4 ON CONFLICT (tenant_id, day_at, access_id, action) ${adding}`,
      )
      .bind(tenantId),
    db
      .prepare(`UPDATE event_count_marks SET ${next('admin')}, ${next('user')} WHERE tenant_id = ?1`)
      .bind(tenantId),
    db
      .prepare(
        `SELECT ${edge('admin_events', 'last')} + ${edge('user_events', 'last')} - admin_seq - user_seq AS left
         FROM event_count_marks WHERE tenant_id = ?1`,
      )
      .bind(tenantId),
  ])
  return (results.at(-1)?.results[0]?.left ?? 0) <= 0
}
