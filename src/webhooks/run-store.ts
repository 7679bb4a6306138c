import { newEventId } from '../audit/admin-event.ts'
import { edge } from '../audit/event-log-store.ts'
import type { TenantScope } from '../database/scope.ts'
import { TYPE_IN, type EventType, type Log } from './event-type.ts'
import type { EventNumber } from './message-id.ts'

/**
 * The statements by which events become calls. The logs of events are the outbox: whatever is committed there is
 * found, since a webhook keeps the last number that it has looked at. `?1` is the tenant, `?2` the time.
 */

/** Events of each log that one trip looks at for a webhook. */
const WINDOW = 100
/** What a webhook may have waiting; with more, its numbers wait instead, and cost nothing. */
export const WAITING_MAX = 1_000
/** Calls that one run makes. */
const RUN_MAX = 50
/** For how long a run has its webhook to itself: longer than it can take. */
const LEASE_MS = 60_000
/** After this time a message that was to wake the slow lane is taken for lost. */
const WAKE_LOST_MS = 600_000
/** How long a delivery that has ended stays in its log, and how many of them one trip removes. */
export const LOG_KEPT_MS = 7 * 24 * 3_600_000
const PURGED_MAX = 400

/** A webhook that this run calls: its row. */
export type Leased = {
  id: string
  url: string
  secret: string
  old_secret: string | null
  old_secret_until: number
  failures: number
  failing_since: number | null
}

/** An event that is to be sent: the row of its delivery, with what its log says of it. */
export type Due = EventNumber & {
  webhook_id: string
  type: EventType
  attempts: number
  /** Nothing where the event has been removed from its log meanwhile. */
  occurred_at: number | null
  /** JSON of what the log says, without what it says nothing of. */
  data: string
}

/** A webhook that the slow lane has to call, and when. */
export type Wake = { id: string; wake_at: number }

/** What is left to do after a trip. */
export type Rest = { wakes: Wake[]; hasMore: boolean }

export type Run = Rest & { leased: Leased[]; due: Due[] }

/** What became of one call. */
export type Call = {
  event: Due
  status: string
  nextAt: number | null
  endedAs: 'delivered' | 'failed' | null
}

/** How a webhook stands after its run. */
export type Standing = {
  id: string
  failures: number
  failingSince: number | null
  pausedUntil: number
  /** Nothing where it is as before. */
  slowUntil: number | null
  disabledAs: 'failing' | 'gone' | null
}

/** What waits for the webhook of a row, and is due then. */
const waiting = (due: string) => `FROM webhook_deliveries INDEXED BY webhook_deliveries_due
 WHERE tenant_id = ?1 AND webhook_id = webhooks.id AND next_at ${due}`
const HAS_DUE = `EXISTS (SELECT 1 ${waiting('<= ?2')})`
const HAS_ROOM = `(SELECT count(*) FROM (SELECT 1 ${waiting('> 0')} LIMIT ${WAITING_MAX})) < ${WAITING_MAX}`
const NEXT = `(SELECT next_at ${waiting('> 0')} ORDER BY next_at LIMIT 1)`
const WAKE_AT = `max(?2, paused_until, ${NEXT})`
/** Whether it is called from the fast lane. */
const IS_HEALTHY = 'failures = 0 AND slow_until <= ?2'
/** Whether a call of it may begin now. */
const IS_FREE = 'disabled_at IS NULL AND leased_until <= ?2 AND paused_until <= ?2'
const IS_BEHIND = `(admin_seq < ${edge('admin_events', 'last')} OR user_seq < ${edge('user_events', 'last')})`

const LOOK = `UPDATE webhooks SET admin_until = ${until('admin_seq', 'admin_events')},
  user_until = ${until('user_seq', 'user_events')} WHERE tenant_id = ?1 AND disabled_at IS NULL AND ${HAS_ROOM}`
const LOOKED = `UPDATE webhooks SET admin_seq = admin_until, user_seq = user_until
  WHERE tenant_id = ?1 AND (admin_seq < admin_until OR user_seq < user_until)`

/** How far a webhook looks: not beyond its window, nor at numbers whose events have been removed. */
function until(seq: string, table: 'admin_events' | 'user_events'): string {
  return `max(${seq}, min(max(${seq}, ${edge(table, 'first')} - 1) + ${WINDOW}, ${edge(table, 'last')}))`
}

