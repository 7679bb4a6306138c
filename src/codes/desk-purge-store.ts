import { COUNTER_DIGITS, newEventIdPrefix } from '../audit/admin-event.ts'

/** For how long what is over stays: it says who has called, and holds addresses. */
const KEPT_MS = 24 * 3_600_000

/** What waited too long. `?1` is the time, `?2` how many at most. No more is read than what waits at all. */
const LATE = `SELECT tenant_id, id FROM desk_approvals INDEXED BY desk_approvals_open
  WHERE status IN ('pending', 'approved') AND expires_at <= ?1 ORDER BY tenant_id, id LIMIT ?2`

/** Nobody's event: what has ended it is the time. The requests of one run are numbered, and fewer than their digits say. */
const RECORD = `INSERT INTO admin_events
    (tenant_id, id, occurred_at, access_id, action, mode, user_id, target, result, source_ip, request_id)
  SELECT a.tenant_id, ?3 || printf('%0${COUNTER_DIGITS}x', row_number() OVER (ORDER BY a.tenant_id, a.id)), a.expires_at, '',
    'approval.expire', a.mode, a.user_id, e.target, 'done', '', ''
  FROM (${LATE}) late JOIN desk_approvals a ON a.tenant_id = late.tenant_id AND a.id = late.id
    JOIN admin_events e ON e.tenant_id = a.tenant_id AND e.id = a.id`

const EXPIRE = `UPDATE desk_approvals SET status = 'expired', sealed = '' WHERE (tenant_id, id) IN (${LATE})`

/**
 * Ends what has waited for a second person too long, each with its event, and removes what of the desk has been kept long
 * enough, of all tenants of a database.
 *
 * @param most rows that each statement changes: fewer than one call has events.
 * @returns how many rows were removed.
 */
export async function purgeDesk(db: D1Database, now: number, most: number): Promise<number> {
  const old = (table: string, key: string) =>
    db
      .prepare(
        `DELETE FROM ${table} WHERE (tenant_id, ${key}) IN
           (SELECT tenant_id, ${key} FROM ${table} WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)`,
      )
      .bind(now - KEPT_MS, most)
  const [, , ...purged] = await db.batch([
    db.prepare(RECORD).bind(now, most, newEventIdPrefix(now)),
    db.prepare(EXPIRE).bind(now, most),
    old('desk_approvals', 'id'),
    old('desk_reports', 'code_id'),
    old('desk_verifications', 'id'),
  ])
  return purged.reduce((sum, { meta }) => sum + meta.changes, 0)
}