/** The statement that makes deliveries of the events that webhooks look at. One that is there is made anew: a replay. */
function fill(log: Log): string {
  const type = TYPE_IN[log]
  return `INSERT INTO webhook_deliveries (tenant_id, webhook_id, log, seq, type, queued_at, next_at)
    SELECT ?1, w.id, '${log}', e.seq, ${type}, ?2, ?2
    FROM webhooks w CROSS JOIN ${log}_events e INDEXED BY ${log}_events_by_seq
    WHERE w.tenant_id = ?1 AND w.${log}_until > w.${log}_seq AND e.tenant_id = ?1 AND e.seq > w.${log}_seq
      AND e.seq <= w.${log}_until AND ${type} IS NOT NULL
      AND (w.events IS NULL OR ${type} IN (SELECT value FROM json_each(w.events)))
    ON CONFLICT DO UPDATE SET queued_at = ?2, next_at = ?2, attempts = 0, ended_as = NULL`
}

const FILL_ADMIN = fill('admin')
const FILL_USER = fill('user')

/** `?3` is before when; of a deleted webhook, all goes. */
const PURGE = `DELETE FROM webhook_deliveries WHERE (tenant_id, webhook_id, log, seq) IN (
    SELECT d.tenant_id, d.webhook_id, d.log, d.seq
    FROM webhooks w CROSS JOIN webhook_deliveries d INDEXED BY webhook_deliveries_by_time
    WHERE w.tenant_id = ?1 AND d.tenant_id = ?1 AND d.webhook_id = w.id
      AND d.queued_at < iif(w.disabled_as IS 'deleted', ?2 + 1, ?3)
      AND (d.next_at IS NULL OR w.disabled_as IS 'deleted') LIMIT ${PURGED_MAX})`
const PURGE_DELETED = `DELETE FROM webhooks WHERE tenant_id = ?1 AND disabled_as = 'deleted' AND NOT EXISTS (
    SELECT 1 FROM webhook_deliveries d WHERE d.tenant_id = ?1 AND d.webhook_id = webhooks.id)`

/** `?3` is the run, `?4` the webhook that the slow lane calls; without one, all that are healthy are called. */
const LEASE = `UPDATE webhooks SET lease_id = ?3, leased_until = ?2 + ${LEASE_MS}
 WHERE tenant_id = ?1 AND ${IS_FREE} AND iif(?4 IS NULL, ${IS_HEALTHY}, id = ?4) AND ${HAS_DUE} RETURNING *`
const WOKEN = 'UPDATE webhooks SET wake_at = NULL WHERE tenant_id = ?1 AND id = ?2'

/** What both logs say of an event; a patch leaves out what is NULL. */
const DATA = `json_patch('{}', json_object('userId', coalesce(a.user_id, u.user_id), 'mode', a.mode,
 'channel', coalesce(a.channel, u.channel), 'target', nullif(a.target, ''),
 'destination', coalesce(a.destination, u.destination), 'result', a.result, 'reason', nullif(u.reason, ''),
 'accessId', nullif(a.access_id, ''), 'requestId', nullif(a.request_id, '')))`
const eventOf = (log: Log, alias: string) => `LEFT JOIN ${log}_events ${alias} INDEXED BY ${log}_events_by_seq
 ON due.log = '${log}' AND ${alias}.tenant_id = ?1 AND ${alias}.seq = due.seq`
const DUE = `SELECT due.*, coalesce(a.occurred_at, u.occurred_at) AS occurred_at, ${DATA} AS data
 FROM (SELECT d.*, row_number() OVER (PARTITION BY webhook_id ORDER BY next_at) AS nth
 FROM webhooks w CROSS JOIN webhook_deliveries d INDEXED BY webhook_deliveries_due
 WHERE w.tenant_id = ?1 AND lease_id = ?3 AND d.tenant_id = ?1 AND webhook_id = w.id AND next_at <= ?2) due
 ${eventOf('admin', 'a')} ${eventOf('user', 'u')} WHERE nth <= ${RUN_MAX}`

/** Of what cannot be called from the fast lane now, whatever no message is on its way for. */
const WAKE = `UPDATE webhooks SET wake_at = ${WAKE_AT}
  WHERE tenant_id = ?1 AND disabled_at IS NULL AND leased_until <= ?2 AND ${NEXT} IS NOT NULL
    AND NOT (${IS_HEALTHY} AND paused_until <= ?2 AND ${HAS_DUE})
    AND (wake_at IS NULL OR wake_at > ${WAKE_AT} OR wake_at < ?2 - ${WAKE_LOST_MS})
 RETURNING id, wake_at`
const MORE = `SELECT 1 FROM webhooks WHERE tenant_id = ?1 AND (disabled_as IS 'deleted' OR disabled_at IS NULL
  AND (${IS_BEHIND} AND ${HAS_ROOM} OR ${IS_FREE} AND ${IS_HEALTHY} AND ${HAS_DUE})) LIMIT 1`

/**
 * Makes deliveries of what has happened, and leases webhooks with something due: all that are healthy, or the one that
 * the slow lane calls.
 *
 * @param runId of this run alone.
 */
export async function beginRun(
  { db, tenantId, now }: TenantScope,
  runId: string,
  webhookId: string | undefined,
): Promise<Run> {
  const of = (text: string, ...more: unknown[]) => db.prepare(text).bind(tenantId, now, ...more)
  const results = await db.batch([
    db.prepare(LOOK).bind(tenantId),
    of(FILL_ADMIN),
    of(FILL_USER),
    db.prepare(LOOKED).bind(tenantId),
    of(PURGE, now - LOG_KEPT_MS),
    db.prepare(PURGE_DELETED).bind(tenantId),
    db.prepare(WOKEN).bind(tenantId, webhookId ?? null),
    of(LEASE, runId, webhookId ?? null),
    of(DUE, runId),
    of(WAKE),
    of(MORE),
  ])
  const [leased, due, wakes, more] = results.slice(-4).map((result) => result.results)
  return {
    leased: leased as Leased[],
    due: due as Due[],
    wakes: wakes as Wake[],
    hasMore: more?.length === 1,
  }
}

/** `?3` is a list of calls: webhook, log, number, status, when next, and how it ended. */
const RECORD = `UPDATE webhook_deliveries SET attempts = attempts + 1, last_at = ?2, last_status = c.value ->> 3,
 next_at = c.value ->> 4, ended_as = c.value ->> 5 FROM json_each(?3) c
 WHERE tenant_id = ?1 AND webhook_id = c.value ->> 0 AND log = c.value ->> 1 AND seq = c.value ->> 2
 AND next_at IS NOT NULL`
/**
 * `?3` is a list of standings: webhook, failures, failing since, paused until, slow until, disabled as, id of the event.
 * They hold while the webhook is still this run's, `?4`: an operator may have changed it meanwhile.
 */
const RECORD_DISABLED = `INSERT INTO admin_events
 (tenant_id, id, occurred_at, access_id, action, target, result, source_ip, request_id)
 SELECT ?1, s.value ->> 6, ?2, '', 'webhook.disabled', w.id, s.value ->> 5, '', '' FROM json_each(?3) s
 CROSS JOIN webhooks w ON w.tenant_id = ?1 AND w.id = s.value ->> 0
 WHERE lease_id = ?4 AND disabled_at IS NULL AND s.value ->> 5 IS NOT NULL`
const RELEASE = `UPDATE webhooks SET lease_id = NULL, leased_until = 0, failures = s.value ->> 1,
 failing_since = s.value ->> 2, paused_until = s.value ->> 3, slow_until = coalesce(s.value ->> 4, slow_until),
 disabled_at = iif(s.value ->> 5 IS NULL, NULL, ?2), disabled_as = s.value ->> 5
 FROM json_each(?3) s WHERE tenant_id = ?1 AND webhooks.id = s.value ->> 0 AND lease_id = ?4`

/** Records what became of the calls of a run, and lets go of its webhooks. */
export async function endRun(
  { db, tenantId, now }: TenantScope,
  runId: string,
  calls: readonly Call[],
  standings: readonly Standing[],
): Promise<Rest> {
  const of = (text: string, ...more: unknown[]) => db.prepare(text).bind(tenantId, now, ...more)
  const called = calls.map(({ event, status, nextAt, endedAs }) => {
    return [event.webhook_id, event.log, event.seq, status, nextAt, endedAs]
  })
  const standing = JSON.stringify(
    standings.map(({ id, failures, failingSince, pausedUntil, slowUntil, disabledAs }) => {
      return [id, failures, failingSince, pausedUntil, slowUntil, disabledAs, newEventId(now)]
    }),
  )
  const results = await db.batch([
    of(RECORD, JSON.stringify(called)),
    of(RECORD_DISABLED, standing, runId),
    of(RELEASE, standing, runId),
    of(WAKE),
    of(MORE),
  ])
  const [wakes, more] = results.slice(-2).map((result) => result.results)
  return { wakes: wakes as Wake[], hasMore: more?.length === 1 }
}

/** The statements of {@link beginRun} and {@link endRun}, for the test that looks at their plans. */
export const STATEMENTS = {
  LOOK,
  FILL_ADMIN,
  FILL_USER,
  LOOKED,
  PURGE,
  PURGE_DELETED,
  WOKEN,
  LEASE,
  DUE,
  WAKE,
  MORE,
  RECORD,
  RECORD_DISABLED,
  RELEASE,
}
